import os
import subprocess
import sys

import pytest

from kubenetlab.errors import KubenetlabError
from kubenetlab.kernel.worker import namespace_id, prove_own_namespace

PROVE = (
    "import sys; from kubenetlab.kernel.worker import prove_own_namespace as prove; prove(int(sys.argv[1]))"
)


def proving_in_a_namespace(script):
    """Run the proof inside a new namespace after a shell script; the last line of what it said."""
    command = ["unshare", "--net", "sh", "-c", f'{script}; exec "$@"', "sh", sys.executable, "-c", PROVE]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [*command, str(namespace_id())], capture_output=True, text=True, check=False, env=environment
    )
    return (done.stderr.strip().splitlines() or [""])[-1]


def test_prove_own_namespace__refuses_the_machines_own():
    with pytest.raises(
        KubenetlabError, match=r"found the machine's own network namespace, .*: nothing was done"
    ):
        prove_own_namespace(namespace_id())


@pytest.mark.requires("kernel")
def test_prove_own_namespace__refuses_one_in_which_processes_talk():
    with pytest.raises(KubenetlabError, match=r"found (interface .* up|a route|rules), expected a new"):
        prove_own_namespace(0)


@pytest.mark.requires("kernel")
@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("true", ""),
        ("ip link set lo up", "found interface lo up"),
        ("nft add table ip strangers", "found rules"),
    ],
)
def test_prove_own_namespace__refuses_a_namespace_in_use(script, found):
    said = proving_in_a_namespace(script)

    assert found in said
    assert bool(found) == bool(said)
