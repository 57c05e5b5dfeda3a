"""Which model answers which recorded output. To add one: split, answer, and a row of ``MODELS``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubenetlab.ipam.node_cidrs import NodeCidrSet, PoolExhaustedError
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES
from kubenetlab.result import Basis
from tests.golden_bands_and_blocks import (
    aws_warm_cases,
    calico_first_block,
    node_port_bands,
    service_bands,
    split_aws_warm_cases,
    split_calico_first_block,
    split_node_port_bands,
    split_service_bands,
)
from tests.golden_dns_caches import cache_row, split_cache_row
from tests.golden_dns_end_to_end import END_TO_END
from tests.golden_dns_records import answer_query, config_error, split_answer, split_config
from tests.golden_dns_resolvers import OUTPUTS as LOOKUPS
from tests.golden_kube_proxy_outputs import OUTPUTS
from tests.golden_pod_addresses import (
    flannel_config,
    host_local,
    ovn_kubernetes,
    split_flannel,
    split_host_local,
    split_ovn_kubernetes,
)
from tests.golden_recordings import Recording


class NotModelledError(Exception):
    """Raised by a model for an input that it does not cover."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model, how a recording is split into (inputs, recorded answer), and what the agreement table says of it."""

    name: str
    version: str
    compared: str
    split: Callable[[Recording], tuple[Any, Any]]
    answer: Callable[[Any], Any]
    basis: Basis = Basis.RAN


_LABELS = {"name", "description", "oracle"}
_SET_INPUTS = {"clusterCIDR", "nodeMaskSize"}
_STEP_INPUTS = {"op", "cidr"}
_LONGEST_USED_HEX = 80  # the recorder left longer bitmaps out


def _only(fields, names):
    return {name: value for name, value in fields.items() if name in names}


def _without(fields, names):
    return {name: value for name, value in fields.items() if name not in names}


def split_node_cidrs(recording):
    """Inputs: the CIDR set and the steps."""
    document = recording.document
    steps = document.get("steps", [])
    inputs = _only(document, _SET_INPUTS)
    inputs["steps"] = [_only(step, _STEP_INPUTS) for step in steps]
    recorded = _without(document, _LABELS | _SET_INPUTS)
    if steps:
        recorded["steps"] = [_without(step, _STEP_INPUTS) for step in steps]
    return inputs, recorded


def node_cidrs(inputs):
    """The whole trace of a CIDR set."""
    try:
        node_cidr_set = NodeCidrSet(inputs["clusterCIDR"], inputs["nodeMaskSize"])
    except ValueError as error:
        return {"newError": str(error)}
    steps = [_node_cidr_step(node_cidr_set, step) for step in inputs["steps"]]
    return {"maxCIDRs": node_cidr_set.max_cidrs, "steps": steps}


def _node_cidr_step(node_cidr_set, step):
    try:
        answer = _STEPS[step["op"]](node_cidr_set, step.get("cidr"))
    except (PoolExhaustedError, ValueError) as error:
        answer = {"error": str(error)}
    answer |= {"allocated": node_cidr_set.allocated, "nextCandidate": node_cidr_set.next_candidate}
    used_hex = f"{node_cidr_set.used_bitmap:x}"
    return answer if len(used_hex) > _LONGEST_USED_HEX else answer | {"used_hex": used_hex}


def _nothing(_):
    return {}


_STEPS = {
    "allocate": lambda node_cidrs, _: {"result": str(node_cidrs.allocate()), "tries": node_cidrs.tries},
    "occupy": lambda node_cidrs, cidr: _nothing(node_cidrs.occupy(cidr)),
    "release": lambda node_cidrs, cidr: _nothing(node_cidrs.release(cidr)),
    "filterOutServiceRange": lambda node_cidrs, cidr: {"overlap": node_cidrs.filter_out_service_range(cidr)},
}

