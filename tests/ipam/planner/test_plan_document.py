import csv
import io
import json

from kubenetlab.ipam.planner.plan_document import NETBOX_COLUMNS, _harmless, netbox_csv, plan_document
from kubenetlab.readers.netbox_csv import netbox_prefixes
from kubenetlab.readers.plan_file import plan_file
from tests.ipam.planner.written_requests import cluster, planned, texts


def test_plan_document__is_json_and_reads_back_as_the_same_ranges():
    plan = planned(cluster("dual_stack: true"), cluster("platform: gke", name="b"))

    text = json.dumps(plan_document(plan, "1"), allow_nan=False)

    assert plan_file(text.encode()).networks == plan.networks
    assert plan_file(text.encode()).certificate == json.loads(json.dumps(plan.certificate))


def test_plan_document__holds_everything_that_a_program_needs():
    document = plan_document(
        planned(cluster("growth: 10%"), cluster("pod_cidr: 10.96.0.0/24", name="old")), "1"
    )

    assert list(document) == [
        "schema", "kubenetlab", "request", "title", "ranges", "clusters", "settings", "assumptions", "in_the_way", "notes",
        "certificate", "sha256",
    ]  # fmt: skip
    assert {text["tool"] for text in document["settings"]} == {"kubeadm", "Flannel"}
    assert document["ranges"][0]["years_high"] > 3
    assert document["ranges"][-1]["years_high"] is None  # never


def test_netbox_csv__reads_back_as_the_plans_ranges_in_use():
    plan = planned(cluster("service_cidr: 10.96.0.0/12"))

    rows = list(csv.DictReader(io.StringIO(netbox_csv(plan))))
    prefixes = list(netbox_prefixes(netbox_csv(plan).encode()))

    assert tuple(rows[0]) == NETBOX_COLUMNS
    assert [prefix.range for prefix in prefixes] == list(texts(plan).values())
    assert [row["status"] for row in rows] == ["reserved", "active", "reserved"]
    assert rows[0]["description"] == "shop/pods (kubeadm)"


def test_netbox_csv__no_cell_is_a_formula():
    assert [_harmless(text) for text in ("=1+1", "@x", "-1", "+1", "\tx", "10.0.0.0/8")] == [
        "'=1+1", "'@x", "'-1", "'+1", "'\tx", "10.0.0.0/8",
    ]  # fmt: skip
