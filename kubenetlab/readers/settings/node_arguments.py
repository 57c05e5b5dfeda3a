"""Settings in the command line that k3s and RKE2 write into an annotation of each node.

Source: k3s pkg/nodeconfig/nodeconfig.go (``<product>.io/node-args``: a JSON list; secrets in it are masked),
pkg/cli/cmds/server.go (flags and their short forms; ``--kube-…-arg`` takes ``flag=value``).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kubenetlab.cluster import Cluster
from kubenetlab.objects import object_name
from kubenetlab.readers.settings.clues import Clue, Clues
from kubenetlab.readers.settings.command_lines import FLAGS, flags_of

ANNOTATIONS = ("k3s.io/node-args", "rke2.io/node-args")
_SETTINGS = {
    "cluster-cidr": "cluster_cidr",
    "service-cidr": "service_cidr",
    "service-node-port-range": "node_port_range",
    "cluster-dns": "cluster_dns",
    "cluster-domain": "cluster_domain",
}
_LISTS = frozenset(("cluster_cidr", "service_cidr", "cluster_dns"))
_MAX_TEXT = 1 << 20
_decode = msgspec.json.Decoder(list[str]).decode


def clues(cluster: Cluster) -> Clues:
    """Yield what the servers' flags say; a text that is no list of texts becomes a note."""
    seen: set[tuple[tuple[str, str], ...]] = set()
    for place, flags in _command_lines(cluster):
        if isinstance(flags, str):
            yield flags
        elif flags not in seen:
            seen.add(flags)
            yield from _of_flags(flags, place)


def flannel_is_off(cluster: Cluster) -> bool:
    """Whether k3s was told to run without its own Flannel, so that another plugin gives pods their network."""
    return any(
        ("flannel-backend", "none") in flags
        for _, flags in _command_lines(cluster)
        if not isinstance(flags, str)
    )


def _of_flags(flags: tuple[tuple[str, str], ...], place: str) -> Clues:
    values: dict[str, list[str]] = {}
    for flag, value in flags:
        if flag in _SETTINGS and value:
            values.setdefault(flag, []).extend(value.split(","))
        elif flag == "disable-kube-proxy" and value in ("", "true"):
            yield Clue("proxy_mode", "none", f"--{flag} in {place}")
        else:
            yield from _of_component(flag, value, place)
    for flag, texts in values.items():
        setting = _SETTINGS[flag]
        yield Clue(setting, texts if setting in _LISTS else texts[-1], f"--{flag} in {place}")


def _of_component(flag: str, value: str, place: str) -> Clues:
    """``--kube-apiserver-arg service-node-port-range=…`` and the like."""
    name, _, text = value.removeprefix("--").partition("=")
    setting = FLAGS.get(flag.removesuffix("-arg"), {}).get(name) if flag.endswith("-arg") else None
    if setting and text:
        yield Clue(setting, text, f"--{flag} {name} in {place}")


def _command_lines(cluster: Cluster) -> Iterator[tuple[str, tuple[tuple[str, str], ...] | str]]:
    """Yield place and flags of each server, or a note; agents repeat no setting of the cluster."""
    for node in cluster.nodes:
        for key in ANNOTATIONS:
            text = node.metadata.annotations.get(key, "")
            if text:
                place = f"{key} of {object_name(node)}"
                words = _words(text)
                if words is None:
                    yield place, f"{place}: found {text[:80]!r}, expected a JSON list of texts; ignored"
                elif "agent" not in words[:1]:
                    yield place, tuple(flags_of(words))


def _words(text: str) -> list[str] | None:
    try:
        return _decode(text) if len(text) <= _MAX_TEXT else None
    except (msgspec.DecodeError, RecursionError):
        return None
