"""What the clouds' own listings say, read beside a dump and recognised by their shape."""

import copy
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.ipam.cloud_subnets import subnet_use
from kubenetlab.objects.instance_type import InstanceType
from kubenetlab.objects.listings import CloudSubnet, NamedInstanceType, NodePool
from kubenetlab.readers import read_bytes, read_cluster
from kubenetlab.result import Origin
from tests.readers import cloud_listings as listings
from tests.readers.test_laws import JSON_VALUES

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "a"},
    "spec": {"providerID": "aws:///eu-west-1a/i-1"},
    "status": {"addresses": [{"type": "InternalIP", "address": "10.0.1.4"}]},
}
ALL = [
    listings.AWS_SUBNETS,
    listings.AWS_INTERFACES,
    listings.AKS,
    listings.AZURE_SUBNETS[0],
    listings.GKE,
    listings.GCP_SUBNETS[0],
]


def read(*documents):
    return read_bytes("x", "\n".join(map(json.dumps, documents)).encode())


def test_read_cluster__recognises_the_subnets_of_aws():
    found = read(listings.AWS_SUBNETS).listings.subnets

    assert found[:2] == (
        CloudSubnet("aws", "subnet-0a", "10.0.1.0/24", "eu-west-1a", n_used=18, network="vpc-1"),
        CloudSubnet("aws", "subnet-0a", "2001:db8:0:1::/64", "eu-west-1a", network="vpc-1"),
    )


def test_read_cluster__recognises_the_interfaces_of_aws():
    (found,) = read(listings.AWS_INTERFACES).listings.interfaces

    assert found.subnet == "subnet-0a"
    assert found.addresses == ("10.0.1.4", "10.0.1.5", "10.0.1.16/28", "2001:db8:0:1::5")


def test_read_cluster__the_subnets_that_hold_nodes_become_a_setting():
    setting = read(NODE, listings.AWS_SUBNETS).settings["vpc_subnets"]

    assert (setting.value, setting.origin) == (("10.0.1.0/24",), Origin.READ)
    assert setting.evidence == "subnets of the aws listing that hold nodes or pods: subnet-0a, subnet-0z"


def test_read_cluster__of_two_networks_with_one_range_the_one_with_more_nodes_counts():
    second = copy.deepcopy(NODE)
    second["metadata"]["name"] = "b"
    second["status"]["addresses"][0]["address"] = "10.0.2.9"

    setting = read(NODE, second, listings.AWS_SUBNETS).settings["vpc_subnets"]

    assert setting.value == ("10.0.1.0/24", "10.0.2.0/24")
    assert "subnet-0z" not in setting.evidence


def test_read_cluster__without_nodes_all_subnets_may_be_the_clusters():
    setting = read(listings.AWS_SUBNETS).settings["vpc_subnets"]

    assert setting.value == ("10.0.1.0/24", "2001:db8:0:1::/64", "10.0.2.0/24")


def test_read_cluster__without_a_listing_the_subnets_are_unknown():
    assert not read(NODE).settings["vpc_subnets"].is_known


def test_read_cluster__recognises_an_aks_cluster():
    cluster = read(listings.AKS)

    pool = NodePool("azure", "system", n_nodes=3, max_nodes=5, max_pods=30, subnet="nodes", cluster="prod")
    assert cluster.listings.node_pools == (pool,)
    assert cluster.listings.subnets == (CloudSubnet("azure", "nodes", "", network="net"),)
    assert cluster.settings["service_cidr"].value == ("10.0.0.0/16",)
    assert cluster.settings["cluster_dns"].value == "10.0.0.10"


def test_read_cluster__recognises_the_names_of_azures_api():
    aks = copy.deepcopy(listings.AKS)
    aks["agentPoolProfiles"][0]["vnetSubnetID"] = aks["agentPoolProfiles"][0].pop("vnetSubnetId")
    aks["networkProfile"]["dnsServiceIP"] = aks["networkProfile"].pop("dnsServiceIp")

    cluster = read(aks)

    assert cluster.listings.node_pools[0].subnet == "nodes"
    assert cluster.settings["cluster_dns"].value == "10.0.0.10"


def test_read_cluster__recognises_the_subnets_of_azure():
    assert read(listings.AZURE_SUBNETS).listings.subnets == (
        CloudSubnet("azure", "nodes", "10.1.0.0/24", n_used=2, network="net"),
    )


