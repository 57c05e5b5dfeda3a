from kubenetlab.ipam.address_leaks import host_local_use, leaked_addresses
from kubenetlab.objects.listings import HostLocalFile, HostLocalFiles, Listings
from tests.builders import cluster, node, pod

SETTINGS = {"ipam": "host-local"}
NODES = (node("a", pod_cidrs=("10.244.0.0/28",)), node("b", pod_cidrs=("10.244.0.16/28",)))


def with_files(*objects, addresses=(), networks=("cbr0",), last=()):
    directories = tuple(
        HostLocalFiles("x", network, tuple(HostLocalFile(a, f"id-{a}", "eth0") for a in addresses), last)
        for network in networks
    )
    return cluster(*objects, settings=SETTINGS).with_(listings=Listings(host_local=directories))


def rows(value):
    return leaked_addresses(value).frame[["node", "address", "state", "pod"]].to_numpy().tolist()


def use(value):
    return host_local_use(value).frame.iloc[0].to_dict()


def test_leaked_addresses__are_files_whose_address_no_running_pod_of_the_node_has():
    value = with_files(
        *NODES,
        pod("shop/a", node_name="a", ips=("10.244.0.2",)),
        pod("shop/done", node_name="a", ips=("10.244.0.3",), phase="Succeeded"),
        pod("shop/elsewhere", node_name="b", ips=("10.244.0.4",)),
        addresses=("10.244.0.10", "10.244.0.4", "10.244.0.3", "10.244.0.2"),
    )

    assert rows(value) == [
        ["a", "10.244.0.3", "leaked", ""],
        ["a", "10.244.0.4", "leaked", ""],
        ["a", "10.244.0.10", "leaked", ""],
    ]


def test_leaked_addresses__tells_pods_without_a_file():
    value = with_files(
        *NODES,
        pod("shop/a", node_name="a", ips=("10.244.0.2",)),
        pod("shop/other-network", node_name="a", ips=("172.16.0.2",)),
        pod("shop/host", node_name="a", ips=("10.0.0.1",), host_network=True),
        addresses=("10.244.0.5",),
    )

    assert rows(value)[1:] == [["a", "10.244.0.2", "no file", "shop/a"]]


def test_host_local_use__counts_what_the_leaks_cost():
    # A /28 holds 13 pods under host-local (facts, 1.5).
    value = with_files(
        *NODES,
        pod("shop/a", node_name="a", ips=("10.244.0.2",)),
        pod("shop/new", node_name="a"),
        addresses=("10.244.0.2", "10.244.0.3", "10.244.0.4"),
    )

    found = use(value)

    assert (found["node"], found["networks"]) == ("a", "cbr0")
    assert [found[n] for n in ("n_files", "n_in_use", "n_leaked", "n_without_file", "n_starting")] == [
        3,
        1,
        2,
        0,
        1,
    ]
    assert (found["n_capacity"], found["n_left"]) == (13, 10)
    assert found["leaked_share"] == 2 / 13


def test_host_local_use__of_two_families_the_scarcer_counts():
    dual = node("a", pod_cidrs=("10.244.0.0/28", "fd00::/64"))
    value = with_files(
        dual,
        pod("shop/a", node_name="a", ips=("10.244.0.2",)),
        addresses=("10.244.0.3", "fd00::3", "fd00::4"),
    )

    found = use(value)

    assert (found["n_leaked"], found["n_left"]) == (3, 11)


def test_leaked_addresses__of_a_network_without_node_are_those_that_no_pod_has():
    value = with_files(pod("shop/a", node_name="gone", ips=("10.9.0.2",)), addresses=("10.9.0.2", "10.9.0.3"))

    assert rows(value) == [["gone", "10.9.0.3", "leaked", ""]]


def test_leaked_addresses__a_directory_that_nothing_tells_apart_has_no_node():
    value = with_files(*NODES, pod("shop/a", node_name="a"), addresses=("172.16.0.9",))

    assert rows(value) == [["", "172.16.0.9", "leaked", ""]]
    assert (
        leaked_addresses(value)
        .because[0]
        .startswith("A node that the dump does not tell: files 1, leaked addresses 1,")
    )


def test_leaked_addresses__without_pods_in_the_dump_nothing_is_known():
    value = with_files(*NODES, addresses=("10.244.0.2",))

    assert rows(value) == []
    assert host_local_use(value).frame["n_leaked"].isna().all()
    assert "the dump has no pods to compare" in leaked_addresses(value).because[0]


def test_leaked_addresses__an_empty_directory_is_told_by_its_last_address():
    value = with_files(*NODES, pod("shop/a", node_name="b", ips=("10.244.0.20",)), last=("10.244.0.20",))

    assert rows(value) == [["b", "10.244.0.20", "no file", "shop/a"]]


def test_leaked_addresses__two_listings_of_one_node_count_once():
    value = with_files(
        *NODES,
        pod("shop/a", node_name="a", ips=("10.244.0.2",)),
        addresses=("10.244.0.2", "10.244.0.3"),
        networks=("cbr0", "cbr0"),
    )

    assert use(value)["n_files"] == 2


def test_leaked_addresses__without_a_listing_is_empty():
    value = cluster(*NODES, settings=SETTINGS)

    assert leaked_addresses(value).frame.empty
    assert host_local_use(value).frame.empty


def test_host_local_use__files_outside_the_pod_cidr_take_none_of_its_room():
    value = with_files(
        *NODES,
        pod("shop/a", node_name="a", ips=("10.244.0.2",)),
        addresses=("10.244.0.2", "10.244.0.3", "10.9.9.9"),
    )

    found = use(value)

    assert (found["n_files"], found["n_leaked"], found["n_capacity"], found["n_left"]) == (3, 2, 13, 11)
    assert found["leaked_share"] == 1 / 13
