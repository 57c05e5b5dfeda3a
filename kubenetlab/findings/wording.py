"""How findings count and list things in a sentence."""

from collections.abc import Collection, Iterable

_MOST = 5


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "pod"), counted(3, "pod"), counted(2, "address"), counted(0, "policy")
    ('1 pod', '3 pods', '2 addresses', '0 policies')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def first_few(texts: Collection[str], most: int = _MOST) -> str:
    """Return the first texts, and how many more there are.

    >>> first_few(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = ", ".join(list(texts)[:most])
    return shown if len(texts) <= most else f"{shown} and {len(texts) - most:,} more"


def labels_text(labels: Iterable[tuple[str, str]]) -> str:
    """Return labels as ``kubectl -l`` takes them.

    >>> labels_text({"app": "cart", "tier": "web"}.items())
    'app=cart,tier=web'
    """
    return ",".join(f"{key}={value}" for key, value in labels)
