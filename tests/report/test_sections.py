import re

import pytest

from kubenetlab.cluster import Provenance, SourceFile
from kubenetlab.errors import Refusal
from kubenetlab.findings import Finding
from kubenetlab.findings.finding import Severity
from kubenetlab.objects import Endpoints, IPPool, Node
from kubenetlab.objects.address_pools import IPAMBlock, IpamBlockSpec, IpPoolSpec
from kubenetlab.objects.node import NodeSpec, Taint
from kubenetlab.objects.service import EndpointAddress, EndpointSubset
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.importance import by_importance
from kubenetlab.report.section import MAX_ROWS, Column, number, share, table
from kubenetlab.report.sections import SECTIONS
from kubenetlab.report.sections.addresses import addresses
from kubenetlab.report.sections.dns import dns
from kubenetlab.report.sections.findings import findings
from kubenetlab.report.sections.provenance import provenance
from kubenetlab.report.sections.services import services
from kubenetlab.report.sections.summary import summary
from kubenetlab.result import Origin
from tests.builders import HTTP, cluster, config_map, endpoint, endpoint_slice, metadata, node, pod, service

SETTINGS = {
    "cluster_cidr": ("10.244.0.0/16",),
    "service_cidr": ("10.96.0.0/12",),
    "ipam": "host-local",
    "node_cidr_mask_size": 24,
}
PARTS = (
    node("a", pod_cidrs=("10.244.0.0/24",)),
    pod("shop/cart-1", node_name="a", ips=("10.244.0.5",)),
    service("shop/cart", cluster_ip="10.96.0.10"),
)
READY = endpoint_slice(endpoint("10.244.0.5", node_name="a"))


def evidence(*objects, **settings):
    return Evidence(cluster(*objects, settings={**SETTINGS, **settings}), seed=1)


def test_sections__anchors_differ_and_titles_are_there():
    parts = [part for section in SECTIONS if (part := section(evidence(*PARTS, READY)))]

    assert len({part.anchor for part in parts}) == len(parts)
    assert all(part.title for part in parts)


def test_summary__the_worst_finding_comes_first():
    unready = endpoint_slice(endpoint("10.244.0.5", node_name="a", ready=False))

    part = summary(evidence(*PARTS, unready))

    assert part.key_sentences[0].startswith("Service shop/cart: ")
    assert "(high, KNL102)" in part.key_sentences[0]
    assert part.facts["Findings"].text.split()[:2] == ["1", "high"]


def test_summary__what_affects_more_comes_first():
    others = [
        service(f"shop/s{i}", ports=((80, "web"),), cluster_ip=f"10.96.0.{i}") for i in range(20, 25)
    ]  # named target ports that no pod has: a port each
    unready = endpoint_slice(endpoint("10.244.0.5", node_name="a", ready=False))

    part = summary(evidence(*PARTS, unready, *others, service_cidr=("10.244.0.0/20",)))

    assert [re.search("KNL...", text)[0] for text in part.key_sentences] == ["KNL201", "KNL102", "KNL103"]


def test_summary__room_is_that_of_nodes_that_take_any_pod():
    cordoned = Node(metadata("b"), NodeSpec(unschedulable=True), node("b").status)

    part = summary(evidence(*PARTS, READY, cordoned, ipam="aws-vpc-cni"))

    room = (
        "the 1 schedulable node has room for 109 more pods, 1 node that is cordoned or tainted not counted."
    )
    assert any(sentence.endswith(room) for sentence in (*part.key_sentences, *part.sentences))


def test_summary__nodes_that_all_keep_pods_away_have_no_room():
    tainted = Node(metadata("a"), NodeSpec(taints=(Taint("x", "", "NoSchedule"),)), node("a").status)

    part = summary(evidence(tainted, pod(node_name="a"), ipam="aws-vpc-cni"))

    assert any("every node is cordoned or keeps pods away with a taint" in s for s in part.sentences)


@pytest.mark.parametrize(
    ("origin", "note"),
    [(Origin.READ, ""), (Origin.DEFAULT, "default, assumed"), (Origin.INFERRED, "inferred, at least")],
)
def test_summary__facts_that_were_not_read_say_so(origin, note):
    part = summary(Evidence(cluster(*PARTS, settings={"service_cidr": ("10.96.0.0/12",)}, origin=origin), 1))

    assert part.facts["Service range"] == ("10.96.0.0/12", note)


def test_summary__kinds_that_were_not_read_are_not_counted_as_none():
    value = cluster(service("shop/cart"), pod(is_planned=True), settings=SETTINGS)

    part = summary(Evidence(value.with_(provenance=Provenance(read={"Service": 1})), 1))

    assert part.facts["Nodes"] == ("not in the dump", "")
    assert part.facts["Pods"] == ("1", "planned, from workloads")
    assert part.facts["Services"] == ("1", "")


