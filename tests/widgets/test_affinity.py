import re

import pytest

from kubenetlab.widgets import affinity_explorer


def words(panel):
    return re.search(r"<figcaption>(.*)</figcaption>", panel.picture_html)[1]


def test_affinity_explorer__says_how_many_keep_their_endpoint():
    panel = affinity_explorer()

    assert (
        words(panel) == "Mode iptables has room for 300 clients; of 1,000, 53.3 % find their endpoint again."
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("n_nodes", 5, "room for 1,500 clients; of 1,000, 100 %"),
        ("mode", "ipvs", "room for any number of clients; of 1,000, 100 %"),
        ("clients", 200, "of 200, 100 %"),
    ],
)
def test_affinity_explorer__every_control_counts(name, value, expected):
    panel = affinity_explorer()

    panel.controls[name].value = value

    assert expected in words(panel)


@pytest.mark.parametrize(("name", "value"), [("skew", 1.0), ("timeout_s", 60.0), ("connections_per_s", 1)])
def test_affinity_explorer__clients_that_come_otherwise_change_the_share(name, value):
    panel = affinity_explorer(mode="nftables")
    panel.controls["timeout_s"].value = 600.0
    before = words(panel)

    panel.controls[name].value = value

    assert words(panel) != before


@pytest.mark.parametrize("values", [{"clients": 11}, {"endpoints": 51}, {"mode": "ebpf"}])
def test_affinity_explorer__refuses_what_its_controls_cannot_show(values):
    with pytest.raises(ValueError, match="1 to 50"):
        affinity_explorer(**values)
