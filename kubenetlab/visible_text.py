"""Names from a dump are somebody else's text: what a terminal or browser would obey or drop shows as its code."""

import unicodedata

#: Unicode's categories of control, format, surrogate, private use, unassigned and line break characters.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, kept: str = "") -> str:
    r"""Return a text in which every character that moves the cursor or turns the writing shows as its code.

    Parameters
    ----------
    text
        Any text.
    kept
        Characters that stay as they are, such as line breaks on a page.

    >>> visible("cart\x1b[2J\n\u202e")
    'cart\\x1b[2J\\n\\u202e'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in kept else _visible_character(c) for c in text)


def _visible_character(character: str) -> str:
    if unicodedata.category(character) not in _OBEYED:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def width(text: str) -> int:
    """Return how many terminal columns a text takes: East Asian wide characters two, combining marks none.

    >>> width("cart"), width("購物"), width("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
