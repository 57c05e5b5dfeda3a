import pytest

from kubenetlab.ipam.planner.plan_document import netbox_csv
from tests.ipam.planner.written_requests import PARENTS, cluster, planned, texts


def test_without_kept__a_plan_that_came_back_as_in_use_stays_where_it_is(tmp_path):
    clusters = [cluster(name="a"), cluster("platform: gke", name="b")]
    before = planned(*clusters)
    (tmp_path / "rt.csv").write_text(netbox_csv(before))
    head = f"in_use: [{{netbox: {tmp_path / 'rt.csv'}}}]\n{PARENTS}"

    after = planned(*clusters, cluster(name="c"), head=head, kept=before.networks)

    assert {name: text for name, text in texts(after).items() if name[0] != "c"} == texts(before)
    assert after.notes == before.notes


def test_without_kept__what_is_in_use_beside_a_kept_range_stays_in_the_way():
    before = planned(cluster(name="a"))
    head = f"in_use: [{before.networks['a/pods']}, 100.64.16.0/20]\n{PARENTS}"

    after = planned(cluster(name="a"), cluster("peers: [a]", name="b"), head=head, kept=before.networks)

    assert after.networks["a/pods"] == before.networks["a/pods"]
    assert texts(after)["b/pods"] == "100.64.32.0/20"


def test_without_kept__the_range_of_a_cluster_that_is_gone_is_still_in_use():
    before = planned(cluster(name="a"))

    after = planned(
        cluster(name="b"), head=f"in_use: [{before.networks['a/pods']}]\n{PARENTS}", kept=before.networks
    )

    assert texts(after)["b/pods"] == "100.64.16.0/20"


@pytest.mark.parametrize(
    ("more", "head", "why"),
    [
        ("", f"forbidden: [100.64.0.0/24]\n{PARENTS}", "forbidden[0]: 100.64.0.0/24 is forbidden"),
        ("", PARENTS.replace("100.64.0.0/10", "100.96.0.0/11"), "the old range lies in none of its parents"),
        ("growth: 60%", PARENTS, "it needs a /18"),
        ("pod_cidr: 100.100.0.0/16", PARENTS, "the request fixes it there"),
    ],
)
def test_moves__says_why_a_kept_range_moves(more, head, why):
    before = planned(cluster(name="a"))

    after = planned(cluster(more, name="a"), head=head, kept=before.networks)

    (note,) = [note for note in after.notes if note.startswith("a/pods was ")]
    assert note.endswith(f" now: {why}.")


def test_moves__names_the_neighbour_that_is_in_the_way():
    before = planned(cluster(name="a"))
    fixed = cluster(f"pod_cidr: {before.networks['a/pods']}, peers: [a]", name="b")

    after = planned(cluster(name="a"), fixed, kept=before.networks)

    assert f"b/pods has {before.networks['a/pods']}." in after.notes[0]
