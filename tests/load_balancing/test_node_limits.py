import re
import sys
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kubenetlab.kernel.namespace import Namespace
from kubenetlab.load_balancing.node_limits import (
    LOCAL_PORTS,
    MASQUERADE_PORTS,
    NodeTraffic,
    conntrack_max,
    node_limits,
)

LIMITS = ["conntrack table", "masquerade ports", "local ports"]
traffics = st.builds(
    NodeTraffic,
    connections_per_s=st.floats(0.01, 1e6),
    lifetime_s=st.floats(0.001, 1e5),
    udp_share=st.floats(0, 0.9),
    reset_share=st.floats(0, 1),
    destinations=st.integers(1, 500),
    source_addresses=st.integers(1, 5),
    clients=st.integers(1, 100),
    cores=st.integers(1, 256),
)
#: Sends 66,000 flows to one destination from more sources than there are ports; prints how many the kernel refused.
SEND = """
import socket
refused = 0
for flow in range(66_000):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((f"10.9.1.{flow // 22_000 + 1}", 2000 + flow % 22_000))
        try:
            sender.sendto(b"x", ("192.0.2.9", 9999))
        except PermissionError:
            refused += 1
print(refused)
"""


def by_limit(traffic, **options):
    return node_limits(traffic, **options).frame.set_index("limit")


@pytest.mark.parametrize(
    ("cores", "release", "entries"),
    # kube-proxy's conntrack.maxPerCore 32768 and min 131072; the cap is PR 137002, from 1.36 on
    [
        (1, "1.36", 131072),
        (4, "1.35", 131072),
        (8, "1.36", 262144),
        (32, "1.36", 1048576),
        (64, "1.36", 1048576),
        (64, "1.35", 2097152),
        (33, "v1.30.2", 1081344),
    ],
)
def test_conntrack_max__of_a_release(cores, release, entries):
    assert conntrack_max(cores, release) == entries


def test_node_limits__by_hand():
    traffic = NodeTraffic(connections_per_s=1000, lifetime_s=0.5, cores=16, destinations=2, reset_share=0.1)

    frame = by_limit(traffic)

    # 90 % stay 120 s in TIME_WAIT, 10 % 10 s in CLOSE; a socket's own TIME_WAIT is 60 s
    assert frame.index.tolist() == LIMITS
    assert frame["capacity"].tolist() == [524288, 64512, 28232]
    assert frame["held_s"].tolist() == pytest.approx([109.5, 109.5, 54.5])
    assert frame["in_use"].tolist() == pytest.approx([109500, 54750, 27250])
    assert frame["used_share"].tolist() == pytest.approx([0.208855, 0.848679, 0.965217], rel=1e-5)
    assert frame["runs_out_at_rate_per_s"].tolist() == pytest.approx([4788.02, 1178.30, 1036.04], rel=1e-5)
    assert frame["seconds_until_full"].isna().all()


@pytest.mark.parametrize(("lifetime_s", "held_s"), [(0.1, 30.1), (2.0, 32.0), (10.0, 130.0)])
def test_node_limits__of_udp_depends_on_how_long_a_flow_lasts(lifetime_s, held_s):
    frame = by_limit(NodeTraffic(connections_per_s=5000, lifetime_s=lifetime_s, udp_share=1.0))

    assert frame.loc["conntrack table", "held_s"] == held_s
    assert frame.loc["local ports", ["in_use", "runs_out_at_rate_per_s"]].tolist() == [0, float("inf")]


def test_node_limits__fills_in_straight_line():
    frame = by_limit(NodeTraffic(connections_per_s=2000, cores=4))

    assert frame["seconds_until_full"].tolist() == pytest.approx([65.536, 32.256, 14.116])


@settings(max_examples=25)
@given(traffics, st.sampled_from(LIMITS))
def test_node_limits__at_the_rate_where_it_runs_out_all_is_used(traffic, limit):
    rate = by_limit(traffic).loc[limit, "runs_out_at_rate_per_s"]
    assume(rate < 9e8)

    at_rate, above = (by_limit(replace(traffic, connections_per_s=rate * f)).loc[limit] for f in (1, 1.01))

    assert at_rate["used_share"] == pytest.approx(1)
    # Little's law: what arrives while one place is held fills all of them
    assert above["seconds_until_full"] == pytest.approx(above["held_s"] / 1.01)


@settings(max_examples=25)
@given(traffics, st.integers(2, 9))
def test_node_limits__more_places_for_ports_raise_the_rate_alike(traffic, times):
    before = by_limit(traffic)["runs_out_at_rate_per_s"]
    changes = {
        "source_addresses": {"masquerade ports"},
        "clients": {"local ports"},
        "destinations": {"masquerade ports", "local ports"},
    }
    for name, limits in changes.items():
        after = by_limit(replace(traffic, **{name: getattr(traffic, name) * times}))["runs_out_at_rate_per_s"]

        expected = [times if limit in limits else 1 for limit in LIMITS]
        assert (after / before).tolist() == pytest.approx(expected)


