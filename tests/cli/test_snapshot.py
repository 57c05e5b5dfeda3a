import json
import os
import re
import signal
import stat
import subprocess
import time

import pytest

from kubenetlab.cli.kubectl_answers import flaw_of
from kubenetlab.cli.kubectl_steps import STEPS, run_step
from kubenetlab.objects import KINDS
from kubenetlab.readers import read_cluster
from tests.cli.api_server import api_server, kubeconfig
from tests.cli.command_line import COMMAND, NODE, POD, ROOT, SERVICE, environment, run

CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "kubeadm-config", "namespace": "kube-system"},
    "data": {"ClusterConfiguration": "networking: {podSubnet: 10.244.0.0/16}\n"},
}
ITEMS = {
    "nodes": [NODE],
    "pods": [POD],
    "services": [SERVICE],
    "configmaps": [CONFIG_MAP],
    "secrets": [{"data": "no"}],
}


def snapshot(folder, *arguments, **variables):
    return run("snapshot", folder / "dump", "--context", "here", *arguments, variables=variables)


def fake_kubectl(folder, script):
    """A kubectl in sh: ``$kind`` is the resource it is asked for."""
    path = folder / "kubectl"
    path.write_text(f'#!/bin/sh\nkind=$2\n[ "$1" = --context ] && kind=$4\n{script}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


ANSWER = 'echo "{\\"kind\\": \\"List\\", \\"items\\": []}"'
MISSING = 'echo "error: the server doesn\'t have a resource type" >&2; exit 1'


@pytest.mark.requires("kubectl")
def test_snapshot__writes_a_dump_with_kubectl(tmp_path):
    with api_server(ITEMS) as (address, requests):
        done = snapshot(tmp_path, **kubeconfig(tmp_path, address))

    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        f"Wrote 9 files; next: kubenetlab check {tmp_path}/dump",
    )
    cluster = read_cluster(tmp_path / "dump")
    assert [pod.metadata.full_name for pod in cluster.pods] == ["shop/cart"]
    assert cluster.settings["cluster_cidr"].value == ("10.244.0.0/16",)
    assert {method for method, _ in requests} == {"GET"}
    assert not [path for _, path in requests if "secrets" in path]
    assert "/api/v1/configmaps" not in {path for _, path in requests}


@pytest.mark.requires("kubectl")
def test_snapshot__says_what_was_not_there_or_forbidden(tmp_path):
    with api_server(ITEMS, forbidden=("namespaces",)) as (address, _):
        done = snapshot(tmp_path, **kubeconfig(tmp_path, address))

    lines = dict(line.split(": ", 1) for line in done.stderr.splitlines())
    assert done.returncode == 0
    assert lines["namespaces"] == "forbidden (your account may not list it)"
    assert lines["ciliumnodes.cilium.io"] == "not there"
    assert lines["configmap-kube-system-coredns"] == "not there"
    assert not (tmp_path / "dump" / "namespaces.json").exists()


@pytest.mark.requires("kubectl")
def test_snapshot__takes_endpoints_where_there_are_no_slices(tmp_path):
    with api_server(ITEMS, without=("endpointslices",)) as (address, _):
        snapshot(tmp_path, **kubeconfig(tmp_path, address))

    assert (tmp_path / "dump" / "endpoints.json").exists()


@pytest.mark.requires("kubectl")
def test_snapshot__ends_with_2_where_pods_are_forbidden(tmp_path):
    with api_server(ITEMS, forbidden=("pods",)) as (address, _):
        done = snapshot(tmp_path, **kubeconfig(tmp_path, address))

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: pods: forbidden (your account may not list it); a snapshot needs nodes, pods and Services"
    )


@pytest.mark.requires("kubectl")
def test_snapshot__ends_with_2_where_nobody_answers(tmp_path):
    done = run("snapshot", tmp_path / "dump", variables=kubeconfig(tmp_path, "http://127.0.0.1:9"))

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: nodes: failed: ")
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "dump").iterdir()) == []


def test_steps__ask_for_every_kind_by_get_and_never_for_secrets():
    plurals = {step.name.partition(".")[0] for step in STEPS}

    assert {kind.plural.replace("_", "") for kind in KINDS} - {"configmaps"} <= plurals
    assert {step.arguments[0] for step in STEPS} == {"get"}
    assert not [step for step in STEPS if "secret" in " ".join(step.arguments)]
    assert all(
        len(step.arguments) > 2 and step.arguments[2] != "-A"
        for step in STEPS
        if step.arguments[1] == "configmaps"
    )


def test_snapshot__prints_the_commands_and_does_nothing_in_a_dry_run(tmp_path):
    done = snapshot(tmp_path, "--dry-run", "--kubectl", "/no/such kubectl")

    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines)) == (0, len(STEPS))
    assert lines[0] == "'/no/such kubectl' --context here get nodes -A -o json --request-timeout=60s"
    assert lines[5].endswith("# only if endpointslices.discovery.k8s.io is not there")
    assert not (tmp_path / "dump").exists()


def test_snapshot__says_in_one_line_that_there_is_no_kubectl(tmp_path):
    done = snapshot(tmp_path, "--kubectl", "/no/kubectl")

    assert done.returncode == 2
    assert (
        done.stderr
        == "Error: cannot run /no/kubectl: No such file or directory; install kubectl or name it with --kubectl\n"
    )


