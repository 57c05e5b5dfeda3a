"""Rule files of every form that somebody cut, copied and edited badly: seeded, from recorded files and pasted texts."""

import gzip
import random
import re
from functools import cache
from pathlib import Path

from tests.readers.rules import pasted

GOLDEN = Path(__file__).parents[2] / "golden" / "kube-proxy"
CASES = ("003", "018", "029", "042", "064", "068", "076", "021")
FORMS = (
    "output.rules", "output.save", "output.iptables-nft-save", "output.iptables-legacy-save", "output.ip6tables-nft-save",
    "output.nft", "output.nft-dump", "output.nft-kernel-list", "output.ipvs",
)  # fmt: skip
LONGEST = 60  # lines of a mutated file
ODD_WORDS = (
    "!", '"', "-j", "--dport", "70000", "-1", "1.5", "0x", "0xfffffffff", "10.0.0.300", "fd00::1", "10.0.0.0/33", "{", "}",
    "*nat", "*filter", "COMMIT", "-A", "KUBE-SERVICES", "-X", ":", "'", "\\", "\x00", "\u202e", "e9", "--probability",
    "99999999999999999999", "٣", "", "jump", "vmap", "numgen", "elements", "=", "-m", "statistic", "-g", "-p", "",
)  # fmt: skip


def recorded(path):
    """The text of a recorded file, gzipped or not."""
    return gzip.open(path, "rt").read() if path.suffix == ".gz" else path.read_text()


@cache
def rule_texts():
    """Texts of all forms, as lists of lines: small recorded cases, and what people paste."""
    paths = [path for case in CASES for form in FORMS for path in sorted(GOLDEN.glob(f"{case}-*/{form}*"))]
    texts = [recorded(path) for path in paths] + list(pasted.TEXTS)
    return [text.splitlines() for text in texts]


def mutated(seed):
    """Return one broken file: a part of a text, with one to four edits."""
    rng = random.Random(seed)
    lines = list(rng.choice(rule_texts()))
    if len(lines) > LONGEST:
        start = rng.randrange(len(lines) - LONGEST) if rng.random() < 0.3 else 0
        lines = lines[start : start + LONGEST]
    for _ in range(rng.randint(1, 4)):
        lines = rng.choice(EDITS)(rng, lines) or [""]
    return "\n".join(lines) + rng.choice(["\n", "\n", "\n", ""])


def _place(rng, lines):
    return rng.randrange(len(lines)) if lines else 0


def _drop(rng, lines):
    place = _place(rng, lines)
    return lines[:place] + lines[place + rng.choice([1, 1, 1, 5]) :]


def _double(rng, lines):
    place = _place(rng, lines)
    return lines[: place + 1] + lines[place:]


def _move(rng, lines):
    moved = lines[:]
    line = moved.pop(_place(rng, moved)) if moved else ""
    moved.insert(_place(rng, moved), line)
    return moved


def _cut(rng, lines):
    text = "\n".join(lines)
    return text[: rng.randrange(len(text) + 1)].split("\n")


def _splice(rng, lines):
    other = rng.choice(rule_texts())[:LONGEST]
    return lines[: _place(rng, lines)] + other[_place(rng, other) :]


def _in_line(edit):
    def apply(rng, lines):
        place = _place(rng, lines)
        return [*lines[:place], edit(rng, lines[place]), *lines[place + 1 :]]

    return apply


def _character(rng, line):
    place = rng.randrange(len(line) + 1)
    return line[:place] + rng.choice('!"-:/.,{}[]() \t*0aAé\x1b') + line[place + rng.randint(0, 1) :]


def _word(rng, line):
    words = line.split(" ")
    place = rng.randrange(len(words))
    words[place : place + rng.randint(0, 1)] = [rng.choice(ODD_WORDS)]
    return " ".join(words)


def _swap_words(rng, line):
    words = line.split(" ")
    first, second = rng.randrange(len(words)), rng.randrange(len(words))
    words[first], words[second] = words[second], words[first]
    return " ".join(words)


def _number(rng, line):
    return re.sub(
        r"\d+", lambda match: rng.choice([match[0], str(rng.choice([0, 1, 33, 256, 65536, 2**32, -5]))]), line
    )


EDITS = (_drop, _double, _move, _cut, _splice, *map(_in_line, (_character, _word, _swap_words, _number)))
