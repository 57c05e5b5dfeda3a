"""KNL703 and KNL705: Ingresses without a class, or of one that is not there."""

import pytest

from kubenetlab.findings import check
from tests.builders import cluster, ingress, ingress_class


def objects(code, *values, **settings):
    return [finding.object for finding in check(cluster(*values, settings=settings), [code])]


@pytest.mark.parametrize("n_defaults", [0, 2])
def test_knl703__fires_without_exactly_one_default(n_defaults):
    classes = [ingress_class(str(i), is_default=i < n_defaults) for i in range(3)]

    (finding,) = check(cluster(ingress(), *classes), ["KNL703"])

    assert finding.message == f"The Ingress names no class and there are {n_defaults} default IngressClasses."


def test_knl703__is_info_where_the_dump_holds_no_class():
    (finding,) = check(cluster(ingress()), ["KNL703"])

    assert finding.severity == "info"
    assert finding.message == "The Ingress names no class and the dump holds no IngressClass."


@pytest.mark.parametrize("platform", ["gke", "openshift"])
def test_knl703__is_silent_where_an_ingress_needs_no_class(platform):
    assert objects("KNL703", ingress(), ingress_class(), platform=platform) == []


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([ingress(), ingress_class(is_default=True), ingress_class("d")], id="one default"),
        pytest.param([ingress(ingress_class_name="c")], id="the field"),
        pytest.param([ingress(annotations={"kubernetes.io/ingress.class": "c"})], id="the annotation"),
    ],
)
def test_knl703__is_silent_on_neighbours(values):
    assert objects("KNL703", *values) == []


ANNOTATED = ingress(annotations={"kubernetes.io/ingress.class": "ghost"})


def test_knl705__fires_on_a_missing_class():
    (finding,) = check(cluster(ingress(ingress_class_name="ghost"), ingress_class()), ["KNL705"])

    assert (finding.severity, finding.object) == ("high", "Ingress shop/web")
    assert finding.message == "The Ingress names the class ghost, which the cluster does not have."


def test_knl705__is_low_for_the_annotation():
    (finding,) = check(cluster(ANNOTATED, ingress_class()), ["KNL705"])

    assert finding.severity == "low"
    assert finding.evidence == ("kubernetes.io/ingress.class: ghost", "IngressClasses: c")


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([ingress(ingress_class_name="c"), ingress_class()], id="there"),
        pytest.param([ingress(ingress_class_name="c")], id="no classes in the dump"),
        pytest.param([ingress(), ingress_class()], id="no class named"),
        pytest.param(
            [ANNOTATED, ingress_class("n", "k8s.io/ingress-nginx")], id="the controller may know it"
        ),
        pytest.param(
            [ingress(annotations={"kubernetes.io/ingress.class": "gce"}), ingress_class()], id="GKE's own"
        ),
    ],
)
def test_knl705__is_silent_on_neighbours(values):
    assert objects("KNL705", *values) == []
