"""A network namespace of our own, held by a process that dies with this one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

from kubenetlab.errors import KubenetlabError
from kubenetlab.kernel.messages import receive, send

SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")  # where the tools are, and a user's PATH often does not look


class Namespace:
    """A new network namespace with no way out, as a context manager; after ``max_seconds`` it is ended.

    Programs and flows act in the worker's namespace, never in that of this process. The worker ends with the block, on
    Ctrl-C, and when this process is killed; namespace, interfaces, rules and programs go with it.

    Raises
    ------
    KubenetlabError
        If the kernel refuses a namespace, the worker finds itself elsewhere, a request fails, or time is up.
    """

    def __init__(self, max_seconds: float = 60.0) -> None:
        self._max_seconds = max_seconds
        self._is_late = False

    def __enter__(self) -> Namespace:
        if not sys.platform.startswith("linux"):
            raise KubenetlabError(f"found {sys.platform}, expected Linux: there is no such kernel to ask")
        outside = os.stat("/proc/self/ns/net").st_ino
        command = [sys.executable, "-m", "kubenetlab.kernel.worker", str(outside), str(os.getpid())]
        paths = {"PYTHONPATH": sys.path, "PATH": (os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS)}
        environment = os.environ | {name: os.pathsep.join(filter(None, path)) for name, path in paths.items()}
        # a session of its own: Ctrl-C reaches this process, which then ends the worker
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        self._timer = threading.Timer(self._max_seconds, self._end_late)
        self._timer.daemon = True
        self._timer.start()
        try:
            self.id: int = self._answer()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._end()

    def run(self, *command: str, text: str = "") -> str:
        """Run a program in the namespace, ``text`` on its standard input, and return what it printed."""
        return str(self._ask("run", command, text))

    def write(self, path: str, value: str) -> None:
        """Write a kernel setting below /proc/sys/net."""
        self._ask("write", path, value)

    def listen(self, interfaces: list[str], ether_type: int) -> None:
        """Capture from now on what arrives at these interfaces."""
        self._ask("listen", interfaces, ether_type)

    def feed(self, interface: str, packets: list[bytes]) -> list[bytes]:
        """Send into an interface, or from the node itself where the name is empty; return the IP packets captured."""
        return list(self._ask("feed", interface, packets))

    def _ask(self, *request: Any) -> Any:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the answer says why
            send(self._process.stdin, *request)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        error, output = receive(self._process.stdout) or (self._why_gone(), None)
        if error:
            raise KubenetlabError(error)
        return output

    def _why_gone(self) -> str:
        how = f"took longer than {self._max_seconds:g} s" if self._is_late else "ended unexpectedly"
        return f"the work in the network namespace {how}"

    def _end_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def _end(self) -> None:
        """Close the worker's standard input, which ends it; kill it if it does not go."""
        self._timer.cancel()
        with suppress(subprocess.TimeoutExpired, OSError):
            self._process.communicate(timeout=2)
        self._process.kill()
        self._process.wait()
