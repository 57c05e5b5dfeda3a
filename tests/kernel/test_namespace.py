import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kubenetlab.errors import KubenetlabError
from kubenetlab.kernel.messages import NOT_HERE, receive, send
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.worker import namespace_id

pytestmark = pytest.mark.requires("kernel")

BUSY = """
from kubenetlab.kernel.namespace import Namespace
with Namespace(100) as namespace:
    namespace.run("ip", "link", "set", "lo", "up")
    print(namespace.id, flush=True)
    namespace.run("sleep", "97.25")
"""


def processes_in(namespace):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inode = (process / "ns/net").stat().st_ino
        except OSError:
            continue
        found += [process.name] if inode == namespace else []
    return found


def gone(namespace, within_s=10.0):
    """Whether no process is left in a namespace, waited for."""
    end = time.monotonic() + within_s
    while processes_in(namespace) and time.monotonic() < end:
        time.sleep(0.05)
    return not processes_in(namespace)


def test_namespace__is_another_one_with_nothing_in_it():
    with Namespace() as namespace:
        links = namespace.run("ip", "-brief", "link")

        assert namespace.id != namespace_id()
        assert [line.split()[1] for line in links.splitlines()] == ["DOWN"] * len(links.splitlines())


def test_namespace__is_gone_after_the_block():
    with Namespace() as namespace:
        assert len(processes_in(namespace.id)) == 1

    assert gone(namespace.id)


def test_namespace__is_gone_after_an_error_in_the_block():
    with pytest.raises(ZeroDivisionError), Namespace() as namespace:
        _ = 1 / 0

    assert gone(namespace.id)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_namespace__is_gone_with_its_programs_when_the_parent_is_stopped(how):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    namespace = int(parent.stdout.readline())
    while len(processes_in(namespace)) < 2:  # the worker and the program that it runs
        time.sleep(0.02)

    parent.send_signal(how)
    parent.communicate(timeout=20)

    assert gone(namespace)


def test_namespace__ends_what_takes_too_long():
    with pytest.raises(KubenetlabError, match=r"took longer than 0\.5 s"), Namespace(0.5) as namespace:
        namespace.run("sleep", "98.25")

    assert gone(namespace.id)


def test_namespace__says_that_the_worker_is_gone():
    with Namespace() as namespace:
        os.kill(int(processes_in(namespace.id)[0]), signal.SIGKILL)

        with pytest.raises(KubenetlabError, match="ended unexpectedly"):
            namespace.run("true")


def test_run__gives_what_the_program_printed():
    with Namespace() as namespace:
        assert namespace.run("cat", text="a\nb\n") == "a\nb\n"


def test_namespace__works_on_one_processor_so_that_packets_keep_their_order():
    with Namespace() as namespace:
        assert namespace.run("nproc") == "1\n"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (("sh", "-c", "echo one >&2; echo two >&2; exit 3"), "^one two$"),
        (("false",), "^false failed$"),
    ],
)
def test_run__passes_the_programs_error_on_as_one_line(command, error):
    with Namespace() as namespace, pytest.raises(KubenetlabError, match=error):
        namespace.run(*command)


def test_run__says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("kubenetlab.kernel.namespace.SYSTEM_FOLDERS", ())

    with Namespace() as own, pytest.raises(KubenetlabError, match=f"^nft{NOT_HERE}: install nftables$"):
        own.run("nft", "list", "ruleset")


def test_namespace__whose_parent_ends_while_it_works_says_nothing():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    worker = subprocess.Popen(
        [sys.executable, "-m", "kubenetlab.kernel.worker", str(namespace_id()), str(os.getpid())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip
    with worker:
        assert receive(worker.stdout)[0] == ""
        send(worker.stdin, "run", ["sleep", "0.2"], "")
        worker.stdout.close()

        assert worker.stderr.read() == b""
    assert worker.returncode == 0


def test_namespace__works_or_says_what_to_allow_without_rights():
    script = "from kubenetlab.kernel.namespace import Namespace\nwith Namespace() as n: print(n.run('ip', '-br', 'link'))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = ["setpriv", "--bounding-set=-sys_admin,-net_admin,-net_raw", sys.executable, "-c", script]

    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert "lo" in done.stdout or "run as root, or allow user namespaces" in done.stderr
