"""KNL402 and KNL403; KNL401 is in test_routing."""

import pytest

from kubenetlab.findings import Severity, check
from tests.findings.brute_force_builders import NEAR, ONE_TO_FOUR, service, zonal_nodes
from tests.findings.brute_force_examples import FIRES
from tests.findings.brute_force_neighbours import SILENT
from tests.findings.listings import read_items

CODES = ("KNL402", "KNL403")


@pytest.mark.parametrize(("code", "items", "found"), [case for case in FIRES if case[0] in CODES])
def test_check__finds_what_the_brute_force_finds(code, items, found):
    assert [finding.object for finding in check(read_items(items), [code])] == [found]


@pytest.mark.parametrize(("code", "items"), [case for case in SILENT if case[0] in CODES])
def test_check__is_silent_where_the_brute_force_is(code, items):
    assert list(check(read_items(items), [code])) == []


def test_knl402__says_how_crowded_it_is_and_where():
    (finding,) = check(read_items([NEAR, ONE_TO_FOUR, *zonal_nodes(x=1, y=3, z=4)]), ["KNL402"])

    # The pod of zone y: all of 3 nodes and a fifth of zone x's, of 8 nodes; a fair share is 1/5. 5 * 3.2 / 8 = 2.
    assert finding.message == "A pod gets 2 times a fair share of the traffic, if every node sends as much."
    assert finding.evidence == (
        "spec.trafficDistribution: PreferClose",
        "zone x: 1 node to 5 endpoints, zone y: 3 nodes to 1 endpoint, zone z: 4 nodes to 4 endpoints",
    )


def test_knl402__is_said_once_of_a_service_with_two_ports():
    ports = [{"port": 80, "name": name} for name in ("http", "admin")]
    two = ONE_TO_FOUR | {"ports": [{"port": 8080, "name": name} for name in ("http", "admin")]}
    near = service(trafficDistribution="PreferSameZone", clusterIP="10.96.0.8", ports=ports)

    assert len(check(read_items([near, two, *zonal_nodes(y=1, z=1)]), ["KNL402"])) == 1


def test_knl402__is_silent_where_traffic_stays_on_nodes():
    near = service(trafficDistribution="PreferSameNode", clusterIP="10.96.0.8")

    assert list(check(read_items([near, ONE_TO_FOUR, *zonal_nodes(y=1, z=1)]), ["KNL402"])) == []


def test_knl403__is_low():
    (finding,) = check(read_items([service(clusterIP="None", sessionAffinity="ClientIP")]), ["KNL403"])

    assert finding.severity is Severity.LOW


def test_knl403__is_silent_on_an_external_name():
    external = service(type="ExternalName", externalName="db.example.com", sessionAffinity="ClientIP")

    assert list(check(read_items([external]), ["KNL403"])) == []
