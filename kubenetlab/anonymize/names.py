"""Names replaced word by word, so that relations between names stay: prefixes, ordinals, DNS suffixes.

``cart-7d9f8-x2k4p`` keeps the prefix of its ReplicaSet ``cart-7d9f8``; ``db-0.db.shop.svc.cluster.local`` stays the
name of the pod ``db-0``; the same word becomes the same word in every object, file and comment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import count

from kubenetlab.anonymize import well_known
from kubenetlab.anonymize.addresses import Addresses
from kubenetlab.anonymize.written_addresses import DASHED, IPV4, IPV6, REVERSE, canonical

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeio"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # as Kubernetes' random suffixes
_MIN_LENGTH = 4  # shorter words become longer: there are too few of them
_MAX_TRIES = 64  # to find a replacement that holds no word of the sources; hostile sources may leave none
_MAX_ORDINAL = 5  # digits of a number that stays
_PIECE = re.compile(
    rf"(?P<mac>\b(?:[0-9A-Fa-f]{{2}}:){{5}}[0-9A-Fa-f]{{2}}\b)|(?P<reverse>{REVERSE})|(?P<address>{IPV6}|{IPV4})"
    r"|(?P<chunk>[^\W](?:[\w.-]*\w)?)"
)
_REVERSE_END = re.compile(rf"(?<=\.)(?:{REVERSE})$")
_LABEL = re.compile(rf"({IPV4})|[^.]+")
_DASHED_OR_WORD = re.compile(rf"({DASHED})|[^\W_]+")


class Names:
    """The replacement of names and texts.

    Parameters
    ----------
    key
        At most 64 bytes.
    addresses
        What replaces the addresses inside names and texts.
    words
        Every word that the sources hold: none of them of three or more letters stands in a replacement.
    top_level_domains
        Words that become one another, since a namespace with such a name is a finding.
    """

    def __init__(
        self,
        key: bytes,
        addresses: Addresses,
        words: Iterable[str] = (),
        top_level_domains: Iterable[str] = (),
    ) -> None:
        self._key = key
        self._addresses = addresses
        self._words = {word.lower() for word in words if not _is_ordinal(word)}
        self._domains = frozenset(top_level_domains)
        self._word_by_word: dict[str, str] = {}
        self._taken = set(well_known.NAMES)
        self._texts: dict[str, str] = {}

    @property
    def mapping(self) -> dict[str, str]:
        """Every word that was replaced, and its replacement."""
        return dict(sorted(self._word_by_word.items()))

    def text(self, text: str) -> str:
        """Return a text with its addresses, names and words replaced; numbers of up to five digits stay."""
        if text not in self._texts:
            self._texts[text] = _PIECE.sub(self._piece, text)
        return self._texts[text]

    def name(self, text: str) -> str:
        """Return the replacement of a name or a label's value: like ``text``, but a mere number is replaced too."""
        return self.word(text) if text.isdecimal() else self.text(text)

    def word(self, word: str) -> str:
        """Return the replacement of one word, in the same pattern of capitals."""
        lower = word.lower()
        if lower not in self._word_by_word:
            new = next(new for new in self._candidates(lower) if new not in self._taken)
            self._taken.add(new)
            self._word_by_word[lower] = new
        new = self._word_by_word[lower]
        if word == lower:
            return new
        if word.isupper():
            return new.upper()
        return "".join(c.upper() if i < len(word) and word[i].isupper() else c for i, c in enumerate(new))

    def _piece(self, match: re.Match[str]) -> str:
        replace: dict[str, Callable[[str], str]] = {
            "mac": self._hardware_address,
            "address": self._addresses.replace,
            "reverse": self._addresses.reverse_zone,
            "chunk": self._chunk,
        }
        return replace[match.lastgroup or "chunk"](match.group())

    def _chunk(self, text: str) -> str:
        if text in well_known.NAMES or text in well_known.SUFFIXES:
            return text
        if reverse := _REVERSE_END.search(text):
            return f"{self.text(text[: reverse.start() - 1])}.{self._addresses.reverse_zone(reverse[0])}"
        suffix = next((f".{end}" for end in well_known.SUFFIXES if text.endswith(f".{end}")), "")
        labels = text.removesuffix(suffix)
        return (
            _LABEL.sub(lambda m: self._addresses.replace(m[1]) if m[1] else self._label(m[0]), labels)
            + suffix
        )

    def _label(self, label: str) -> str:
        if label in well_known.NAMES or label in well_known.COMPONENTS:
            return label
        dashes = [match.start() for match in re.finditer("-", label)]
        known = next((i for i in reversed(dashes) if label[:i] in well_known.COMPONENTS), 0)
        return label[:known] + _DASHED_OR_WORD.sub(self._dashed_or_word, label[known:])

    def _dashed_or_word(self, match: re.Match[str]) -> str:
        if match[1]:
            return self._addresses.replace(canonical(match[1])).replace(".", "-")
        is_kept = _is_ordinal(match[0]) or match[0] in well_known.LIBRARIES
        return match[0] if is_kept else self.word(match[0])

    def _hardware_address(self, text: str) -> str:
        digest = blake2b(text.lower().encode(), key=self._key, digest_size=5).digest()
        return ":".join(["02", *(f"{byte:02x}" for byte in digest)])

    def _candidates(self, word: str) -> Iterator[str]:
        if word in self._domains:
            yield from sorted(self._domains - self._words, key=lambda other: self._digest(word, other))
        for attempt in count():
            new = _spelled(word, self._digest(word, str(attempt)), len(word) + attempt // 8)
            if new not in self._domains and (attempt > _MAX_TRIES or not self._holds_original(new)):
                yield new

    def _digest(self, word: str, salt: str) -> bytes:
        digest = blake2b(f"{salt} {word}".encode(), key=self._key).digest()
        return digest * (1 + len(word) // 32)

    def _holds_original(self, new: str) -> bool:
        """Whether a word of the sources stands in a replacement; those of two letters may."""
        return not self._words.isdisjoint(
            new[i:j] for i in range(len(new)) for j in range(i + 3, len(new) + 1)
        )


def _is_ordinal(word: str) -> bool:
    return word.isdecimal() and len(word) <= _MAX_ORDINAL


def _spelled(word: str, digest: bytes, length: int) -> str:
    """A word of that length from a digest: syllables for letters, random characters for what holds digits."""
    length = min(max(length, _MIN_LENGTH), len(digest))
    if word.isdecimal():
        return "".join(str(byte % 10) for byte in digest[:length])
    if word.isalpha():
        return "".join(
            (_CONSONANTS, _VOWELS)[i % 2][byte % (14, 4)[i % 2]] for i, byte in enumerate(digest[:length])
        )
    first = _ALPHABET[:-7][digest[0] % 20]
    return first + "".join(_ALPHABET[byte % 27] for byte in digest[1:length])