def test_summary__other_kinds_of_findings_are_counted():
    unready = endpoint_slice(endpoint("10.244.0.5", node_name="a", ready=False))
    others = [
        service("shop/a", {"app": "none"}, cluster_ip="10.96.0.11"),
        service("shop/b", type="ExternalName", external_name="192.0.2.1"),
        service("shop/c", type="LoadBalancer", cluster_ip="10.96.0.12"),
        service("shop/d", ports=((80, "web"),), cluster_ip="10.96.0.13"),
    ]

    part = summary(evidence(*PARTS, unready, *others))

    assert len(part.key_sentences) == 3
    assert part.sentences[0].endswith("of findings of high or medium severity follow below.")


def test_summary__old_dumps_with_endpoints_say_nothing_is_missing():
    old = Endpoints(metadata("shop/cart"), (EndpointSubset((EndpointAddress("10.244.0.5"),), ports=HTTP),))

    part = summary(evidence(*PARTS, old))

    assert not any("EndpointSlices" in sentence for sentence in (*part.key_sentences, *part.sentences))


def test_summary__a_healthy_cluster_is_called_so_and_its_room_counted():
    part = summary(evidence(*PARTS, READY))

    assert part.key_sentences[0] == "No check found anything of high or medium severity."
    assert "255 more nodes with a /24 each" in part.key_sentences[1]
    assert "All 1 Service that can have endpoints have a ready one." in part.key_sentences


def test_summary__several_findings_of_a_kind_are_one_sentence():
    others = [service(f"shop/s{i}", cluster_ip=f"10.96.1.{i}") for i in range(3)]
    slices = [endpoint_slice(endpoint("10.244.0.5", ready=False), of=f"shop/s{i}") for i in range(3)]

    part = summary(evidence(*PARTS, READY, *others, *slices))

    assert "KNL102; 2 more findings of this kind" in part.key_sentences[0]


def test_summary__a_nearly_full_range_comes_before_it_is_a_finding():
    value = evidence(*PARTS, READY, service_cidr=("10.96.0.8/29",))
    full = [service(f"shop/s{i}", cluster_ip=f"10.96.0.{i}") for i in (9, 11, 12)]

    part = summary(Evidence(value.cluster.with_(services=(*value.cluster.services, *full)), 1))

    assert any(
        "Service range 10.96.0.8/29: 66.7 % is in use, 2 addresses are free" in s for s in part.key_sentences
    )


def test_summary__pods_outside_every_known_range_are_said_to_be():
    part = summary(evidence(*PARTS, READY, cluster_cidr=None, ipam="aws-vpc-cni"))

    assert any(
        "No range of this dump holds the pods' addresses (IPAM aws-vpc-cni)" in s for s in part.key_sentences
    )


def test_summary__refused_items_are_told():
    refused = tuple(Refusal("d.json", f"Service shop/{i}", "spec", "70000", "a port") for i in range(2))
    value = cluster(*PARTS, READY, settings=SETTINGS).with_(provenance=Provenance(refused=refused))

    part = summary(Evidence(value, 1))

    assert "2 items of the dump were refused as invalid and left out of all numbers." in part.key_sentences


def test_findings__links_only_to_https():
    part = findings(evidence(*PARTS, endpoint_slice(endpoint("10.244.0.5", ready=False))))

    assert part.groups
    assert all(group.documentation.startswith("https://") for group in part.groups)
    assert all(group.title and group.advice for group in part.groups)


def test_findings__none_is_said():
    assert findings(evidence()).sentences == ("None of the checks found anything.",)


def test_addresses__without_ranges_has_no_map():
    part = addresses(Evidence(cluster(node("a")), 1))

    assert part.pictures == ()
    assert part.sentences == ("The dump names no pod, Service or node range.",)


def test_addresses__says_how_many_ranges_the_map_leaves_out():
    part = addresses(evidence(*PARTS, service_cidr=tuple(f"10.{n}.0.0/16" for n in range(20))))

    assert "The map shows the first 12 of them, the table all." in part.sentences


def test_addresses__explains_an_ipam_that_pod_cidrs_do_not_limit():
    part = addresses(evidence(*PARTS, ipam="calico"))

    assert any("(calico)" in note for note in part.notes)


def test_addresses__with_calico_shows_blocks_and_says_who_holds_addresses():
    cidrs = [f"192.168.5.{n}/28" for n in (0, 16, 32, 48)]
    blocks = [
        IPAMBlock(metadata(c), IpamBlockSpec(cidr=c, affinity="host:a", allocations=(0, 1))) for c in cidrs
    ]
    value = cluster(
        *blocks,
        IPPool(metadata("p"), IpPoolSpec(cidr="192.168.0.0/16")),
        node("a", pod_cidrs=("10.244.0.0/24",)),
        pod("shop/cart-1", node_name="a", ips=("192.168.5.1",)),
        settings={"ipam": "calico"},
    )

    part = addresses(Evidence(value, 1))

    nodes = part.tables[1]
    shown = dict(zip((column.heading for column in nodes.headings), nodes.rows[0], strict=True))
    assert shown["Calico blocks"].text == "192.168.5.0/28, 192.168.5.16/28 and 2 more"
    assert "Pod CIDR holds" not in shown
    assert "8 addresses are held; 1 of them belongs to running pods of this dump." in part.notes[0]


