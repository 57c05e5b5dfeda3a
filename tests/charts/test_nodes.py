import pytest

from kubenetlab import charts
from kubenetlab.ipam.range_use import node_use
from tests.builders import cluster, node, pod


def nodes_with(n_nodes, pods="110", cidr_length=24):
    nodes = [
        node(f"n{i}", pod_cidrs=(f"10.{i // 256}.{i % 256}.0/{cidr_length}",), pods=pods)
        for i in range(n_nodes)
    ]
    pods_ = [pod(f"shop/p{i}-{j}", node_name=f"n{i}") for i in range(n_nodes) for j in range(i % 7)]
    return cluster(*nodes, *pods_, settings={"ipam": "host-local"})


def test_pods_per_node__up_to_sixty_nodes_are_bars_fullest_first():
    ax = charts.pods_per_node(node_use(nodes_with(8)))

    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["n6", "n5", "n4", "n3", "n2", "n1", "n0", "n7"]
    assert [bar.get_width() for bar in ax.containers[0]] == [6, 5, 4, 3, 2, 1, 0, 0]


def test_pods_per_node__more_nodes_are_a_histogram_that_counts_them_all():
    ax = charts.pods_per_node(node_use(nodes_with(61)))

    assert sum(bar.get_height() for bar in ax.containers[0]) == 61


def test_pods_per_node__counts_of_nodes_are_whole_numbers():
    ax = charts.pods_per_node(node_use(nodes_with(61)))

    assert all(tick == int(tick) for tick in ax.get_yticks())


def test_pods_per_node__marks_the_pod_cidr_only_where_it_is_tighter():
    def labels(cidr_length):
        ax = charts.pods_per_node(node_use(nodes_with(3, cidr_length=cidr_length)))
        return ax.get_legend_handles_labels()[1]

    assert "pods that the pod CIDR holds" in labels(28)
    assert "pods that the pod CIDR holds" not in labels(24)


@pytest.mark.parametrize(
    "name", ["$x^2$", "購物", '"><script>alert(1)</script>', "a" * 250, "\x1b[2J\n\u202e", "%s {0}"]
)
def test_pods_per_node__draws_any_name(name):
    value = cluster(node(name), pod("shop/a", node_name=name))

    ax = charts.pods_per_node(node_use(value))

    assert "image/png" in ax._repr_mimebundle_()[0]
    assert len(ax.get_yticklabels()[0].get_text()) <= 48


@pytest.mark.parametrize("value", [cluster(), cluster(node("a")), nodes_with(1, pods="")])
def test_pods_per_node__draws_what_there_is(value):
    assert charts.pods_per_node(node_use(value))._repr_mimebundle_()[0]["text/plain"].startswith("Pods")
