import pytest

from kubenetlab.ipam.planner.plan_words import when
from kubenetlab.ipam.planner.run_out import Binding
from kubenetlab.ipam.set_up import Limit, Quantity
from kubenetlab.result import Basis
from tests.ipam.planner.written_requests import PARENTS, cluster, planned

_LIMIT = Limit(Quantity.NODES, 9, "x", "x.", Basis.DOCS, "test")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (2.5, 1.25, "after 1.2 to 2.5 years"),
        (2.0, 2.0, "after 2.0 years"),
        (None, 2.0, "after 2.0 years or later"),
        (150.0, 2.0, "after 2.0 years or later"),
        (300.0, 150.0, "not in 100 years"),
        (None, None, "never"),
        (0.0, 0.0, "now"),
    ],
)
def test_when__says_the_years_of_the_upper_growth_first(low, high, words):
    assert when(Binding(_LIMIT, 5, low, high)) == words


def test_when__is_unknown_without_a_limit():
    assert when(None) == "unknown"


def test_assumptions__name_a_few_of_many_clusters():
    evidence = [
        s.evidence
        for s in planned(*(cluster(name=f"c{n}") for n in range(8))).assumptions
        if s.name == "max_pods"
    ]

    assert evidence == ["the default of the platform or instance type (c0, c1, c2, c3, c4 and 3 more)"]


def test_reasons__begin_with_what_the_request_says():
    plan = planned(cluster(), head="parents: [10.0.0.0/8]\nforbidden: [{range: 10.9.0.0/16, name: VPN}]")

    assert plan.because[0] == "forbidden[0]: 10.9.0.0/16 is forbidden: VPN"
    assert "169.254.0.0/16 is link-local (RFC 3927)" in plan.because


def test_notes__names_ranges_that_are_public_addresses():
    head = PARENTS.replace("100.64.0.0/10", "8.8.0.0/14")

    (note,) = [
        n for n in planned(cluster(), cluster("platform: gke", name="g"), head=head).notes if "public" in n
    ]

    assert note.startswith("public addresses, unless they are yours")
    assert note.endswith(": shop/pods (8.8.0.0/20)")


def test_notes__does_not_take_shared_or_googles_service_addresses_for_public():
    notes = planned(cluster(), cluster("platform: gke, service_cidr: 34.118.224.0/20", name="g")).notes

    assert not [note for note in notes if "public" in note]
