"""Whether kubectl answered what it was asked for: one JSON object, a list of one kind, and never a Secret."""

from __future__ import annotations

import msgspec


class _Item(msgspec.Struct):
    kind: str = ""


class _Answer(msgspec.Struct):
    kind: str = ""
    items: list[_Item] | None = None


_DECODER = msgspec.json.Decoder(_Answer)


def flaw_of(answer: bytes, kind: str) -> str:
    """Return what is wrong with an answer, or an empty text.

    Parameters
    ----------
    answer
        What ``kubectl get -o json`` printed.
    kind
        The kind it was asked for. An answer is a List of it (items of a ``PodList`` may lack their kind); one that
        is asked for by name is the object itself.

    >>> flaw_of(b'{"kind": "List", "items": []}', "Pod"), flaw_of(b'{"kind": "List", "items": [', "Pod")
    ('', 'found no whole JSON object, expected a List of Pod')
    """
    try:
        decoded = _DECODER.decode(answer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return f"found no whole JSON object, expected a List of {kind}"
    if kind == "ConfigMap" and decoded.kind == kind:
        return ""
    if decoded.kind not in ("List", f"{kind}List") or decoded.items is None:
        return f"found {_shown(decoded.kind)}, expected a List of {kind}"
    known = {kind} if decoded.kind == "List" else {kind, ""}
    other = next((item.kind for item in decoded.items if item.kind not in known), None)
    return "" if other is None else f"found {_shown(other)} among the items, expected {kind} only"


def _shown(kind: str) -> str:
    return f"an object of kind {kind[:60]}" if kind else "an object without a kind"
