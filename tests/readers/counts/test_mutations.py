"""Texts of counts that somebody cut, copied and edited badly: a result, or one clean error."""

import random
import time

import pytest

from kubenetlab.errors import KubenetlabError
from kubenetlab.readers.counts import FORMS, counts_from_text
from tests.readers.counts.texts import TEXTS

ODD = (
    "-1", "1.5", "NaN", "", "0", "99999999999999999999", "٣", "\x00", "\u202e", "\ud800", '"', "'", "{", "}", "[", "]", ",", ";",
    "\t", "\n", "\r", ":", "=", "src=", "dst=", "[UNREPLIED]", "[NEW]", "null", "true", "1e999", "\\", "é", "tcp 6 1 ", " " * 300,
)  # fmt: skip
ENDPOINTS = (None, None, None, 1, -1, 3, 0, "pod", "upstream", "endpoint", "x" * 300)


def mutated(rng):
    text, (endpoint, _) = TEXTS[rng.choice([*TEXTS])]
    lines = text.splitlines(keepends=True)[: rng.randint(1, 12)]
    text = "".join(rng.choice(lines) for _ in lines) if rng.random() < 0.3 else "".join(lines)
    for _ in range(rng.randint(0, 3)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice([0, 0, 1, 1, 5, 50]))
        text = text[:start] + rng.choice([*ODD, text[start:end] * 2, TEXTS["csv"][0]]) + text[end:]
    return text, endpoint if rng.random() < 0.5 else rng.choice(ENDPOINTS)


@pytest.mark.parametrize("part", range(5))
def test_counts_from_text__gives_a_result_or_one_clean_error(part):
    rng = random.Random(part)
    n_found, messages = 0, []
    for _ in range(1000):
        text, endpoint = mutated(rng)
        form = rng.choice([None, None, None, *FORMS])
        try:
            found = counts_from_text(text, form=form, columns=(endpoint, None))
        except KubenetlabError as error:
            messages.append(str(error))
        else:
            n_found += 1
            assert found
            assert all(len({*one.endpoints}) == len(one.endpoints) == len(one.counts) for one in found)
            assert all(isinstance(n, int) and n >= 0 for one in found for n in one.counts)
    assert n_found > 100
    assert not [message for message in messages if "\n" in message or len(message) > 1000]


@pytest.mark.parametrize(
    "text",
    ["\n" * 50_000, " " * 50_000, "tcp 1 " * 50_000, "[NEW] " * 50_000, "{" * 50_000, "} " * 50_000, "9" * 50_000 + " a",
     ",\n" * 50_000, '"' * 49_999, "tcp 6 1 src=1 dst=1 sport=1 dport=1 " * 5000, "src=1 " * 20_000, "a" * 100_000 + ",1\n", "-" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("form", [None, *FORMS])
def test_counts_from_text__answers_long_lines_quickly(text, form):
    start = time.process_time()

    with pytest.raises(KubenetlabError):
        counts_from_text(text + "\n\x00", form=form, columns=(2, None))

    assert time.process_time() - start < 5
