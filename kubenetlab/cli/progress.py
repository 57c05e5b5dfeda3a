"""One line on the terminal while a big dump is read; it comes after a second and goes when reading is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from kubenetlab.visible_text import visible

_PATIENCE_S = 1.0
_CLEAR_LINE = "\r\x1b[K"

Progress = Callable[[str, int, int], None]


@contextmanager
def reading_progress() -> Iterator[Progress | None]:
    """Yield a callback for ``read_cluster``, or None where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    line = _Line()
    try:
        yield line.show
    finally:
        line.clear()


class _Line:
    """The line: silent in its first second."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._is_shown = False

    def show(self, file: str, n_done: int, n_all: int) -> None:
        """Show which share of a file is done."""
        elapsed_s = time.monotonic() - self._start_s
        if elapsed_s >= _PATIENCE_S:
            self._is_shown = True
            text = f"Reading {visible(file)}: {n_done / max(n_all, 1):.0%}, {elapsed_s:.0f} s"
            click.echo(_CLEAR_LINE + text, nl=False, err=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            click.echo(_CLEAR_LINE, nl=False, err=True)
