"""At a real terminal: progress comes and goes, and tables fit."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

from tests.cli.command_line import COMMAND, POD, ROOT, SERVICE, changed, dump, environment


def at_terminal(*arguments, columns=80, variables=None):
    """What a terminal of a width shows of a command's output and errors."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {k: v for k, v in environment(**(variables or {})).items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen([*COMMAND, *arguments], stdout=theirs, stderr=theirs, cwd=ROOT, env=environ)
    os.close(theirs)
    shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.wait(60) == 0, shown.decode()
    return shown.decode()


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux: the other end is closed
        return b""


def test_show__fits_the_terminal(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(changed(SERVICE, ("spec", "selector"), {"app": "x" * 200})))

    lines = at_terminal("show", str(source), "services", columns=130).splitlines()

    assert max(map(len, lines)) <= 130
    assert lines[-1].endswith("…")


def test_show__is_silent_about_a_quick_reading(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(POD))

    assert "Reading" not in at_terminal("show", str(source), "pods")
