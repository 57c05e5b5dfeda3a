import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kubenetlab.charts.address_plan import MAX_LANES, MAX_PARENTS, plan_map
from tests.ipam.planner.written_requests import PARENTS, cluster, planned


def texts(ax):
    return [text.get_text() for text in ax.texts]


def rectangles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_plan_map__draws_a_range_as_wide_as_its_share_of_what_is_drawn():
    plan = planned(cluster("pod_cidr: 100.64.0.0/16", name="a"), cluster("pod_cidr: 100.66.0.0/15", name="b"))

    ax = plan_map(plan)

    drawn = {text for text in texts(ax) if text.startswith("drawn: 100.64.")}
    assert drawn == {
        "drawn: 100.64.0.0/13, 12.5 % of it"
    }  # the ranges are in a /14, and one bit of what is around
    widths = {round(patch.get_width(), 4) for patch in rectangles(ax)}
    assert {0.125, 0.25} <= widths


def test_plan_map__names_the_clusters_that_fit_and_writes_the_ends():
    shown = texts(plan_map(planned(cluster("pod_cidr: 10.200.0.0/16"))))

    assert "shop" in shown
    assert "10.200.0.0" in shown
    assert "10.201.255.255" in shown


def test_plan_map__clusters_with_the_same_range_stand_below_one_another_and_the_rest_is_counted():
    plan = planned(*(cluster(name=f"c{n}") for n in range(MAX_LANES + 3)))

    shown = texts(plan_map(plan))

    assert sum("3 ranges more at the same places" in text for text in shown) == 2  # pods, and Services


def test_plan_map__hatches_what_is_in_the_way():
    free, used = (
        plan_map(planned(cluster(), head=head)) for head in (PARENTS, f"{PARENTS}in_use: [10.0.0.0/26]")
    )

    hatched = [[patch for patch in rectangles(ax) if patch.get_hatch() == "\\\\\\"] for ax in (free, used)]
    assert [len(found) for found in hatched] == [0, 1]


def test_plan_map__says_in_words_what_it_shows():
    alt_text = plan_map(planned(cluster("dual_stack: true"))).alt_text

    assert alt_text.startswith("Map of the plan. In 10.0.0.0/9: shop/nodes 10.0.0.0/26.")
    assert "In fd00:10::/32: shop/pods-ipv6 fd00:10::/56." in alt_text


def test_plan_map__counts_in_words_what_would_be_too_long_a_list():
    alt_text = plan_map(planned(*(cluster(name=f"c{n}") for n in range(30)))).alt_text

    assert "and 10 more." in alt_text


def test_plan_map__of_many_parents_shows_the_first():
    head = "parents: {pods: 100.64.0.0/10, services: 172.20.0.0/14, nodes: 10.0.0.0/9}"
    plan = planned(*(cluster(f"pod_cidr: {n}.0.0.0/16", name=f"c{n}") for n in range(20, 40)), head=head)

    assert sum("/8: fixed" in text for text in texts(plan_map(plan))) == MAX_PARENTS - 1


def test_plan_map__draws_on_axes_of_a_caller():
    ax = Figure().add_subplot()

    assert plan_map(planned(cluster()), ax) is ax


@pytest.mark.parametrize("network", ["fd12:3456::/48", "203.0.113.0/24"])
def test_plan_map__shows_fixed_ranges_in_what_is_around_them(network):
    version = "ipv6" if ":" in network else "ipv4"
    plan = planned(cluster(f"families: [{version}], pod_cidr: '{network}', max_pods: 40"))

    assert any(network in line for line in (plan_map(plan).alt_text.split(", ")[0], plan_map(plan).alt_text))


def test_plan_map__does_not_show_a_fixed_range_in_a_parent_of_another_kind():
    head = "parents: {pods: 10.64.0.0/10, services: 172.20.0.0/14, nodes: 192.168.0.0/16}"

    found = texts(plan_map(planned(cluster("service_cidr: 10.96.0.0/16"), head=head)))

    assert "10.64.0.0/10" in found
    assert "10.0.0.0/8: fixed ranges outside the parents" in found
