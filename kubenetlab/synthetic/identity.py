"""Names, uids and times that follow from a seed and an object's name, so that no order of drawing matters."""

import hashlib
from dataclasses import dataclass

#: k8s.io/apimachinery, pkg/util/rand: letters of generated names (no vowels, no 0, 1 or 3).
SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Identity:
    """Identities of one synthetic cluster."""

    seed: int

    def digest(self, *parts: object) -> bytes:
        """32 bytes that follow from the seed and ``parts``."""
        text = "/".join([str(self.seed), *map(str, parts)])
        return hashlib.blake2b(text.encode(), digest_size=32).digest()

    def hexadecimal(self, *parts: object) -> str:
        """64 hexadecimal digits, as in container and image ids."""
        return self.digest("hex", *parts).hex()

    def uid(self, *parts: object) -> str:
        """A version 4 UUID."""
        digits = self.digest("uid", *parts).hex()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"

    def suffix(self, length: int, *parts: object) -> str:
        """The random end of a generated name."""
        return "".join(SUFFIX_LETTERS[byte % 27] for byte in self.digest("suffix", *parts)[:length])

    def number(self, below: int, *parts: object) -> int:
        """An integer from 0 to ``below`` - 1."""
        return int.from_bytes(self.digest("number", *parts)[:8], "big") % below

    def moment(self, *parts: object) -> str:
        """A time of creation in the spring of 2026."""
        n = self.number(60 * 60 * 24 * 80, *parts)
        days, seconds = divmod(n, 86400)
        month, day = divmod(days, 28)
        return f"2026-{month + 2:02}-{day + 1:02}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"
