import base64

import matplotlib as mpl

from kubenetlab import charts
from kubenetlab.ipam.range_use import node_use
from tests.builders import cluster, node, pod

RESULT = node_use(cluster(node("a"), pod("shop/a", node_name="a")))


def test_house_style__leaves_the_users_settings_as_they_were():
    with mpl.rc_context({"axes.grid": True, "font.size": 30}):
        before = dict(mpl.rcParams)

        charts.pods_per_node(RESULT)._repr_mimebundle_()

        assert dict(mpl.rcParams) == before


def test_chart_axes__picture_does_not_depend_on_the_users_settings():
    expected = charts.pods_per_node(RESULT)._repr_mimebundle_()

    with mpl.rc_context({"axes.grid": True, "font.size": 30, "savefig.dpi": 30, "text.color": "red"}):
        assert charts.pods_per_node(RESULT)._repr_mimebundle_() == expected


def test_chart_axes__picture_comes_with_its_words():
    data, metadata = charts.pods_per_node(RESULT)._repr_mimebundle_()

    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["width"] == 900
    assert data["text/plain"] == metadata["image/png"]["alt"]
    assert data["text/plain"] == "Pods on 1 node: from 1 to 1, median 1. Node capacity (max pods): 110."
