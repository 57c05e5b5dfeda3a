import errno
import os
import sys

import click
import pytest

from kubenetlab.cli.exit_codes import Stop, one_line_errors, prepare_streams
from kubenetlab.errors import UnreadableError


@pytest.mark.parametrize(
    ("error", "line", "exit_code"),
    [
        (KeyboardInterrupt(), "interrupted", 130),
        (UnreadableError("dump.json: found an empty file"), "dump.json: found an empty file", 2),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on the device", 2),
        (PermissionError(errno.EACCES, "Permission denied", "x.html"), "permission denied: x.html", 2),
        (OSError(errno.EXDEV, "Cross-device", "a", None, "b"), "cross-device: a -> b", 2),
        (OSError("no number"), "no number", 2),
        (BrokenPipeError(), "the reader of the output closed it before the end", 2),
        (RecursionError(), "the input is nested too deeply", 2),
        (MemoryError(), "not enough memory for this input", 2),
        (ValueError("seed -1 is below 0"), "seed -1 is below 0", 2),
        (
            KeyError("x"),
            "internal error: KeyError: 'x' (KUBENETLAB_DEBUG=1 shows where; please report it)",
            2,
        ),
        (UnreadableError("two\nlines\x1b[2J"), "two\\nlines\\x1b[2J", 2),
    ],
)
def test_one_line_errors__names_what_went_wrong(error, line, exit_code, monkeypatch):
    monkeypatch.delenv("KUBENETLAB_DEBUG", raising=False)

    with pytest.raises(Stop) as caught, one_line_errors():
        raise error

    assert (caught.value.message, caught.value.exit_code) == (line, exit_code)


@pytest.mark.parametrize("error", [click.UsageError("no"), click.exceptions.Exit(1), click.Abort()])
def test_one_line_errors__lets_click_end_a_command(error):
    with pytest.raises(type(error)), one_line_errors():
        raise error


def test_one_line_errors__lets_errors_through_for_debugging(monkeypatch):
    monkeypatch.setenv("KUBENETLAB_DEBUG", "1")

    with pytest.raises(KeyError), one_line_errors():
        raise KeyError("x")


def test_stop__keeps_a_long_line_short():
    assert len(Stop("x" * 10_000).message) == 2000


def test_one_line_errors__leaves_nothing_to_write_after_a_closed_pipe(monkeypatch):
    read_end, write_end = os.pipe()
    os.close(read_end)
    stdout = os.fdopen(write_end, "w")
    monkeypatch.setattr(sys, "stdout", stdout)
    stdout.write("lost")

    with pytest.raises(Stop, match="closed it before the end"), one_line_errors():
        pass

    stdout.close()  # raises if anything is left


def test_prepare_streams__replaces_what_the_caller_closed(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)

    prepare_streams()

    with sys.stdin, sys.stdout, sys.stderr:
        assert (sys.stdin.read(), sys.stderr.write("x")) == ("", 1)
        with pytest.raises(OSError, match="standard output is closed"):
            sys.stdout.write("x")
