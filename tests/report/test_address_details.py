import json
import subprocess
import sys

from kubenetlab.objects.address_pools import AllocationAttribute, IPAMBlock, IpamBlockSpec
from kubenetlab.objects.listings import HostLocalFile, HostLocalFiles, Listings
from kubenetlab.readers import read_bytes
from kubenetlab.report import report_html
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.sections.addresses import addresses
from kubenetlab.report.sections.summary import summary
from tests.builders import cluster, metadata, node, pod
from tests.cli.command_line import ROOT, environment
from tests.readers import cloud_listings as listings

ON_SUBNET = (node("a", ip="10.0.1.4"), pod("shop/a", node_name="a", ips=("10.0.1.5",)))


def section(value):
    return addresses(Evidence(value, 1))


def rows(part, caption):
    found = next((table for table in part.tables if table.caption == caption), None)
    return None if found is None else [[cell.text for cell in row] for row in found.rows]


def on_aws(**settings):
    found = read_bytes("x", json.dumps([listings.AWS_SUBNETS, listings.AWS_INTERFACES]).encode())
    return cluster(*ON_SUBNET, settings={"ipam": "aws-vpc-cni"} | settings).with_(listings=found.listings)


def with_files(*addresses_):
    files = HostLocalFiles(
        "x", "cbr0", tuple(HostLocalFile(a, "0123456789abcdef", "eth0") for a in addresses_)
    )
    value = cluster(
        node("a", pod_cidrs=("10.244.0.0/24",)),
        pod("shop/a", node_name="a", ips=("10.244.0.5",)),
        settings={"ipam": "host-local"},
    )
    return value.with_(listings=Listings(host_local=(files,)))


def test_addresses__shows_the_clouds_subnets_the_fullest_first():
    found = rows(section(on_aws()), "Subnets of the cloud, the fullest first")

    assert found[0][:6] == ["subnet-0z", "10.0.1.0/24", "eu-west-1a", "251", "151", "100"]
    assert found[1][-1] == "13"


def test_addresses__shows_node_pools():
    value = cluster(node("a")).with_(listings=read_bytes("x", json.dumps(listings.AKS).encode()).listings)

    found = rows(section(value), "Node pools, as the cloud lists them")

    assert found == [["system", "3", "5", "30", "nodes", ""]]


def test_addresses__shows_leaked_addresses_and_counts_them():
    part = section(with_files("10.244.0.5", "10.244.0.9"))

    assert rows(part, "Addresses that are leaked, or in use without a file") == [
        ["a", "10.244.0.9", "leaked", "0123456789ab", ""]
    ]
    assert rows(part, "host-local's files against running pods")[0][:7] == [
        "a",
        "cbr0",
        "2",
        "1",
        "1",
        "0",
        "253",
    ]
    assert part.sentences[1] == (
        "host-local holds 1 address for containers that are gone, on 1 node of 1 that were listed; "
        "they come back only when somebody removes the files."
    )


def test_addresses__without_leaks_says_nothing_of_them():
    assert not any("host-local holds" in sentence for sentence in section(with_files("10.244.0.5")).sentences)


def test_addresses__shows_calico_blocks_only_where_something_is_wrong():
    attribute = AllocationAttribute("k8s-pod-network.1", {"pod": "old", "namespace": "shop"})
    spec = IpamBlockSpec(
        cidr="192.168.0.0/26", affinity="host:gone", allocations=(0,), attributes=(attribute,)
    )
    value = cluster(node("a"), *ON_SUBNET[1:], IPAMBlock(metadata("b"), spec), settings={"ipam": "calico"})

    caption = "Calico blocks that keep more than they use"
    assert rows(section(value), caption) == [
        ["192.168.0.0/26", "gone", "yes", "1", "0", "1", "Pod shop/old (gone)"]
    ]
    assert rows(section(cluster(node("a"), settings={"ipam": "calico"})), caption) is None


def test_addresses__says_how_many_parts_nodes_can_still_get():
    value = cluster(
        node("a", pod_cidrs=("10.244.0.0/24",)),
        settings={"cluster_cidr": ("10.244.0.0/16",), "ipam": "host-local", "node_cidr_mask_size": 24},
    )

    found = rows(section(value), "What is free of the ranges, as aligned blocks")

    assert found == [
        ["10.244.0.0/16", "pod range, given to nodes in parts", "10.244.128.0/17", "/24", "256", "255"]
    ]


def test_addresses__always_shows_the_mtu():
    assert any(table.caption.startswith("Pod MTU") for table in section(on_aws()).tables)


def test_summary__names_the_fullest_subnet_in_use():
    part = summary(Evidence(on_aws(), 1))

    sentences = (*part.key_sentences, *part.sentences)
    assert "7.2 % of the subnet subnet-0a (10.0.1.0/24) is in use, 233 addresses are free." in sentences
    assert not any("how full their subnets are is unknown" in sentence for sentence in sentences)


def test_summary__without_a_listing_the_subnets_stay_unknown():
    part = summary(Evidence(cluster(*ON_SUBNET, settings={"ipam": "aws-vpc-cni"}), 1))

    assert any("how full their subnets are is unknown" in text for text in part.key_sentences)


def test_report_html__names_of_listings_are_somebody_elses_text():
    hostile = "<script>alert(1)</script>\x1b[2J"
    subnets = {"Subnets": [{"SubnetId": hostile, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": hostile}]}
    pools = {"agentPoolProfiles": [{"name": hostile, "vnetSubnetId": hostile}]}
    files = "/n/<svg>/10.244.0.9:<svg>\n"
    found = [read_bytes("x", text.encode()).listings for text in (json.dumps([subnets, pools]), files)]

    html = report_html(cluster(*ON_SUBNET).with_(listings=found[0].plus(found[1])))

    assert "<script" not in html
    assert "&lt;svg&gt;" in html
    assert "\x1b" not in html
    assert html.count("&lt;script&gt;") >= 3


def test_report__is_the_same_whatever_the_hash_seed(tmp_path):
    listings.write(
        tmp_path, subnets=listings.AWS_SUBNETS, interfaces=listings.AWS_INTERFACES, gke=listings.GKE
    )
    (tmp_path / "files.txt").write_text("/n/cbr0/10.244.0.9:abc\n/n/cbr0/10.244.0.8:abc\n")
    code = f"from kubenetlab import read_cluster; from kubenetlab.report import report_html; print(report_html(read_cluster({str(tmp_path)!r})))"

    pages = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment(PYTHONHASHSEED=seed, TZ=zone),
            capture_output=True,
            check=True,
            cwd=ROOT,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Kathmandu"))
    ]

    assert pages[0] == pages[1]
    assert len(pages[0]) > 10_000