def test_read_cluster__recognises_a_gke_cluster():
    cluster = read(listings.GKE)

    assert [(s.name, s.cidr, s.role) for s in cluster.listings.subnets] == [
        ("pods", "10.52.0.0/14", "pod range"),
        ("more-pods", "10.60.0.0/20", "pod range"),
        ("services", "34.118.224.0/20", "Service range"),
    ]
    assert [(p.name, p.max_pods, p.max_nodes) for p in cluster.listings.node_pools] == [
        ("default-pool", 110, 9),
        ("small", 32, None),
    ]
    assert cluster.settings["cluster_cidr"].value == ("10.52.0.0/14", "10.60.0.0/20")


def test_read_cluster__recognises_gclouds_yaml():
    assert read_bytes("x", yaml.safe_dump(listings.GKE).encode()).listings == read(listings.GKE).listings


def test_read_cluster__recognises_the_subnets_of_google_cloud():
    assert read(listings.GCP_SUBNETS).listings.subnets == (
        CloudSubnet("gcp", "nodes", "10.10.0.0/29", "europe-west1", network="net"),
        CloudSubnet("gcp", "pods", "10.52.0.0/14", "europe-west1", "secondary range", network="net"),
    )


def test_read_cluster__finds_listings_in_a_folder_and_counts_them(tmp_path):
    folder = listings.write(tmp_path, node=NODE, subnets=listings.AWS_SUBNETS, gke=listings.GKE)

    cluster = read_cluster(folder)

    assert len(cluster.provenance.files) == 3
    assert cluster.provenance.read == {
        "Node": 1,
        "aws ec2 describe-subnets": 1,
        "gcloud container clusters describe": 1,
    }


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        (
            {"Subnets": [{"SubnetId": "s", "CidrBlock": "10.0.0.0/33"}]},
            "aws ec2 describe-subnets document: Subnets[0].CidrBlock: found 10.0.0.0/33, expected a CIDR",
        ),
        ({"Subnets": [{}]}, "Subnets[0].SubnetId: found nothing, expected a value"),
        ({"Subnets": 7}, "Subnets: found 7, expected a list"),
        (
            {"Subnets": [{"SubnetId": "s", "CidrBlock": "10.0.0.0/24", "AvailableIpAddressCount": -1}]},
            "AvailableIpAddressCount: found -1, expected a whole number >= 0",
        ),
        (
            {"NetworkInterfaces": [{"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0"}]}]},
            "PrivateIpAddress: found 10.0.0, expected an IP address",
        ),
        ({"agentPoolProfiles": [{"maxPods": "many"}]}, 'maxPods: found "many", expected a whole number'),
        (
            {"nodePools": [{"maxPodsConstraint": {"maxPodsPerNode": "x"}}], "ipAllocationPolicy": {}},
            "maxPodsPerNode: found x, expected a whole number",
        ),
    ],
)
def test_read_cluster__refuses_listings_that_no_cloud_writes(listing, message):
    with pytest.raises(UnreadableError) as error:
        read(listing)

    assert message in str(error.value)


def test_read_cluster__leaves_a_bad_listing_out_beside_a_dump():
    cluster = read(NODE, {"Subnets": 7})

    assert cluster.listings.subnets == ()
    assert [refusal.object for refusal in cluster.provenance.refused] == [
        "aws ec2 describe-subnets document 2"
    ]


def test_read_cluster__strict_ends_at_a_bad_listing():
    with pytest.raises(ManifestError, match="describe-subnets"):
        read_bytes("x", b'{"Subnets": 7}', strict=True)


def damaged(value, draw):
    """A listing with one of its values replaced by any other."""
    if isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: damaged(value[key], draw)}
    if isinstance(value, list) and value:
        return [damaged(value[0], draw), *value[1:]]
    return draw(JSON_VALUES)


@given(st.sampled_from(ALL), st.data())
def test_read_cluster__any_damage_is_told_in_one_line_or_does_no_harm(listing, data):
    text = json.dumps([NODE, damaged(listing, data.draw)]).encode()

    cluster = read_bytes("x", text)

    assert len(cluster.provenance.refused) <= 1
    assert not subnet_use(cluster).frame.duplicated().any()
    assert all("\n" not in str(refusal) for refusal in cluster.provenance.refused)


