"""The kubectl commands of a snapshot, as a table, and how one of them ends."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kubenetlab.cli.exit_codes import Stop
from kubenetlab.cli.kubectl_answers import flaw_of
from kubenetlab.new_file import replace_file
from kubenetlab.objects import KINDS, Kind

REQUEST_TIMEOUT = "60s"
COMMAND_TIMEOUT_S = 900

#: Kinds that a snapshot cannot do without.
ESSENTIAL = ("nodes", "pods", "services")

#: Kinds that another one stands in for.
INSTEAD_OF = {"endpoints": "endpointslices.discovery.k8s.io"}

#: ConfigMaps with network settings, by name and the namespaces that they may be in.
CONFIG_MAPS = (
    ("kubeadm-config", "kube-system"),
    ("kubelet-config", "kube-system"),
    ("kube-proxy", "kube-system"),
    ("kube-proxy-config", "kube-system"),
    ("coredns", "kube-system"),
    ("coredns-custom", "kube-system"),
    ("rke2-coredns-rke2-coredns", "kube-system"),
    ("dns-default", "openshift-dns"),
    ("node-local-dns", "kube-system"),
    ("kube-flannel-cfg", "kube-flannel"),
    ("kube-flannel-cfg", "kube-system"),
    ("cilium-config", "kube-system"),
    ("cilium-config", "cilium"),
    ("calico-config", "kube-system"),
    ("canal-config", "kube-system"),
    ("rke2-canal-config", "kube-system"),
    ("kube-router-cfg", "kube-system"),
    ("antrea-config", "kube-system"),
    ("ovnkube-config", "openshift-ovn-kubernetes"),
    ("config", "openshift-kube-controller-manager"),
    ("amazon-vpc-cni", "kube-system"),
    ("azure-ip-masq-agent-config", "kube-system"),
    ("azure-ip-masq-agent-config-reconciled", "kube-system"),
    ("ip-masq-agent", "kube-system"),
)

_NOT_THERE = (
    "doesn't have a resource type",
    "(NotFound)",
    "could not find the requested resource",
    "no matches for kind",
)
_FORBIDDEN = ("(Forbidden)", "Forbidden:")


class Step(NamedTuple):
    """One command: a name for messages and its file, what it asks for, the step that it stands in for."""

    name: str
    arguments: tuple[str, ...]
    kind: str
    instead_of: str = ""

    @property
    def is_essential(self) -> bool:
        """Whether a snapshot is worth nothing without it."""
        return self.name in ESSENTIAL


class Outcome(NamedTuple):
    """How a command ended, in words."""

    text: str
    was_written: bool = False
    is_there: bool = True


def _resource(kind: Kind, group: str) -> str:
    plural = kind.plural.replace("_", "")
    return f"{plural}.{group}" if group else plural


def _steps() -> Iterator[Step]:
    for kind in KINDS:
        if kind.kind != "ConfigMap":
            yield from _kind_steps(kind)
    for name, namespace in CONFIG_MAPS:
        arguments = ("get", "configmaps", name, "-n", namespace, "--ignore-not-found", "-o", "json")
        yield Step(
            f"configmap-{namespace}-{name}", (*arguments, f"--request-timeout={REQUEST_TIMEOUT}"), "ConfigMap"
        )


def _kind_steps(kind: Kind) -> Iterator[Step]:
    groups = [group for group in kind.groups if group != "extensions"]
    previous = ""
    for group in groups:
        name = _resource(kind, group)
        arguments = ("get", name, "-A", "-o", "json", f"--request-timeout={REQUEST_TIMEOUT}")
        yield Step(name, arguments, kind.kind, INSTEAD_OF.get(name, previous))
        previous = name


#: Every command of a snapshot, in order.
STEPS: tuple[Step, ...] = tuple(_steps())


def run_step(prefix: list[str], step: Step, folder: Path) -> Outcome:
    """Run one command and write what it prints to ``NAME.json``, whole or not at all, if it is what was asked for.

    A file of that name from before goes away when the command does not write a new one.

    Raises
    ------
    Stop
        If kubectl cannot be run.
    """
    target = folder / f"{step.name}.json"
    answer, outcome = _answer([*prefix, *step.arguments])
    if flaw := flaw_of(answer, step.kind) if outcome.was_written else "":
        outcome = Outcome(f"unusable: {flaw}")
    if outcome.was_written:
        replace_file(target, answer)
    else:
        target.unlink(missing_ok=True)
    return outcome


def _answer(command: list[str]) -> tuple[bytes, Outcome]:
    """What a command prints, held in memory: it may be something that must not be written; and how it ends."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=COMMAND_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return b"", Outcome(f"no answer within {COMMAND_TIMEOUT_S} s")
    except OSError as error:
        raise Stop(
            f"cannot run {command[0]}: {error.strerror}; install kubectl or name it with --kubectl"
        ) from None
    message = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        return b"", _failure(message or f"kubectl ended with {done.returncode}")
    if not done.stdout:
        return b"", Outcome("not there", is_there=False)
    return done.stdout, Outcome(f"{len(done.stdout):,} bytes", was_written=True)


def _failure(message: str) -> Outcome:
    if any(words in message for words in _NOT_THERE):
        return Outcome("not there", is_there=False)
    if any(words in message for words in _FORBIDDEN):
        return Outcome("forbidden (your account may not list it)")
    return Outcome(f"failed: {message.splitlines()[-1]}")
