"""Findings as a value: order, counts, table, HTML."""

from itertools import pairwise

import pytest

from kubenetlab.findings import Finding, Findings, Severity, check
from tests.builders import (
    backend,
    cluster,
    endpoint,
    endpoint_slice,
    ingress,
    ingress_class,
    namespace,
    node,
    pod,
    policy,
    service,
)

HOSTILE = '"><script>alert(1)</script>'


def finding(code="KNL101", severity=Severity.LOW, name="Service shop/a"):
    return Finding(code, severity, name, "It is so.", ("a: 1", "b: 2"), "Mend it.", "https://example.com")


def test_severity__high_is_above_medium_above_low_above_info():
    assert list(Severity) == ["high", "medium", "low", "info"]
    assert all(worse > better and worse >= better for worse, better in pairwise(Severity))
    assert all(better < worse and better <= worse for worse, better in pairwise(Severity))
    assert max(Severity) is Severity.HIGH


def test_severity__compares_with_texts():
    assert Severity.HIGH >= "medium"
    assert not Severity.INFO > "low"


def test_findings__are_ordered_and_counted():
    findings = Findings.of(
        [finding("KNL501"), finding("KNL109", Severity.INFO), finding("KNL701", Severity.HIGH)]
    )

    assert [f.code for f in findings] == ["KNL701", "KNL501", "KNL109"]
    assert len(findings) == 3
    assert findings.by_severity == {"high": 1, "medium": 0, "low": 1, "info": 1}
    assert findings.by_code == {"KNL109": 1, "KNL501": 1, "KNL701": 1}
    assert findings.title == "Findings: 1 high, 1 low, 1 info"


def test_findings__of_nothing():
    findings = Findings.of([])

    assert findings.title == "No findings"
    assert list(findings.frame.columns) == list(Finding._fields)


@pytest.mark.parametrize(("severity", "n_found"), [("high", 1), ("low", 2), (Severity.INFO, 3)])
def test_at_least__returns_that_severity_and_worse(severity, n_found):
    findings = Findings.of([finding(severity=s) for s in (Severity.HIGH, Severity.LOW, Severity.INFO)])

    assert len(findings.at_least(severity)) == n_found


def test_at_least__refuses_what_is_no_severity():
    with pytest.raises(ValueError, match="'grave' is not a valid Severity"):
        Findings.of([finding()]).at_least("grave")


def test_frame__has_one_row_a_finding():
    (row,) = Findings.of([finding()]).frame.to_dict("records")

    assert row == {
        "code": "KNL101",
        "severity": "low",
        "object": "Service shop/a",
        "message": "It is so.",
        "evidence": "a: 1; b: 2",
        "advice": "Mend it.",
        "documentation": "https://example.com",
    }


def hostile_cluster():
    name = f"shop/{HOSTILE}"
    labels = {HOSTILE: HOSTILE}
    return cluster(
        namespace(HOSTILE),
        node(HOSTILE, runtime=f"docker://{HOSTILE}"),
        pod(name, {"x": "y"}, is_ready=False, node_name=HOSTILE),
        service(name, labels, type="LoadBalancer", cluster_ip="10.0.0.1"),
        service("default/x", {"x": HOSTILE}, ports=((80, HOSTILE),)),
        service("shop/y", {"x": "y"}, ports=((80, HOSTILE),)),
        endpoint_slice(endpoint("10.0.0.9", ready=False, pod_name=HOSTILE), of="shop/y"),
        policy(name, policy_types=("Egress",)),
        ingress(name, backend(HOSTILE), backend("y", 0, HOSTILE)),
        ingress_class(HOSTILE, "k8s.io/ingress-nginx"),
        settings={
            "cni": "flannel",
            "ipam": "host-local",
            "cluster_cidr": ("172.17.0.0/16",),
            "proxy_mode": "ipvs",
        },
    )


def test_repr_html__escapes_every_name():
    findings = check(hostile_cluster())

    assert len(findings.by_code) == 13
    assert "<script" not in findings._repr_html_()
    assert "&lt;script&gt;" in findings._repr_html_()