def test_addresses__of_an_inferred_range_says_no_usable_addresses():
    value = cluster(
        node("a", ip="10.0.0.4"), settings={"node_cidr": ("10.0.0.4/31",)}, origin=Origin.INFERRED
    )

    ranges = addresses(Evidence(value, 1)).tables[0]

    shown = dict(zip((column.heading for column in ranges.headings), ranges.rows[0], strict=True))
    assert [shown[heading].text for heading in ("Usable", "Used", "Free")] == ["", "1", ""]


def test_services__those_without_a_ready_endpoint_come_first():
    broken = service("shop/zebra", cluster_ip="10.96.0.11")

    part = services(evidence(*PARTS, READY, broken))

    assert [row[0].text for row in part.tables[0].rows] == ["shop/zebra", "shop/cart"]
    assert part.sentences == ("2 Services, 1 of them without a ready endpoint.",)


def test_services__none_is_said():
    assert services(evidence()).sentences == ("There are no Services in this dump.",)


def test_dns__shows_the_corefile_as_it_stands():
    part = dns(evidence(config_map("kube-system/coredns", Corefile=".:53 {\n  errors\n}")))

    assert part.texts[0].text == ".:53 {\n  errors\n}"


def test_dns__says_how_much_of_a_giant_corefile_is_left_out():
    part = dns(evidence(config_map("kube-system/coredns", Corefile="x" * 60_000)))

    assert part.texts[0].text.endswith("# 10,000 more characters are not shown here")


def test_provenance__counts_what_was_read_skipped_and_refused():
    found = Provenance(
        files=(SourceFile("d.json", "json", 10, "ab" * 32),),
        read={"Pod": 3},
        skipped={"Event": 2},
        refused=(Refusal("d.json", "Service shop/a", "spec.ports[0].port", "70000", "1 to 65535"),),
        n_secrets=4,
        notes=("a note",),
    )

    part = provenance(Evidence(cluster().with_(provenance=found), 1))

    assert part.sentences[0].startswith(
        "Read 3 items from 1 file; skipped 2 of kinds that no model uses; refused 1."
    )
    assert "(4)" in part.sentences[0]
    assert [cell.text for cell in part.tables[1].rows[0]] == list(found.refused[0])
    assert part.notes == ("a note",)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["/home/jane/dump.json"], ["dump.json"]),
        (["/home/jane/d/a/pods.json", "/home/jane/d/b/pods.json"], ["a/pods.json", "b/pods.json"]),
        (["/home/jane/x.json", "-"], ["/home/jane/x.json", "-"]),
    ],
)
def test_provenance__leaves_out_the_folders_that_all_files_share(names, shown):
    files = tuple(SourceFile(name, "json", 1, "ab" * 32) for name in names)
    refused = (Refusal(names[0], "Service shop/a", "spec", "x", "y"),)

    part = provenance(Evidence(cluster().with_(provenance=Provenance(files=files, refused=refused)), 1))

    assert [row[0].text for row in part.tables[-1].rows] == shown
    assert part.tables[1].rows[0][0].text == shown[0]


def test_by_importance__severity_then_reach_then_number():
    def group(code, n_findings=1, severity=Severity.HIGH):
        return [Finding(code, severity, "Service a/b", "m", (), "a", "d")] * n_findings

    groups = [
        group("KNL501", severity=Severity.MEDIUM),
        group("KNL999", severity=Severity.MEDIUM),
        group("KNL401", severity=Severity.MEDIUM),
        group("KNL103", 9),
        group("KNL102"),
        group("KNL701", 2),
        group("KNL201"),
    ]

    codes = [found[0].code for found in by_importance(groups)]

    assert codes == ["KNL201", "KNL701", "KNL102", "KNL103", "KNL401", "KNL999", "KNL501"]


def test_table__says_how_many_rows_it_leaves_out():
    import pandas as pd

    frame = pd.DataFrame({"name": ["x"] * (MAX_ROWS + 1), "n": range(MAX_ROWS + 1)})

    shown = table(
        "Things", frame, {"name": Column("Name"), "n": number("Count")}, "kubenetlab show SOURCE things"
    )

    assert len(shown.rows) == MAX_ROWS
    assert shown.note == "1 more row not shown here; kubenetlab show SOURCE things lists them all."
    assert not shown.is_short


@pytest.mark.parametrize(
    ("value", "text", "bar"), [(0.5, "50.0 %", 0.5), (1.5, "150.0 %", 1.0), (None, "", None)]
)
def test_table__shares_have_bars(value, text, bar):
    import pandas as pd

    frame = pd.DataFrame({"s": pd.array([value], dtype="Float64")})

    cell = table("Shares", frame, {"s": share("Share")}).rows[0][0]

    assert (cell.text, cell.share) == (text, bar)
