"""How a command ends: every failure becomes one line on standard error and an exit code, here and nowhere else."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import IO, Any, NamedTuple

import click

from kubenetlab.errors import KubenetlabError
from kubenetlab.visible_text import visible

GATE_FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130

DEBUG_VARIABLE = "KUBENETLAB_DEBUG"
_MAX_LINE = 2000


class Stop(click.ClickException):
    """The end of a command that could not do its work: one line and an exit code."""

    def __init__(self, message: str, exit_code: int = BAD_INPUT) -> None:
        super().__init__(visible(message)[:_MAX_LINE])
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line on standard error, if anybody can still read it."""
        with suppress(OSError):
            click.echo(f"Error: {self.format_message()}", file=file, err=True)


class _Usage(click.UsageError):
    """A usage error in two lines: how the command is called, then what is wrong and where to look."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.format_message(), error.ctx)
        self.exit_code = BAD_INPUT  # type: ignore[misc]  # click declares it for the class

    def format_message(self) -> str:
        """Return what is wrong, and the command that says how it is done."""
        advice = f" Run '{self.ctx.command_path} --help' to see how." if self.ctx else ""
        return visible(f"{self.message.rstrip('.')}.{advice}")[:_MAX_LINE]

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines on standard error, if anybody can still read them."""
        with suppress(OSError):
            if self.ctx:
                click.echo(self.ctx.get_usage(), file=file, err=True)
            click.echo(f"Error: {self.format_message()}", file=file, err=True)


class _ClosedOutput(TextIOWrapper):
    """The standard output of a caller that closed it: an answer that nobody gets is an error."""

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, "standard output is closed: the answer cannot be printed")


class _Reason(NamedTuple):
    type: type[BaseException]
    line: Callable[[Any], str]
    exit_code: int = BAD_INPUT


def _os_error(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"no space left on the device{_place(error)}"
    return f"{(error.strerror or str(error) or type(error).__name__).lower()}{_place(error)}"


def _place(error: OSError) -> str:
    names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    return f": {' -> '.join(names)}" if names else ""


def _internal_error(error: Exception) -> str:
    return (
        f"internal error: {type(error).__name__}: {error} ({DEBUG_VARIABLE}=1 shows where; please report it)"
    )


_REASONS = (
    _Reason(KeyboardInterrupt, lambda _: "interrupted", INTERRUPTED),
    _Reason(BrokenPipeError, lambda _: "the reader of the output closed it before the end"),
    _Reason(KubenetlabError, str),
    _Reason(OSError, _os_error),
    _Reason(RecursionError, lambda _: "the input is nested too deeply"),
    _Reason(MemoryError, lambda _: "not enough memory for this input"),
    _Reason(ValueError, str),
    _Reason(Exception, _internal_error),
)


def prepare_streams() -> None:
    """Give the process streams that its caller closed, and let output that lacks a character show its code."""
    for name, mode in (("stdin", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - until the process ends
    if sys.stdout is None:
        sys.stdout = _ClosedOutput(open(os.devnull, "wb"), encoding="utf-8")  # noqa: SIM115 - as above
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn whatever goes wrong inside into a ``Stop``; ``KUBENETLAB_DEBUG=1`` lets it through.

    Raises
    ------
    Stop
        With the line and the exit code for what went wrong.
    """
    try:
        yield
        sys.stdout.flush()  # a closed pipe or a full disk shows here, not when the interpreter ends
    except click.UsageError as error:
        raise _Usage(error) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except (Exception, KeyboardInterrupt) as error:
        _forget_unwritten_output()
        if os.environ.get(DEBUG_VARIABLE):
            raise
        reason = next(reason for reason in _REASONS if isinstance(error, reason.type))
        raise Stop(reason.line(error), reason.exit_code) from None


def _forget_unwritten_output() -> None:
    """Point standard output at nothing, or the interpreter fails again when it flushes it at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, sys.stdout.fileno())
            os.close(nothing)
