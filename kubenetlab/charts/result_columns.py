"""Whether a chart was given the result that it draws."""

from __future__ import annotations

from collections.abc import Iterable

from kubenetlab.result import Result


def check_columns(name: str, found: object, maker: str, columns: Iterable[str]) -> None:
    """Refuse an argument that is no result, or one of something else.

    Parameters
    ----------
    name, found
        The argument.
    maker
        What makes the result that is expected.
    columns
        What its frame has.

    Raises
    ------
    ValueError
        With the argument's name, what was found and what makes the right one.
    """
    if isinstance(found, Result) and set(columns) <= set(found.frame):
        return
    words = f"the result {found.title!r}" if isinstance(found, Result) else f"a {type(found).__name__}"
    raise ValueError(f"{name} is {words}, expected a result of {maker}")