def test_read_cluster__a_kubernetes_object_is_no_listing():
    odd = {**NODE, "Subnets": []}

    assert [node.metadata.name for node in read(odd).nodes] == ["a"]


AWS_TYPE = {
    "InstanceType": "z9.huge",
    "Hypervisor": "nitro",
    "NetworkInfo": {"MaximumNetworkInterfaces": 7, "Ipv4AddressesPerInterface": 21},
    "VCpuInfo": {"DefaultVCpus": 9},
}


def test_read_cluster__recognises_instance_types_beside_a_dump():
    found = read(NODE, {"InstanceTypes": [AWS_TYPE]}).listings.instance_types

    assert found == (NamedInstanceType("z9.huge", InstanceType(7, 21, 9)),)


SUBNET = {"SubnetId": "s", "CidrBlock": "10.0.0.0/24"}
AZURE_SUBNET = {"id": "/virtualNetworks/net/subnets/s", "addressPrefix": "10.1.0.0/29"}


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        (
            {"Subnets": [SUBNET | {"AvailableIpAddressCount": 252}]},
            "Subnets[0].AvailableIpAddressCount: found 252, expected at most 251, which 10.0.0.0/24 has",
        ),
        (
            {"Subnets": [SUBNET | {"CidrBlock": "10.0.0.7/24"}]},
            "CidrBlock: found 10.0.0.7/24, expected a range without host bits",
        ),
        (
            {"Subnets": [SUBNET | {"CidrBlock": "2001:db8::/64", "AvailableIpAddressCount": 1}]},
            "CidrBlock: found 2001:db8::/64, expected an IPv4 range",
        ),
        (
            {"NetworkInterfaces": [{"Ipv4Prefixes": [{"Ipv4Prefix": "10.0.0.33/28"}]}]},
            "Ipv4Prefix: found 10.0.0.33/28",
        ),
        (AZURE_SUBNET | {"ipConfigurations": [{}] * 4}, "ipConfigurations: found 4, expected at most 3"),
        (AZURE_SUBNET | {"addressPrefix": "10.1.0.1/29"}, "addressPrefix: found 10.1.0.1/29"),
        ({"ipCidrRange": "10.52.0.1/14"}, "ipCidrRange: found 10.52.0.1/14"),
        ({"clusterIpv4Cidr": "10.52.0.1/14"}, "clusterIpv4Cidr: found 10.52.0.1/14"),
    ],
)
def test_read_cluster__refuses_what_no_subnet_can_be(listing, message):
    with pytest.raises(UnreadableError) as error:
        read(listing)

    assert message in str(error.value)


def test_read_cluster__listings_given_twice_count_once():
    documents = [listings.AWS_SUBNETS, listings.AWS_INTERFACES, listings.AKS]

    assert read(*documents, *documents).listings == read(*documents).listings


@pytest.mark.parametrize(
    "documents", [[listings.AKS, listings.AZURE_SUBNETS[0]], [listings.AZURE_SUBNETS[0], listings.AKS]]
)
def test_read_cluster__a_subnet_that_is_also_listed_with_its_range_counts_once(documents):
    assert [s.cidr for s in read(*documents).listings.subnets] == ["10.1.0.0/24"]


@pytest.mark.parametrize(
    ("scaling", "most"),
    [
        ({"enabled": True, "maxNodeCount": 20}, 60),
        ({"enabled": True, "totalMaxNodeCount": 20}, 20),
        ({"enabled": False, "maxNodeCount": 20}, None),
        ({"enabled": True}, None),
    ],
)
def test_read_cluster__gkes_max_node_count_is_of_each_zone(scaling, most):
    cluster = {
        "clusterIpv4Cidr": "10.52.0.0/14",
        "locations": ["a", "b", "c"],
        "nodePools": [{"autoscaling": scaling}],
    }

    (pool,) = read(cluster).listings.node_pools

    assert pool.max_nodes == most


def aks(name, pod_cidr):
    return {"name": name, "agentPoolProfiles": [], "networkProfile": {"podCidr": pod_cidr}}


def test_read_cluster__of_several_listed_clusters_the_one_with_the_nodes_ranges_counts():
    named = copy.deepcopy(NODE)
    named["spec"] = {"podCIDR": "10.244.3.0/24"}

    value = read(named, aks("one", "10.1.0.0/16"), aks("two", "10.244.0.0/16"))

    assert value.settings["cluster_cidr"].value == ("10.244.0.0/16",)
    assert value.settings["cluster_cidr"].evidence == "az aks show of two"


