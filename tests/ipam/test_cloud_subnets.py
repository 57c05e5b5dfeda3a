import json

import pytest

from kubenetlab.ipam.cloud_subnets import node_pools, subnet_use
from kubenetlab.readers import read_bytes
from tests.builders import cluster, node, pod
from tests.readers import cloud_listings as listings


def read(*documents):
    return read_bytes("x", "\n".join(map(json.dumps, documents)).encode())


def row(value, name, version=4):
    frame = subnet_use(value).frame
    return frame[(frame["subnet"] == name) & (frame["range"].str.contains(":") == (version == 6))].iloc[0]


def test_subnet_use__aws_reserves_five_and_counts_what_is_available():
    found = row(read(listings.AWS_SUBNETS), "subnet-0a")

    assert found[["n_reserved", "n_usable", "n_used", "n_free"]].tolist() == [5, 251, 18, 233]
    assert found["used_by"] == "AvailableIpAddressCount"
    assert found["used_share"] == pytest.approx(18 / 251)


def test_subnet_use__interfaces_tell_which_prefixes_are_free():
    # Taken: .0-.5 (reserved, .4 and .5), .16-.31 (prefix), .255 (reserved): the first and the last /28 are broken.
    found = row(read(listings.AWS_SUBNETS, listings.AWS_INTERFACES), "subnet-0a")

    assert (found["largest_free"], found["n_prefixes_free"]) == ("10.0.1.64/26", 13)


def test_subnet_use__where_interfaces_are_missing_nobody_knows_which_prefixes_are_free():
    found = row(read(listings.AWS_SUBNETS, listings.AWS_INTERFACES), "subnet-0z")

    assert found["n_used"] == 151
    assert found[["largest_free", "n_prefixes_free"]].isna().all()


def test_subnet_use__without_a_count_interfaces_tell_what_is_used():
    subnets = {"Subnets": [{"SubnetId": "subnet-0a", "CidrBlock": "10.0.1.0/24"}]}

    found = row(read(subnets, listings.AWS_INTERFACES), "subnet-0a")

    assert (found["n_used"], found["used_by"]) == (18, "network interfaces")


def test_subnet_use__free_addresses_without_a_free_prefix_are_told():
    # One address in every /28: 240 less 5 reserved are left, and no prefix.
    taken = [{"PrivateIpAddress": f"10.0.1.{16 * i + 8}"} for i in range(16)]
    interfaces = {"NetworkInterfaces": [{"SubnetId": "subnet-0a", "PrivateIpAddresses": taken}]}
    subnets = {
        "Subnets": [{"SubnetId": "subnet-0a", "CidrBlock": "10.0.1.0/24", "AvailableIpAddressCount": 235}]
    }

    result = subnet_use(read(subnets, interfaces))

    assert result.frame["n_prefixes_free"].tolist() == [0]
    assert result.because == (
        "subnet-0a has 235 free addresses and no free /28: prefix delegation fails there",
    )


def test_subnet_use__of_ipv6_nothing_counts_what_is_used():
    found = row(read(listings.AWS_SUBNETS), "subnet-0a", version=6)

    assert found["n_usable"] == 2**64 - 5
    assert found[["n_used", "n_free", "used_share"]].isna().all()


def test_subnet_use__azure_reserves_five_and_counts_ip_configurations():
    found = row(read(listings.AZURE_SUBNETS), "nodes")

    assert found[["n_usable", "n_used", "n_free", "used_by"]].tolist() == [251, 2, 249, "ipConfigurations"]


def test_subnet_use__a_subnet_that_is_only_named_is_unknown():
    frame = subnet_use(read(listings.AKS)).frame

    assert frame["subnet"].tolist() == ["nodes"]
    assert frame[["n_usable", "n_used", "n_free", "used_share"]].isna().all(axis=None)


