import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kubenetlab import charts
from kubenetlab.charts.addresses import MAX_RANGES
from kubenetlab.ipam.range_use import range_occupancy, range_use
from kubenetlab.result import Origin
from tests.builders import cluster, node, pod, service

SETTINGS = {
    "cluster_cidr": ("10.244.0.0/16", "fd00:10:244::/56"),
    "service_cidr": ("10.96.0.0/12", "fd00:10:96::/108"),
    "ipam": "host-local",
}
DUAL_STACK = cluster(
    node("a", ip="172.18.0.2", pod_cidrs=("10.244.0.0/24", "fd00:10:244::/64")),
    pod("shop/a", ips=("10.244.0.5", "fd00:10:244::5")),
    service("shop/cart", cluster_ip="10.96.0.10", cluster_ips=("10.96.0.10", "fd00:10:96::a")),
    settings=SETTINGS,
)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_address_map__names_every_range_and_what_is_used_of_it():
    ax = charts.address_map(range_occupancy(DUAL_STACK))

    shown = "\n".join(texts(ax))

    for cidrs in (SETTINGS["cluster_cidr"], SETTINGS["service_cidr"]):
        assert all(cidr in shown for cidr in cidrs)
    assert "256 of 65,536 addresses given to nodes (0.4 %), 1 held" in shown


def test_address_map__places_ranges_to_scale_in_their_space():
    # 10.96.0.0/12 starts at 96/256 of 10.0.0.0/8 and takes 1/16 of it.
    value = cluster(service("shop/cart"), settings={"service_cidr": ("10.96.0.0/12",)})

    ax = charts.address_map(range_occupancy(value))

    places = [(p.get_x(), p.get_width()) for p in ax.patches if isinstance(p, Rectangle)]
    assert (96 / 256, 1 / 16) in places


def test_address_map__says_the_scale_of_every_strip():
    settings = {"cluster_cidr": ("192.168.0.0/16",), "service_cidr": ("10.96.0.0/12", "fd00::/112")}

    shown = texts(charts.address_map(range_occupancy(cluster(service("shop/cart"), settings=settings))))

    assert [text for text in shown if text.startswith("this strip")] == [
        "this strip: 65,536 addresses, a mark every 4,096; 256 times the scale of 10.0.0.0/8",
        "this strip: 16,777,216 addresses, a mark every 1,048,576",
        "this strip: 65,536 addresses, a mark every 4,096",
    ]


def test_address_map__does_not_say_what_part_of_an_inferred_range_is_used():
    value = cluster(
        node("a", ip="10.0.0.4"), settings={"node_cidr": ("10.0.0.4/31",)}, origin=Origin.INFERRED
    )

    shown = texts(charts.address_map(range_occupancy(value)))

    assert "1 address held; how large the range is, the dump does not say" in shown


def test_address_map__draws_the_same_parts_as_the_result():
    value = cluster(
        service("shop/cart", cluster_ip="10.96.0.3"), settings={"service_cidr": ("10.96.0.0/30",)}
    )

    ax = charts.address_map(range_occupancy(value))

    _, held = (patch for patch in ax.patches if type(patch).__name__ == "StepPatch")
    heights = held.get_data().values - held.get_data().baseline
    assert [height < 0 for height in heights] == [False, False, False, True]


def test_address_map__shows_at_most_twelve_ranges():
    cidrs = tuple(f"10.{n}.0.0/16" for n in range(20))
    value = cluster(service("shop/cart"), settings={"service_cidr": cidrs})

    ax = charts.address_map(range_occupancy(value))

    assert sum("Service range" in text for text in texts(ax)) == MAX_RANGES


@pytest.mark.parametrize("wrong", [range_use(DUAL_STACK), None])
def test_address_map__refuses_what_is_no_occupancy(wrong):
    with pytest.raises(
        ValueError, match=r"occupancy is (the result|a ).*, expected a result of range_occupancy"
    ):
        charts.address_map(wrong)


def test_address_map__draws_on_given_axes():
    ax = Figure().add_subplot()

    assert charts.address_map(range_occupancy(DUAL_STACK), ax=ax) is ax


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"service_cidr": ("10.96.0.1/32",)},
        {"node_cidr": ("203.0.113.0/24",)},
        {"cluster_cidr": ("fd00::/128",)},
        {"cluster_cidr": ("0.0.0.0/0", "::/0")},
    ],
)
def test_address_map__draws_the_smallest_and_the_widest(settings):
    ax = charts.address_map(range_occupancy(cluster(node("a"), settings=settings)))

    assert "image/png" in ax._repr_mimebundle_()[0]
