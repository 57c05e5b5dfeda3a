"""What the recorded kube-proxy was given, from its input.json.

A case is a folder. Its input.json becomes, for each of its syncs and address families, what a writer is given:
settings, service ports with their endpoints, and the Services that changed since the sync before.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kubenetlab.kube_proxy.proxied_ports import ports_of
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
from kubenetlab.kube_proxy.service_port import ProxiedPorts
from kubenetlab.objects import EndpointSlice, Service
from tests.golden_recordings import read_bytes

CASES = Path(__file__).parent / "golden" / "kube-proxy"
LOCAL_VALUES = ("cidr", "bridgeInterface", "interfaceNamePrefix")
SETTINGS = {
    "masqueradeAll": "masquerade_all",
    "masqueradeBit": "masquerade_bit",
    "nodePortAddresses": "node_port_addresses",
    "localhostNodePorts": "localhost_node_ports",
    "conntrackTCPBeLiberal": "conntrack_tcp_be_liberal",
    "nfacct": "is_nfacct",
    "randomFully": "random_fully",
    "serviceCIDRs": "service_cidrs",
    "ipvsScheduler": "ipvs_scheduler",
}


class Sync(NamedTuple):
    """What a writer gets at one sync; ``changed`` is None at the first."""

    ports: ProxiedPorts
    changed: frozenset[str] | None


@dataclass(frozen=True)
class Case:
    """Everything a recorded program was given, for one family."""

    settings: ProxySettings
    version: int
    syncs: tuple[Sync, ...]

    @property
    def ports(self):
        return self.syncs[-1].ports


def settings_of(document):
    """The settings of the node in an input.json."""
    node, config = document["node"], document["config"]
    given = {field: config[name] for name, field in SETTINGS.items() if name in config}
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    detect = config.get("detectLocal") or _by_cidr(config.get("clusterCIDR", ""))
    return ProxySettings(
        node_name=node["name"],
        node_labels=node["labels"],
        node_ips=tuple(node["ips"]),
        detect_local_mode=DetectLocalMode(detect["mode"]),
        detect_local_value=next((detect[name] for name in LOCAL_VALUES if name in detect), ""),
        **given,
    )


def _by_cidr(cidr):
    return {"mode": "ClusterCIDR", "cidr": cidr} if cidr else {"mode": "None"}


def syncs_of(document, settings, version):
    """What a writer gets at each sync of an input.json."""
    services, slices = {}, {}
    for number, step in enumerate([document, *document.get("steps", [])]):
        if document.get("noDefaults"):
            _leave_out_nameless_ports(step)
        changed = _apply(step, "services", services, lambda value: value["metadata"]["name"])
        changed |= _apply(step, "endpointSlices", slices, _service_name)
        ports = ports_of(
            msgspec.convert(list(services.values()), list[Service]),
            msgspec.convert(list(slices.values()), list[EndpointSlice]),
            settings,
            version,
        )
        yield Sync(ports, frozenset(changed) if number else None)


def _apply(step, kind, objects, service_name: Callable[[Any], str]):
    """Add, replace and remove objects by name; return the full names of the Services that this changes."""
    deleted = step.get(f"delete{kind[0].upper()}{kind[1:]}", [])
    for value in deleted:
        objects.pop(_name(value), None)
    objects |= {_name(value): value for value in step.get(kind, [])}
    return {
        f"{value['metadata'].get('namespace', '')}/{service_name(value)}"
        for value in (*deleted, *step.get(kind, []))
    }


def _leave_out_nameless_ports(step):
    """The API server gives every port of a slice a name, if an empty one; kube-proxy skips a port without."""
    for value in step.get("endpointSlices", []):
        value["ports"] = [port for port in value.get("ports", []) if "name" in port]


def _name(value):
    return value["metadata"].get("namespace", ""), value["metadata"]["name"]


def _service_name(value):
    return value["metadata"].get("labels", {}).get("kubernetes.io/service-name", "")


@cache
def case_in(folder: Path, version: int) -> Case:
    """The case in a folder, for one family."""
    document = json.loads(content(folder, "input.json"), object_hook=_without_nothing)
    settings = settings_of(document)
    return Case(settings, version, tuple(syncs_of(document, settings, version)))


def _without_nothing(fields):
    """JSON without null, which the API's fields do not tell from absence."""
    return {name: value for name, value in fields.items() if value is not None}


def content(folder, name):
    """The content of a file of a case, packed or not; None where there is none."""
    paths = [path for path in (folder / name, folder / f"{name}.gz") if path.exists()]
    return read_bytes(paths[0]) if paths else None


def version_of(recording):
    return 6 if recording.output.startswith(("ipv6.", "ip6tables")) else 4
