"""Findings on synthetic clusters: all that was planted is found, and all that is found the brute force finds too.

The brute force (brute_force*.py) shares no code with the findings, and neither do the generators of the faults.
"""

import pytest

from kubenetlab.findings.registry import all_rules
from kubenetlab.synthetic import FAULTS, PLATFORMS
from tests.findings.agreement import (
    DUAL_STACK,
    LISTED_CODES,
    N_CLUSTERS,
    checked,
    neighbour_cases,
    partial,
    random_clusters,
    table,
    tight,
)

TABLE = f"findings on {N_CLUSTERS} synthetic clusters: precision and recall by code"
FAULT_CASES = [(code, platform) for code, fault in FAULTS.items() for platform in fault.platforms]


@pytest.fixture(scope="module")
def clusters():
    return list(random_clusters())


def test_random_clusters__every_code_is_planted(clusters):
    planted = {code for one in clusters for code, _ in one.planted}

    assert planted | LISTED_CODES == {rule.code for rule in all_rules()}
    assert not planted & LISTED_CODES


def test_check__finds_every_planted_fault(clusters, record_property):
    record_property(TABLE, "\n".join(table(clusters)))

    missed = [(one.call, one.planted - one.found) for one in clusters if one.planted - one.found]

    assert missed == []


def test_check__agrees_with_the_brute_force(clusters):
    different = [(one.call, one.found ^ one.confirmed) for one in clusters if one.found != one.confirmed]

    assert different == []


@pytest.mark.parametrize("seed", range(24))
def test_check__agrees_with_the_brute_force_on_partial_dumps(seed):
    found, confirmed = partial(seed)

    # The brute force knows KNL704 by classes and workloads only; where these are missing the findings name pods.
    assert {one for one in found if not (one[0] == "KNL704" and one[1].startswith("Pod "))} == confirmed


@pytest.mark.parametrize("prefix_length", [20, 24, 25, 27])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_check__agrees_with_the_brute_force_on_ranges_that_are_full(platform, prefix_length):
    found, confirmed = tight(platform, prefix_length)

    assert found == confirmed


@pytest.mark.parametrize(("code", "platform"), FAULT_CASES, ids=map("-".join, FAULT_CASES))
def test_check__finds_a_fault_alone_and_nothing_else(code, platform):
    one = checked(seed=7, platform=platform, faults=(code,))

    assert one.found == one.confirmed
    assert one.planted <= one.found
    assert {found for found, _ in one.found} == {code}


HEALTHY = [(platform, False) for platform in PLATFORMS] + [(platform, True) for platform in DUAL_STACK]


@pytest.mark.parametrize(("platform", "dual_stack"), HEALTHY)
def test_check__finds_nothing_above_info_in_a_healthy_cluster(platform, dual_stack):
    one = checked(seed=1, platform=platform, dual_stack=dual_stack)

    assert one.above_info == frozenset()
    assert one.found == one.confirmed


@pytest.mark.parametrize(("code", "name", "platform"), neighbour_cases())
def test_check__is_silent_on_the_harmless_neighbour(code, name, platform):
    one = checked(seed=5, platform=platform, neighbours=(name,))

    assert code not in {found for found, _ in one.found}
    assert one.found == one.confirmed


def test_table__counts_what_was_missed_and_what_was_not_confirmed():
    one = checked(faults=("KNL501", "KNL109"))
    wrong = one._replace(found=frozenset({("KNL501", "Namespace dev"), ("KNL107", "Service shop/x")}))

    rows = {line.split()[0]: line.split()[1:] for line in table([wrong])}

    assert rows["KNL107"] == ["0", "-", "1", "0.000"]
    assert rows["KNL109"][1] == "0.000"
    assert rows["KNL501"] == ["1", "1.000", "1", "1.000"]