def test_subnet_use__google_cloud_reserves_four_of_a_primary_range_and_none_of_a_secondary_one():
    # facts, 1.10: a /29 has 4 addresses for nodes
    frame = subnet_use(read(listings.GCP_SUBNETS)).frame

    assert frame["n_usable"].tolist() == [4, 2**18]
    assert frame["n_used"].isna().all()


def test_subnet_use__counts_the_nodes_and_pods_of_the_dump():
    value = cluster(
        node("a", ip="10.0.1.4"),
        pod("shop/a", ips=("10.0.1.9",)),
        pod("shop/host", ips=("10.0.1.4",), host_network=True),
    ).with_(listings=read(listings.AWS_SUBNETS).listings)

    found = row(value, "subnet-0a")

    assert (found["n_nodes"], found["n_pods"]) == (1, 1)


def test_subnet_use__a_tiny_subnet_has_nothing_to_use():
    subnets = {"Subnets": [{"SubnetId": "s", "CidrBlock": "10.0.1.0/30", "AvailableIpAddressCount": 0}]}

    found = row(read(subnets), "s")

    assert found[["n_reserved", "n_usable", "n_used"]].tolist() == [4, 0, 0]
    assert found.isna()["used_share"]


def test_subnet_use__without_listings_the_answer_is_unknown():
    result = subnet_use(cluster(node("a"), settings={"ipam": "aws-vpc-cni"}))

    assert result.frame.empty
    assert "how full they are is unknown" in result.because[0]


def test_node_pools__shows_what_the_listings_say():
    frame = node_pools(read(listings.AKS, listings.GKE)).frame

    assert frame["node_pool"].tolist() == ["system", "default-pool", "small"]
    assert frame["max_pods"].tolist() == [30, 110, 32]
    assert frame["max_nodes"].fillna(0).tolist() == [5, 9, 0]


TWIN = {
    "Subnets": [
        {"SubnetId": "twin", "VpcId": "vpc-2", "CidrBlock": "10.0.1.0/24", "AvailableIpAddressCount": 0}
    ]
}
OURS = {"Subnets": [{"SubnetId": "subnet-0a", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}]}
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "a"},
    "status": {"addresses": [{"type": "InternalIP", "address": "10.0.1.4"}]},
}


@pytest.mark.parametrize("order", [[TWIN, OURS], [OURS, TWIN]])
def test_subnet_use__interfaces_tell_which_of_two_networks_with_one_range_is_ours(order):
    result = subnet_use(read(NODE, *order, listings.AWS_INTERFACES))

    assert result.frame.set_index("subnet")["n_nodes"].to_dict() == {"subnet-0a": 1, "twin": 0}
    assert result.because == ()


def test_subnet_use__without_interfaces_nobody_knows_which_network_is_ours():
    result = subnet_use(read(NODE, OURS, TWIN))

    assert result.frame["n_nodes"].tolist() == [1, 1]
    assert result.because[0].startswith("vpc-1, vpc-2 have subnets of the same ranges")


def test_subnet_use__kubernetes_leaves_the_ends_of_a_listed_service_range():
    found = row(read(listings.GKE), "services")

    assert found[["n_reserved", "n_usable"]].tolist() == [2, 4094]


def test_subnet_use__tells_what_the_listings_lack():
    other = NODE | {
        "metadata": {"name": "b"},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.9.9.9"}]},
    }
    strange = {"NetworkInterfaces": [{"SubnetId": "unlisted", "PrivateIpAddresses": []}]}

    assert subnet_use(read(NODE, other, OURS, strange)).because == (
        "network interfaces of 1 subnets are listed, and these subnets are not (aws ec2 describe-subnets)",
        "the listing lacks the subnets of 1 of 2 nodes",
    )


def test_subnet_use__tells_a_name_with_two_ranges():
    twice = {"Subnets": [{"SubnetId": "s", "CidrBlock": cidr} for cidr in ("10.0.1.0/24", "10.0.2.0/24")]}

    assert subnet_use(read(twice)).because == ("s is listed with 2 ranges",)
