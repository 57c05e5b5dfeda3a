"""KNL211 to KNL213: what listings of the cloud and of nodes tell, and blocks of nodes that are gone."""

import pytest

from kubenetlab.findings import Severity, check
from tests.findings.agreement import listed
from tests.findings.brute_force_builders import deployment, node
from tests.findings.brute_force_listing_builders import (
    CALICO,
    FLANNEL_NODE,
    OTHER_POD,
    PREFIX_AGENT,
    SCATTERED,
    VPC_AGENT,
    VPC_NODE,
    aws_interface,
    aws_subnet,
    host_local,
    owned_block,
    placed_pod,
)
from tests.findings.brute_force_listing_examples import FIRES, SILENT
from tests.findings.listings import read_items


def found(items, *codes):
    return list(check(read_items(items), codes=codes or ["KNL211", "KNL212", "KNL213"]))


@pytest.mark.parametrize(("code", "items", "what"), FIRES)
def test_check__finds_the_minimal_examples_of_the_brute_force(code, items, what):
    assert [(finding.code, finding.object) for finding in found(items, code)] == [(code, what)]


@pytest.mark.parametrize(("code", "items"), SILENT)
def test_check__is_silent_on_near_neighbours(code, items):
    assert found(items, code) == []


@pytest.mark.parametrize("platform", ["eks", "kubeadm-flannel", "kubeadm-calico"])
def test_check__agrees_with_the_brute_force_on_random_listings(platform):
    results = [listed(seed, platform) for seed in range(12)]

    assert [seed for seed, one in enumerate(results) if one.found != one.confirmed] == []
    assert all(one.planted <= one.found for one in results)
    assert any(one.found for one in results)
    assert any(not one.found for one in results)


def test_knl211__says_how_full():
    (finding,) = found([VPC_AGENT, VPC_NODE, placed_pod("10.0.1.8"), aws_subnet(17)])

    assert finding.severity is Severity.MEDIUM
    assert finding.message == "10.0.1.0/24 is 93.2 % used: 234 of 251 addresses."
    assert finding.evidence == (
        "used (AvailableIpAddressCount): 234",
        "usable: 251",
        "of this cluster: 1 node, 1 pod",
    )
    assert finding.advice.startswith("Add a subnet for nodes and pods")


def test_knl211__says_how_many_prefixes_are_left_where_interfaces_tell():
    half = aws_interface(
        prefixes=["10.0.1.16/28", "10.0.1.32/27", "10.0.1.64/26", "10.0.1.128/26", "10.0.1.192/27"]
    )

    (finding,) = found([PREFIX_AGENT, VPC_NODE, aws_subnet(43), half])

    assert finding.message == "10.0.1.0/24 is 82.9 % used: 208 of 251 addresses, and 1 free /28."


def test_knl211__free_addresses_without_a_prefix_are_told_apart():
    (finding,) = found([PREFIX_AGENT, VPC_NODE, aws_subnet(235), SCATTERED])

    assert finding.message == (
        "10.0.1.0/24 has 235 free addresses and no free /28: prefix delegation, which is on, gets nothing there."
    )
    assert finding.evidence[-2:] == (
        "aws-node ENABLE_PREFIX_DELEGATION: true",
        "largest free block: 10.0.1.16/29",
    )
    assert "create-subnet-cidr-reservation" in finding.advice


def test_knl211__a_full_subnet_has_no_prefix_because_it_is_full():
    full = aws_interface(prefixes=["10.0.1.0/24"])

    (finding,) = found([PREFIX_AGENT, VPC_NODE, aws_subnet(0), full])

    assert finding.message == "10.0.1.0/24 is 100 % used: 251 of 251 addresses, and 0 free /28."


def test_knl211__a_subnet_that_is_listed_twice_counts_once():
    assert len(found([VPC_AGENT, VPC_NODE, aws_subnet(9), aws_subnet(9)])) == 1


def test_knl212__says_which_and_what_share():
    # A /28 holds 13 pods under host-local.
    leaked = [f"10.244.0.{number}" for number in range(3, 10)]

    (finding,) = found([FLANNEL_NODE, placed_pod(), OTHER_POD, host_local("10.244.0.2", *leaked)])

    assert finding.severity is Severity.MEDIUM
    assert finding.message == (
        "host-local keeps 7 addresses for containers that are gone, 53.8 % of the 13 that its pod CIDR holds: "
        "10.244.0.3, 10.244.0.4, 10.244.0.5, 10.244.0.6, 10.244.0.7 and 2 more."
    )
    assert finding.evidence == (
        "files: 8",
        "files of running pods: 1",
        "pods without an address yet: 0",
        "networks: cbr0",
    )


@pytest.mark.parametrize(("n_lost", "severity"), [(12, Severity.LOW), (13, Severity.MEDIUM)])
def test_knl212__a_few_are_low(n_lost, severity):
    # 5 % of the 253 addresses of a /24 are 12.65.
    files = host_local("10.244.0.2", *(f"10.244.0.{number}" for number in range(3, 3 + n_lost)))

    (finding,) = found([node(cidr="10.244.0.0/24"), placed_pod(), OTHER_POD, files])

    assert finding.severity is severity


def test_knl212__pods_that_start_may_have_some():
    starting = placed_pod(None, name="new")
    files = host_local("10.244.0.2", "10.244.0.3", "10.244.0.4", "10.244.0.5")

    (finding,) = found([FLANNEL_NODE, placed_pod(), starting, OTHER_POD, files])

    assert finding.message == (
        "host-local keeps at least 2 addresses for containers that are gone, 15.4 % of the 13 that its pod CIDR holds, "
        "among 10.244.0.3, 10.244.0.4, 10.244.0.5."
    )


def test_knl212__of_two_families_the_one_that_lost_more_counts():
    dual = node() | {"spec": {"podCIDRs": ["10.244.0.0/28", "fd00::/64"]}}
    files = host_local("10.244.0.2", "10.244.0.3", "fd00::3", "fd00::4")

    (finding,) = found([dual, placed_pod(), OTHER_POD, files])

    assert "keeps 3 addresses for containers that are gone, 15.4 % of the 13" in finding.message


def test_knl213__counts_blocks_and_addresses():
    blocks = [
        owned_block("10.0.0.0/26", "b"),
        owned_block("10.0.0.64/26", "old"),
        owned_block("10.0.0.128/26", "older", 0),
    ]

    (finding,) = found([CALICO, node("b"), *blocks])

    assert finding.severity is Severity.LOW
    assert finding.message == "2 Calico blocks of 2 nodes that are gone keep 128 addresses, 1 of them in use."
    assert finding.evidence == ("affinity to: old, older", "blocks: 10.0.0.128/26, 10.0.0.64/26")


def test_knl213__a_planned_pod_does_not_bring_a_node_back():
    blocks = [owned_block("10.0.0.0/26", "b"), owned_block("10.0.0.64/26", "old")]

    assert len(found([CALICO, deployment(), node("b"), *blocks])) == 1


def test_knl213__one_block_of_one_node():
    (finding,) = found(
        [CALICO, node("b"), owned_block("10.0.0.0/26", "b"), owned_block("10.0.0.64/26", "old")]
    )

    assert finding.message == "1 Calico block of a node that is gone keeps 64 addresses, 1 of them in use."
