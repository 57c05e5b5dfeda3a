"""One line on the terminal during long work; it comes after a second and goes when the work is done."""

from __future__ import annotations

import sys
import threading
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


@contextmanager
def working(words: str) -> Iterator[None]:
    """Say after a second, and each second from then on, that work goes on, where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done, line = threading.Event(), _Line()

    def watch() -> None:
        while not done.wait(_PATIENCE_S):
            line.write(words)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        line.clear()


class _Line:
    """The line: silent in its first second."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._is_shown = False

    def show(self, file: str, n_done: int, n_all: int) -> None:
        """Show which share of a file is done."""
        self.write(f"Reading {visible(file)}: {n_done / max(n_all, 1):.0%}")

    def write(self, words: str) -> None:
        """Show words and the time since the start."""
        elapsed_s = time.monotonic() - self._start_s
        if elapsed_s >= _PATIENCE_S:
            self._is_shown = True
            click.echo(f"{_CLEAR_LINE}{words}, {elapsed_s:.0f} s", nl=False, err=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            click.echo(_CLEAR_LINE, nl=False, err=True)