#: By component and output, as `make golden` prints them.
MODELS: dict[tuple[str, str], Model] = (
    {
        ("node-cidrs", "trace"): Model(
            name="kubenetlab.ipam.node_cidrs",
            version="kube-controller-manager's CIDR set (cloud-provider-gcp 4e2453124)",
            compared="every step: answer or error text, cursor, tries, number and bitmap of the node CIDRs in use",
            split=split_node_cidrs,
            answer=node_cidrs,
        ),
        ("host-local", "trace"): Model(
            name="kubenetlab.ipam.host_local",
            version="CNI host-local 1.1.1",
            compared="every step of ADD, DEL and CHECK: addresses and gateways or error text; the files left behind",
            split=split_host_local,
            answer=host_local,
        ),
        ("addressing", "flannel-config-cases"): Model(
            name="kubenetlab.ipam.flannel",
            version="flannel cdf760595, CheckNetworkConfig",
            compared="backend type, subnet length, first and last subnet, number of subnets, or error text",
            split=split_flannel,
            answer=flannel_config,
        ),
        ("addressing", "ovn-subnet-traces"): Model(
            name="kubenetlab.ipam.ovn_kubernetes",
            version="ovn-kubernetes 6c366bb49, subnet_allocator.go",
            compared="subnets in the order in which they are handed out, their number, error texts",
            split=split_ovn_kubernetes,
            answer=ovn_kubernetes,
        ),
        ("addressing", "service-bands"): Model(
            name="kubenetlab.ipam.service_ips",
            version="kubernetes, service/ipallocator, and its documentation",
            compared="usable addresses, static and dynamic band, addresses of default/kubernetes and DNS",
            split=split_service_bands,
            answer=service_bands,
            basis=Basis.SOURCE,
        ),
        ("addressing", "nodeport-bands"): Model(
            name="kubenetlab.ipam.node_ports",
            version="kubernetes, service/portallocator",
            compared="static and dynamic band",
            split=split_node_port_bands,
            answer=node_port_bands,
            basis=Basis.SOURCE,
        ),
        ("addressing", "calico-first-block"): Model(
            name="kubenetlab.ipam.calico_blocks",
            version="calico 87c1590 randomBlockGenerator, Go's math/rand",
            compared="hash of the host, number of blocks, index and CIDR of the block a host tries first",
            split=split_calico_first_block,
            answer=calico_first_block,
        ),
        ("addressing", "aws-warm-cases"): Model(
            name="kubenetlab.ipam.aws_vpc_cni",
            version="amazon-vpc-cni-k8s b52188387, tables of its documents (one row corrected)",
            compared="interfaces and secondary addresses, or prefixes, by pods and warm targets",
            split=split_aws_warm_cases,
            answer=aws_warm_cases,
            basis=Basis.DOCS,
        ),
        ("coredns", "answers"): Model(
            name="kubenetlab.dns.records",
            version="CoreDNS 1.13.1, plugin kubernetes",
            compared="rcode, AA, every record of every section with its TTL, or handed on to the next plugin",
            split=split_answer,
            answer=answer_query,
        ),
        ("coredns", "trace"): Model(
            name="kubenetlab.dns.records",
            version="CoreDNS 1.13.1, plugin kubernetes",
            compared="text of the refusal",
            split=split_config,
            answer=config_error,
        ),
        ("coredns-cache", "coredns-cache-traces"): Model(
            name="kubenetlab.dns.caches.coredns_cache",
            version="CoreDNS 1.13.1, plugin cache",
            compared="rcode, TTL, AA and queries to the server behind it, query by query; of 882 whole recorded seconds the TTLs show 120 to be just not over",
            split=split_cache_row,
            answer=cache_row,
        ),
    }
    | {
        ("resolvers", output): Model(
            name=name, version=version, compared=compared, split=split, answer=answer
        )
        for output, (name, version, compared, split, answer) in (LOOKUPS | END_TO_END).items()
    }
    | {
        ("kube-proxy", output): Model(
            name=name, version=version, compared=compared, split=split, answer=answer
        )
        for output, (name, version, compared, split, answer) in OUTPUTS.items()
    }
)

#: Models that no recording is replayed for: name, component and version, what is compared, basis.
NOT_REPLAYED: list[tuple[str, str, str, Basis]] = [
    (
        f"kubenetlab.ipam.pod_cidr_capacity, {ipam}",
        rule.source,
        "pods until the range is full, 4 recordings" if rule.basis is Basis.RAN else "nothing recorded",
        rule.basis,
    )
    for ipam, rule in POD_CIDR_RULES.items()
] + [
    (f"kubenetlab.load_balancing.{name}", component, compared, basis)
    for name, component, compared, basis in (
        (
            "affinity, iptables and nftables",
            "xt_recent and the sets of nf_tables, Linux 6.18",
            "connection by connection where the endpoint is forced, evenness where it is free; by tests with the kernel",
            Basis.RAN,
        ),
        ("affinity, ipvs", "Linux, net/netfilter/ipvs, persistence", "nothing recorded", Basis.SOURCE),
        (
            "paths.maglev",
            "cilium, pkg/maglev",
            "slot by slot, the 251 slots of its own test; the weighted vector of 1,021",
            Basis.RAN,
        ),
        (
            "paths.metallb",
            "metallb, speaker/layer2_controller.go",
            "the announcing nodes of its own tests",
            Basis.SOURCE,
        ),
        (
            "long_lived, ipvs schedulers",
            "Linux, net/netfilter/ipvs/ip_vs_*.c",
            "nothing recorded",
            Basis.SOURCE,
        ),
        (
            "node_limits",
            "Linux, nf_conntrack and nf_nat_core.c; kube-proxy v1.36.2",
            "masquerade ports and lost flows, by tests with the kernel",
            Basis.SOURCE,
        ),
    )
]
