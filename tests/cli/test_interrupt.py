"""Ctrl-C while standard input is slow."""

import array
import fcntl
import signal
import subprocess
import termios
import time

import pytest

from tests.cli.command_line import COMMAND, ROOT


def n_unread_bytes(pipe):
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def wait_until(condition, timeout_s=60):
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "the process did not get there"
        time.sleep(0.02)


@pytest.mark.parametrize("command", ["report", "check", "show"])
def test_commands__end_with_one_line_and_130_when_interrupted(command, tmp_path):
    report = tmp_path / "report.html"
    report.write_text("the earlier report")
    output = ["-o", str(report)] if command == "report" else []
    process = subprocess.Popen(
        [*COMMAND, command, "-", *output],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread here
    )
    process.stdin.write(b'{"kind": "List", ')
    process.stdin.flush()
    wait_until(lambda: n_unread_bytes(process.stdin) == 0)

    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)

    assert (process.returncode, stdout, stderr) == (130, b"", b"Error: interrupted\n")
    assert report.read_text() == "the earlier report"
