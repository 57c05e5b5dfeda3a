import pytest
from matplotlib.figure import Figure

from kubenetlab.charts.pareto import pareto
from kubenetlab.ipam.pareto import pareto_front
from kubenetlab.ipam.range_use import range_use
from kubenetlab.ipam.set_up import SetUp
from tests.builders import cluster


def front(**fields):
    return pareto_front(SetUp(**{"ipam": "host-local", "pod_cidrs": ("10.244.0.0/16",)} | fields))


def labels(ax):
    return [text.get_text() for text in ax.texts]


def line(ax, label):
    return next(line for line in ax.get_lines() if line.get_label() == label)


def test_pareto__draws_the_points_of_the_result_on_logarithmic_axes():
    result = front()

    ax = pareto(result)

    drawn = line(ax, "choices")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert drawn.get_xdata().tolist() == result.frame["n_nodes"].tolist()
    assert drawn.get_ydata().tolist() == result.frame["n_pods_per_node"].tolist()


def test_pareto__names_the_points_and_rings_the_current_one():
    ax = pareto(front())

    assert "/24" in labels(ax)
    ring = line(ax, "current choice")
    assert (ring.get_xdata().tolist(), ring.get_ydata().tolist()) == ([256], [253])


def test_pareto__draws_what_kubernetes_is_tested_for():
    ax = pareto(front())

    assert set(line(ax, "5,000 nodes (tested)").get_xdata()) == {5_000}
    assert set(line(ax, "110 pods per node (tested)").get_ydata()) == {110}
    pods = line(ax, "150,000 pods (tested)")
    assert (pods.get_xdata() * pods.get_ydata()).round(6).tolist() == [150_000] * len(pods.get_xdata())


def test_pareto__draws_max_pods_where_it_is_not_what_is_tested():
    assert set(line(pareto(front(max_pods=250)), "maxPods 250").get_ydata()) == {250}
    assert not [x for x in pareto(front()).get_lines() if str(x.get_label()).startswith("maxPods")]


def test_pareto__beaten_choices_are_hollow():
    ax = pareto(front(node_cidrs=("10.0.0.0/22",)))

    beaten = line(ax, "beaten by another choice")
    assert set(beaten.get_xdata()) == {1_022}
    assert beaten.get_markerfacecolor() == "none"


def test_pareto__labels_do_not_cover_each_other_and_the_current_one_is_named():
    ax = pareto(front(ipam="calico", pod_cidrs=("192.168.0.0/16",), max_pods=1_200))

    assert len(labels(ax)) < 20
    assert "19 blocks" in labels(ax)


def test_pareto__says_in_words_what_is_shown():
    text = pareto(front()).alt_text

    assert text.startswith(
        "Nodes against pods per node, 15 choices from /30: 16,384 nodes of 1 pod to /16: 1 node of"
    )
    assert "With /24 there is room for 256 nodes of 253 pods." in text


@pytest.mark.parametrize(
    "result",
    [
        front(pod_cidrs=("10.96.0.0/20",), service_cidrs=("10.96.0.0/12",)),  # nothing fits
        front(pod_cidrs=("10.0.0.0/30",), node_cidr_mask_size=30),  # one choice
        front(pod_cidrs=("fd00::/56",)),
        front(ipam="gke"),
    ],
)
def test_pareto__draws_the_empty_the_smallest_and_the_widest(result):
    assert "image/png" in pareto(result)._repr_mimebundle_()[0]


def test_pareto__says_that_nothing_fits():
    ax = pareto(front(pod_cidrs=("10.96.0.0/20",), service_cidrs=("10.96.0.0/12",)))

    assert labels(ax) == ["No choice leaves room for a node with a pod."]
    assert ax.alt_text == "Nodes against pods per node. No choice leaves room for a node with a pod."


def test_pareto__labels_have_a_halo_that_keeps_lines_off_them():
    assert all(text.get_path_effects() for text in pareto(front()).texts)


@pytest.mark.parametrize("wrong", [range_use(cluster()), front().frame, None])
def test_pareto__refuses_what_is_no_front(wrong):
    with pytest.raises(ValueError, match=r"front is (the result|a ).*, expected a result of pareto_front"):
        pareto(wrong)


def test_pareto__draws_on_given_axes():
    ax = Figure().add_subplot()

    assert pareto(front(), ax=ax) is ax
