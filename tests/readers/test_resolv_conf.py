import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.errors import ManifestError
from kubenetlab.readers.resolv_conf import MAX_CHARACTERS, format_resolv_conf, resolv_conf_from_text
from tests.readers.corefile_texts import RESOLV_CONFS, mutated

BLOCK = 5_000


def test_resolv_conf_from_text__keywords_values_and_lines():
    lines = resolv_conf_from_text(RESOLV_CONFS[1], "resolv.conf").lines

    assert [(line.keyword, line.line) for line in lines if line.keyword] == [
        ("nameserver", 2), ("nameserver", 3), ("domain", 4), ("options", 5),
    ]  # fmt: skip
    assert lines[4].values == ("rotate", "timeout:1", "attempts:2")


def test_resolv_conf_from_text__a_comment_has_no_keyword_but_words_after_a_value_stay():
    lines = resolv_conf_from_text(RESOLV_CONFS[2]).lines

    assert (lines[0].text, lines[0].keyword) == ("; resolv.conf", "")
    assert lines[1].values == ("a.test", "b.test", "#", "c")


@pytest.mark.parametrize(
    ("text", "place"),
    [("search a\nnameserver 10\0", "line 2"), ("a\n" * MAX_CHARACTERS, f"line {MAX_CHARACTERS // 2 + 1}")],
    ids=["NUL", "long"],
)
def test_resolv_conf_from_text__refuses_what_is_no_text_or_too_long(text, place):
    with pytest.raises(ManifestError, match=rf"resolv\.conf: {place}: .*expected text of at most a mebibyte"):
        resolv_conf_from_text(text, "resolv.conf")


@given(st.text().filter(lambda text: "\0" not in text))
def test_format_resolv_conf__gives_the_text_back(text):
    assert format_resolv_conf(resolv_conf_from_text(text)) == text


def outcome(seed):
    """Read a broken resolv.conf; returns whether it was read."""
    text = mutated(seed, RESOLV_CONFS)
    try:
        lines = resolv_conf_from_text(text, "resolv.conf")
    except ManifestError as error:
        said = str(error)
        assert said.startswith(f"resolv.conf: line {text.partition(chr(0))[0].count(chr(10)) + 1}: ")
        return False
    assert format_resolv_conf(lines) == text
    return True


@pytest.mark.parametrize("first", range(0, 2 * BLOCK, BLOCK))
def test_resolv_conf_from_text__a_broken_file_is_read_or_refused_in_one_line(first):
    n_read = sum(map(outcome, range(first, first + BLOCK)))

    assert 0.6 < n_read / BLOCK < 0.99


@given(seed=st.integers(2 * BLOCK, 2**62))
def test_resolv_conf_from_text__other_broken_files_too(seed):
    for number in range(50 if settings.default.max_examples > 1000 else 1):  # half a million with `make fuzz`
        outcome(seed + number)