def test_snapshot__leaves_a_folder_with_files_alone_unless_forced(tmp_path):
    kubectl = fake_kubectl(tmp_path, ANSWER)
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "notes.txt").write_text("mine")

    refused, forced = (snapshot(tmp_path, "--kubectl", kubectl, *extra) for extra in ([], ["--force"]))

    assert (refused.returncode, forced.returncode) == (2, 0)
    assert "is not empty; nothing was written (--force writes into it)" in refused.stderr
    assert (tmp_path / "dump" / "notes.txt").read_text() == "mine"


def test_snapshot__takes_away_a_forced_snapshots_older_files(tmp_path):
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "jobs.batch.json").write_text("old")
    kubectl = fake_kubectl(tmp_path, f"case $kind in jobs*) {MISSING};; *) {ANSWER};; esac")

    snapshot(tmp_path, "--kubectl", kubectl, "--force")

    assert not (tmp_path / "dump" / "jobs.batch.json").exists()
    assert json.loads((tmp_path / "dump" / "pods.json").read_text())["kind"] == "List"


def test_snapshot__asks_the_other_group_only_where_the_first_is_not_there(tmp_path):
    kubectl = fake_kubectl(tmp_path, f"case $kind in ippools.crd*) {MISSING};; *) {ANSWER};; esac")

    snapshot(tmp_path, "--kubectl", kubectl)

    names = {path.name for path in (tmp_path / "dump").iterdir()}
    assert {"ippools.projectcalico.org.json", "ipamblocks.crd.projectcalico.org.json"} <= names
    assert "ipamblocks.projectcalico.org.json" not in names


def test_snapshot__goes_on_after_another_kind_fails(tmp_path):
    kubectl = fake_kubectl(
        tmp_path, f'case $kind in jobs*) echo "boom \x1b[2J" >&2; exit 1;; *) {ANSWER};; esac'
    )

    done = snapshot(tmp_path, "--kubectl", kubectl)

    assert done.returncode == 0
    assert "jobs.batch: failed: boom \\x1b[2J\n" in done.stderr


def test_snapshot__leaves_no_half_file_when_interrupted(tmp_path):
    kubectl = fake_kubectl(tmp_path, 'echo \'{"kind": \'; touch "$HOME/started"; sleep 60')
    process = subprocess.Popen(
        [*COMMAND, "snapshot", str(tmp_path / "dump"), "--kubectl", str(kubectl)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(HOME=str(tmp_path)),
        start_new_session=True,
    )
    end_s = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert time.monotonic() < end_s
        time.sleep(0.02)

    os.killpg(process.pid, signal.SIGINT)

    stderr = process.communicate(timeout=60)[1].decode()
    assert (process.returncode, stderr.splitlines()[-1]) == (130, "Error: interrupted")
    assert list((tmp_path / "dump").iterdir()) == []


def test_run_step__gives_up_on_a_kubectl_that_never_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("kubenetlab.cli.kubectl_steps.COMMAND_TIMEOUT_S", 0.2)

    outcome = run_step([str(fake_kubectl(tmp_path, "exec sleep 60"))], STEPS[0], tmp_path)

    assert outcome.text == "no answer within 0.2 s"
    assert not outcome.was_written


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("hello", "no whole JSON object"),
        ('{"kind": "List", "items": [', "no whole JSON object"),
        ('{"kind": "List", "items": []} x', "no whole JSON object"),
        ("[]", "no whole JSON object"),
        ("\\377\\376", "no whole JSON object"),
        ("{}", "an object without a kind"),
        ('{"kind": "Status", "status": "Failure"}', "an object of kind Status"),
        ('{"kind": "Pod", "metadata": {}}', "an object of kind Pod"),
        ('{"kind": "List"}', "an object of kind List"),
        ('{"kind": "SecretList", "items": [{"data": {"p": "hunter2"}}]}', "an object of kind SecretList"),
        ('{"kind": "List", "items": [{"kind": "Secret", "data": {"p": "hunter2"}}]}', "kind Secret among the items"),
    ],
)  # fmt: skip
def test_snapshot__ends_with_2_where_kubectl_prints_something_else(answer, found, tmp_path):
    kubectl = fake_kubectl(tmp_path, f"printf '{answer}'")

    done = snapshot(tmp_path, "--kubectl", kubectl)

    assert done.returncode == 2
    assert re.match(
        rf"Error: nodes: unusable: found .*{found}, expected .*; a snapshot needs",
        done.stderr.splitlines()[-1],
    )
    assert list((tmp_path / "dump").iterdir()) == []


def test_snapshot__notes_an_unusable_answer_and_goes_on(tmp_path):
    secret = 'echo "{\\"kind\\": \\"List\\", \\"items\\": [{\\"kind\\": \\"Secret\\"}]}"'
    kubectl = fake_kubectl(tmp_path, f"case $kind in jobs*|configmaps) {secret};; *) {ANSWER};; esac")

    done = snapshot(tmp_path, "--kubectl", kubectl)

    assert done.returncode == 0
    assert (
        "jobs.batch: unusable: found an object of kind Secret among the items, expected Job only"
        in done.stderr
    )
    assert "jobs.batch.json" not in {path.name for path in (tmp_path / "dump").iterdir()}
    assert not [path for path in (tmp_path / "dump").iterdir() if "Secret" in path.read_text()]


def test_flaw_of__takes_what_kubectl_and_the_api_print():
    typed = b'{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}'
    config_map = b'{"kind": "ConfigMap", "data": {"kind": "x"}}'

    assert [flaw_of(typed, "Pod"), flaw_of(config_map, "ConfigMap")] == ["", ""]
    assert flaw_of(config_map, "Pod") == "found an object of kind ConfigMap, expected a List of Pod"