def test_node_limits__takes_the_nodes_own_table_size():
    given_size, default = (
        node_limits(NodeTraffic(connections_per_s=1, cores=8), table_size=size) for size in (262145, None)
    )

    assert given_size.frame.loc[0, "capacity"] == given_size.assumptions[0].value == 262145
    assert default.frame.loc[0, "capacity"] == 262144
    assert [str(r.assumptions[0].origin) for r in (given_size, default)] == ["read", "default"]


def test_node_limits__says_what_drops():
    result = node_limits(NodeTraffic(connections_per_s=0))

    texts = result.frame["what_drops"].tolist()
    assert ["table full" in texts[0], "insert_failed" in texts[1], "EADDRNOTAVAIL" in texts[2]] == [True] * 3
    assert result.frame["in_use"].tolist() == [0, 0, 0]
    assert str(result.basis) == "source"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"connections_per_s": -1}, r"connections_per_s is -1, expected a number from 0 to 1e\+09"),
        ({"connections_per_s": float("nan")}, "connections_per_s is nan"),
        ({"connections_per_s": "5"}, "connections_per_s is 5, expected a number"),
        ({"connections_per_s": True}, "connections_per_s is True"),
        ({"lifetime_s": float("inf")}, "lifetime_s is inf"),
        ({"udp_share": 1.1}, r"udp_share is 1\.1, expected a number from 0 to 1$"),
        ({"destinations": 0}, "destinations is 0, expected a whole number from 1"),
        ({"destinations": 1.5}, r"destinations is 1\.5, expected a whole number"),
        ({"cores": 4.5}, r"cores is 4\.5, expected a whole number"),
        ({"cores": 0}, "cores is 0"),
    ],
)
def test_node_traffic__refuses(change, message):
    with pytest.raises(ValueError, match=message):
        NodeTraffic(**{"connections_per_s": 1.0} | change)


@pytest.mark.parametrize("cores", [0, -3, 2.5, "4"])
def test_conntrack_max__refuses_what_is_no_number_of_cores(cores):
    with pytest.raises(ValueError, match=f"cores is {cores}, expected a whole number from 1"):
        conntrack_max(cores)


@pytest.mark.parametrize("size", [0, -5, 1e5, True, "9"])
def test_node_limits__refuses_what_is_no_size_of_a_table(size):
    with pytest.raises(
        ValueError, match=f"table_size is {re.escape(str(size))}, expected a whole number from 1"
    ):
        node_limits(NodeTraffic(connections_per_s=1), table_size=size)


def test_node_limits__says_that_the_mean_decides_how_long_udp_stays():
    short, long = (
        node_limits(NodeTraffic(connections_per_s=1, lifetime_s=lifetime_s, udp_share=1.0))
        for lifetime_s in (2.0, 2.001)
    )

    assert [round(found.frame.loc[0, "held_s"]) for found in (short, long)] == [32, 122]
    assert any(
        "30 s where the mean lifetime is up to 2 s, else 120 s" in because for because in short.because
    )


def test_node_limits__refuses_a_release_that_is_none():
    with pytest.raises(ValueError, match="release: found 'latest'"):
        node_limits(NodeTraffic(connections_per_s=1), release="latest")


@pytest.mark.requires("kernel")
def test_node_limits__ports_and_timeouts_are_the_kernels():
    names = ["tcp_timeout_time_wait", "tcp_timeout_close", "udp_timeout", "udp_timeout_stream"]
    with Namespace() as namespace:
        namespace.run("iptables", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")  # loads conntrack
        timeouts = namespace.run("sysctl", "-n", *(f"net.netfilter.nf_conntrack_{name}" for name in names))
        low, high = namespace.run("sysctl", "-n", "net.ipv4.ip_local_port_range").split()

    assert timeouts.split() == ["120", "10", "30", "120"]
    assert int(high) - int(low) + 1 == LOCAL_PORTS


@pytest.mark.requires("kernel")
@pytest.mark.parametrize("option", [(), ("--random-fully",)])
def test_node_limits__masquerading_runs_out_of_ports_and_drops(option):
    with Namespace(120) as namespace:
        for command in (
            "ip link set lo up",
            "ip link add out type veth peer name away",
            "ip link set away up",
            "ip addr add 192.0.2.1/24 dev out",
            "ip link set out up",
            "ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev out",
            *(f"ip addr add 10.9.1.{host}/32 dev lo" for host in (1, 2, 3)),
        ):
            namespace.run(*command.split())
        namespace.run("iptables", "-t", "nat", "-A", "POSTROUTING", "-p", "udp", "-j", "MASQUERADE", *option)
        refused = int(namespace.run(sys.executable, "-c", SEND))
        counters = namespace.run("conntrack", "-S")
        ports = {
            int(port)
            for port in re.findall(
                r"dst=192\.0\.2\.1 sport=9999 dport=(\d+)", namespace.run("conntrack", "-L")
            )
        }

    failed, dropped = (
        sum(map(int, re.findall(rf" {name}=(\d+)", counters))) for name in ("insert_failed", "drop")
    )
    # the search ends after 248 tries, so that a few drop before the last port is taken
    assert 0.99 * MASQUERADE_PORTS < len(ports) <= MASQUERADE_PORTS
    assert 1024 <= min(ports) < 1100
    assert 65435 < max(ports) <= 65535
    assert refused == failed == dropped == 66_000 - len(ports)
