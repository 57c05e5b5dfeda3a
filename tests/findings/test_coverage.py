"""What a dump can tell about."""

import pytest

from kubenetlab.findings.coverage import Coverage, is_manifest
from kubenetlab.objects import Metadata, Service
from tests.builders import cluster, endpoint_slice, pod, service


@pytest.mark.parametrize(
    ("values", "is_covered"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([pod("shop/a")], True, id="the namespace"),
        pytest.param([pod("shop/a", phase="Succeeded")], True, id="a finished pod"),
        pytest.param([pod("other/a")], False, id="another namespace"),
        pytest.param([pod("other/a"), pod("third/a")], True, id="two other namespaces"),
        pytest.param([pod("shop/a", is_planned=True)], False, id="planned"),
        pytest.param([service("shop/a"), service("other/a")], False, id="another kind"),
    ],
)
def test_coverage__holds_for_a_namespace_with_some_or_two_others(values, is_covered):
    assert ("shop" in Coverage(cluster(*values), "pods")) is is_covered


def test_coverage__joins_kinds():
    covered = Coverage(cluster(pod("shop/a"), endpoint_slice(of="other/a")), "pods", "endpoint_slices")

    assert covered.namespaces == {"shop", "other"}


@pytest.mark.parametrize(
    ("value", "is_written_only"),
    [
        pytest.param(service(), True, id="a manifest"),
        pytest.param(service(cluster_ip="None"), True, id="a headless manifest"),
        pytest.param(service(cluster_ip="10.96.0.9"), False, id="an address"),
        pytest.param(Service(Metadata("a", creation_timestamp="2026-01-01T00:00:00Z")), False, id="a time"),
    ],
)
def test_is_manifest__knows_what_was_never_deployed(value, is_written_only):
    assert is_manifest(value) is is_written_only