@pytest.mark.parametrize("pod_cidrs", [("10.1.0.0/16", "10.2.0.0/16"), ("10.244.0.0/16", "10.244.0.0/15")])
def test_read_cluster__of_several_listed_clusters_none_counts_where_the_dump_does_not_tell(pod_cidrs):
    named = copy.deepcopy(NODE)
    named["spec"] = {"podCIDR": "10.244.3.0/24"}

    value = read(named, *(aks(str(i), cidr) for i, cidr in enumerate(pod_cidrs)))

    assert value.settings["cluster_cidr"].origin is not Origin.READ
    assert any("2 clusters" in note for note in value.provenance.notes)


POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "shop"},
    "spec": {"nodeName": "a"},
    "status": {"phase": "Running", "podIP": "10.244.3.9"},
}


def node(provider, *pod_cidrs):
    return {**NODE, "spec": {"providerID": provider, "podCIDRs": pod_cidrs}}


def service(cluster_ip):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"clusterIP": cluster_ip, "clusterIPs": [cluster_ip]},
    }


@pytest.mark.parametrize(
    ("objects", "listing", "because"),
    [
        ([NODE], listings.GKE, "it is a cluster of gcp, the dump is of aws"),
        ([NODE], listings.AKS, "it is a cluster of azure, the dump is of aws"),
        (
            [node("azure:///x", "10.244.3.0/24")],
            aks("one", "10.1.0.0/16"),
            "node pod CIDR 10.244.3.0/24 of the dump is not in its 10.1.0.0/16",
        ),
        ([POD], aks("one", "10.1.0.0/16"), "pod address 10.244.3.9 of the dump is not in its 10.1.0.0/16"),
        (
            [node("azure:///x"), service("10.96.0.1")],
            listings.AKS,
            "no ClusterIP of the dump is in its 10.0.0.0/16",
        ),
    ],
)
def test_read_cluster__leaves_the_ranges_of_another_listed_cluster_out(objects, listing, because):
    cluster = read(*objects, listing)

    ranges = {cluster.settings[name].origin for name in ("cluster_cidr", "service_cidr", "cluster_dns")}
    assert Origin.READ not in ranges
    assert any(note.endswith(f"is not this cluster's: {because}") for note in cluster.provenance.notes)


@pytest.mark.parametrize(
    "objects",
    [
        [node("azure:///x", "10.244.3.0/24"), POD],
        [node("", "10.244.3.0/24")],
        [node("azure:///x", "10.244.3.0/24", "fd00:3::/64")],
        [POD | {"status": {"phase": "Succeeded", "podIP": "10.9.0.1"}}],
        [POD | {"spec": {"hostNetwork": True}, "status": {"phase": "Running", "podIP": "10.9.0.1"}}],
        [POD | {"status": {"phase": "Running", "podIP": "10.9.0.1", "hostIP": "10.9.0.1"}}],
        [],
    ],
)
def test_read_cluster__takes_the_ranges_of_a_listing_that_the_dump_does_not_contradict(objects):
    cluster = read(*objects, aks("one", "10.244.0.0/16"))

    assert cluster.settings["cluster_cidr"].value == ("10.244.0.0/16",)
    assert not [note for note in cluster.provenance.notes if "not this cluster's" in note]


def test_read_cluster__takes_the_service_range_that_holds_one_of_the_cluster_ips():
    cluster = read(node("azure:///x"), service("10.0.0.1"), listings.AKS)

    assert cluster.settings["service_cidr"].evidence == "az aks show of prod"


def test_read_cluster__tells_clusters_of_one_name_in_two_clouds_apart():
    cluster = read(node("gce://p/z/a"), listings.AKS, listings.GKE)

    assert cluster.settings["service_cidr"].value == ("34.118.224.0/20",)
    assert cluster.provenance.notes == (
        "az aks show of prod is not this cluster's: it is a cluster of azure, the dump is of gcp",
    )


def test_read_cluster__refuses_what_a_query_left_of_a_listing_and_names_listings():
    (refusal,) = read(NODE, listings.AWS_SUBNETS["Subnets"][:1]).provenance.refused

    assert refusal.expected == (
        "the kind of a Kubernetes object, or a whole listing of a cloud's command (without --query or --format)"
    )
