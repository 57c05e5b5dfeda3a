import copy
import json

import pytest

from kubenetlab.findings import Severity, check
from kubenetlab.readers import read_bytes
from tests.findings.brute_force_allocation import RULES
from tests.findings.brute_force_builders import (
    BOTH_BLOCKS,
    TWO_BLOCKS,
    agent,
    block,
    controller_manager,
    flannel_mtus,
    item,
    node,
)
from tests.findings.brute_force_dump import CLUSTER_SCOPED
from tests.findings.brute_force_examples import FIRES
from tests.findings.brute_force_neighbours import SILENT


def found(items, *codes):
    """Findings on raw items; the builders give all of them a namespace."""
    items = copy.deepcopy(list(items))
    for one in items:
        if one["kind"] in CLUSTER_SCOPED:
            del one["metadata"]["namespace"]
    cluster = read_bytes("test", json.dumps({"kind": "List", "items": items}).encode())
    return list(check(cluster, codes=codes or RULES))


@pytest.mark.parametrize(("code", "items", "what"), [case for case in FIRES if case[0] in RULES])
def test_check__finds_the_minimal_examples_of_the_brute_force(code, items, what):
    assert [(finding.code, finding.object) for finding in found(items, code)] == [(code, what)]


@pytest.mark.parametrize(("code", "items"), [case for case in SILENT if case[0] in RULES])
def test_check__is_silent_on_near_neighbours(code, items):
    assert found(items, code) == []


def test_knl208__is_high_and_says_which_manager():
    (finding,) = found([controller_manager(), node(cidr="10.9.0.0/24")])

    assert finding.severity is Severity.HIGH
    assert finding.message == (
        "The node's pod CIDR 10.9.0.0/24 is outside the cluster CIDR 10.244.0.0/16 of kube-controller-manager: "
        "that does not start again as long as it is."
    )
    assert finding.evidence == (
        "spec.podCIDRs[0]: 10.9.0.0/24",
        "kube-controller-manager --cluster-cidr=10.244.0.0/16 in Pod kube-system/kube-controller-manager-a",
    )


def test_knl208__a_node_is_named_once_for_several_managers():
    managers = [controller_manager("10.244.0.0/16"), controller_manager("10.245.0.0/16")]
    managers[1]["metadata"]["name"] = "kube-controller-manager-b"

    assert len(found([*managers, node(cidr="10.9.0.0/24")])) == 1


@pytest.mark.parametrize("text", ["", "10.244.0.0/33", "all", ","])
def test_knl208__is_silent_where_the_flag_is_no_range(text):
    assert found([controller_manager(text), node(cidr="10.9.0.0/24")]) == []


def test_knl208__a_manager_of_a_nested_cluster_does_not_count():
    nested = controller_manager()
    nested["metadata"]["namespace"] = "tenant-1"

    assert found([nested, node(cidr="10.9.0.0/24")]) == []


def test_knl209__says_how_few_addresses_are_in_use():
    # calico issue 7382: 64 blocks, 526 of 4,096 addresses in use, no free block
    pool = item("IPPool", "p", {"cidr": "192.168.32.0/20"})
    blocks = [block(f"192.168.{32 + n // 4}.{n % 4 * 64}/26", n_used=9 if n < 14 else 8) for n in range(64)]

    (finding,) = found([pool, *blocks])

    assert finding.message == "All 64 blocks of /26 of 192.168.32.0/20 are in use, with 526 addresses."
    assert finding.evidence == ("spec.cidr: 192.168.32.0/20", "IPAMBlocks: 526 of 4,096 addresses in use")


@pytest.mark.parametrize(
    "spec",
    [
        {"cidr": "10.0.0.0/25", "blockSize": 24},
        {"cidr": "10.0.0.0/25", "blockSize": 200},
        {"cidr": "10.0.0.0/25", "blockSize": -1},
        {"cidr": "0.0.0.0/0"},
        {"cidr": "::/0", "blockSize": 128},
    ],
)
def test_knl209__strange_pools_are_not_full(spec):
    assert found([item("IPPool", "p", spec), *BOTH_BLOCKS], "KNL209") == []


def test_knl209__blocks_of_another_size_or_pool_do_not_count():
    others = [
        block("10.0.0.0/27"),
        block("10.0.0.64/26"),
        block("10.9.0.0/26"),
        block("10.0.0.0/26", deleted=True),
    ]
    for other in others:
        other["spec"]["allocations"] = other["spec"]["allocations"][:32]

    assert found([TWO_BLOCKS, *others]) == []


def test_knl210__names_both_places():
    (finding,) = found([flannel_mtus(1500, 1500)])

    assert finding.severity is Severity.MEDIUM
    assert finding.evidence == (
        "ConfigMap kube-system/kube-flannel-cfg cni-conf.json delegate.mtu: 1500",
        "ConfigMap kube-system/kube-flannel-cfg net-conf.json Backend.MTU: 1500",
    )


def test_knl210__leftovers_of_another_plugin_do_not_count():
    # Flannel's ConfigMap is still there, and Calico's agent runs.
    assert found([flannel_mtus(1500, 1500), agent("calico-node")], "KNL210") == []
