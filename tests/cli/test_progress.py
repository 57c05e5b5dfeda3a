import io
import sys
import time

from kubenetlab.cli import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_reading_progress__is_silent_without_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    with progress.reading_progress() as callback:
        assert callback is None


def test_reading_progress__is_silent_in_its_first_second(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    with progress.reading_progress() as callback:
        callback("dump.json", 1000, 4000)

    assert terminal.getvalue() == ""


def test_reading_progress__shows_a_line_and_takes_it_away(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_PATIENCE_S", 0)

    with progress.reading_progress() as callback:
        callback("dump\x1b.json", 1000, 4000)

    assert terminal.getvalue() == "\r\x1b[KReading dump\\x1b.json: 25%, 0 s\r\x1b[K"


def test_working__is_silent_without_a_terminal(monkeypatch):
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    monkeypatch.setattr(progress, "_PATIENCE_S", 0)

    with progress.working("Planning"):
        time.sleep(0.05)

    assert output.getvalue() == ""


def test_working__says_that_work_goes_on_and_takes_the_line_away(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.01)

    with progress.working("Planning 3 clusters"):
        time.sleep(0.2)

    assert terminal.getvalue().startswith("\r\x1b[KPlanning 3 clusters, 0 s")
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_working__is_silent_in_its_first_second(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    with progress.working("Planning"):
        pass

    assert terminal.getvalue() == ""
