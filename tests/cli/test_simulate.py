import json
import signal

import pytest
from click.testing import CliRunner

import kubenetlab as knl
from kubenetlab.cli import main
from kubenetlab.cli.simulate import time
from tests.cli.command_line import NODE, SERVICE, dump

QUICK = ("--runs", "2", "--clients", "60", "--lifetime", "60s")
SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "cart-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "cart"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.244.1.7"], "conditions": {"ready": True}, "nodeName": "worker-1"}],
    "ports": [{"port": 8080}],
}


def simulate(*arguments, stdin="", exit_code=0):
    result = CliRunner().invoke(main, ["simulate", *arguments], input=stdin, prog_name="kubenetlab")
    assert result.exit_code == exit_code, result.output
    return result.output


def document(*arguments):
    return json.loads(simulate("sample:shop", *arguments, *QUICK, "--format", "json"))


def words(*arguments, stdin=""):
    """The output as one line: sentences are wrapped."""
    return " ".join(simulate(*arguments, *QUICK, stdin=stdin).split())


def test_simulate__help_teaches_with_examples():
    found = simulate("--help")

    assert "kubenetlab simulate sample:shop shop/cart" in found
    assert "[default: 12 lifetimes]" in found


def test_simulate__answers_in_the_order_in_which_people_ask():
    found = words("sample:shop", "shop/cart")

    titles = [
        "shop/cart: the busiest",
        "Where new",
        "What chance",
        "ClientIP",
        "Connections that",
        "What would",
        "Note:",
    ]
    places = [found.index(title) for title in titles]
    assert places == sorted(places)
    assert (
        "affinity ClientIP, proxy mode iptables (kube-proxy's default on Linux; the dump says no mode)"
        in found
    )
    assert "lifetimes exponential, roll-out yes, seed 1" in found
    assert "runs 2" not in found  # --runs was given


def test_simulate__takes_paths_from_the_dump():
    found = document("edge/traefik:443")

    assert [row["share"] for row in found["tables"]["paths"]] == [0.5, 0.25, 0.25]
    assert found["tables"]["chance"][0]["mean_count"] == 500  # of the one that gets half of 1,000
    assert "the busiest endpoint gets 1.50 times the average of new connections" in found["headline"]
    assert "If all endpoints were alike" in found["headline"]
    assert "affinity" not in found["tables"]


def test_simulate__knows_how_many_clients_affinity_has_room_for():
    found = document("shop/cart", "--nodes", "1")["tables"]["affinity"]

    assert [(row["mode"], row["capacity"]) for row in found[:2]] == [("iptables", 300), ("nftables", 196605)]


def test_simulate__rolls_out_at_half_time():
    rows = document("shop/cart", "--duration", "10m")["tables"]["long_lived"]

    assert [row["moment"] for row in rows] == [
        "before the roll-out", "in its worst moment", "when it is over", "at the end",
    ]  # fmt: skip
    assert [rows[0]["time_s"], rows[-1]["time_s"]] == [300, 600]
    assert rows[1]["max_over_mean"] >= rows[0]["max_over_mean"]


def test_simulate__without_a_rollout_shows_the_end_alone():
    found = document("shop/cart", "--no-rollout")

    assert [row["moment"] for row in found["tables"]["long_lived"]] == ["at the end"]
    assert "roll-out" not in found["headline"]


@pytest.mark.parametrize(("flag", "is_cut"), [("--drain", False), ("--cut", True)])
def test_simulate__drains_or_cuts(flag, is_cut):
    rows = document("shop/cart", flag)["tables"]["what_if"]

    assert (rows[0]["reconnects_per_s"] > 0) is is_cut


def test_simulate__compares_what_was_asked_for():
    rows = document("shop/cart", "--max-age", "20s", "--endpoints", "+7", "--chooser", "ipvs-lc,pick-first")[
        "tables"
    ]

    assert [row["scenario"] for row in rows["what_if"]] == [
        "as it is", "maximum age 20s", "10 endpoints", "ipvs-lc", "pick-first",
    ]  # fmt: skip


def test_simulate__what_if_is_what_compare_choices_returns():
    load = knl.ConnectionLoad(
        n_endpoints=3, n_nodes=5, duration_s=720, warm_up_s=180, mean_lifetime_s=60, n_clients=60
    )
    what_if = {"ipvs-lc": {"chooser": "ipvs-lc"}}
    expected = knl.compare_choices(load, what_if, seed=1, n_runs=2).frame.set_index("scenario")[
        "max_over_mean"
    ]

    rows = document("shop/cart", "--no-rollout", "--chooser", "ipvs-lc")["tables"]["what_if"]

    found = {row["scenario"]: row["max_over_mean"] for row in rows}
    assert {name: found[name] for name in expected.index} == pytest.approx(expected.to_dict())


def test_simulate__says_how_many_connections_the_busiest_has():
    rows = document("shop/cart", "--endpoints", "+7", "--no-rollout")["tables"]["what_if"]

    busiest = {row["scenario"]: row["busiest"] for row in rows}
    assert busiest["10 endpoints"] < 15  # of 60 clients
    assert 20 < busiest["as it is"] < 30


def test_simulate__with_a_rate_says_what_a_node_can_hold():
    found = words("sample:shop", "shop/cart", "--rate", "5", "--nodes", "2")

    assert "conntrack table 131,072 450" in found  # 2.5/s for a lifetime and TIME_WAIT
    assert "local ports 28,232 300" in found  # a lifetime and 60 s, to one address: that of the Service
    assert "masquerade ports" not in found
    assert "--rate is of all nodes: 2.5/s on each of 2" in found


def test_simulate__node_limits_of_policy_local_are_those_of_nodes_with_endpoints():
    rows = document("edge/traefik", "--rate", "5")["tables"]["node_limits"]

    assert [(row["limit"], row["in_use"]) for row in rows] == [("conntrack table", pytest.approx(2.5 * 180))]


def test_simulate__node_limits_of_what_is_masqueraded():
    node_port = {
        **SERVICE,
        "spec": {**SERVICE["spec"], "type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]},
    }

    found = words("-", "shop/cart", "--rate", "5", stdin=dump(NODE, node_port, SLICE))

    assert "masquerade ports 64,512 900" in found
    assert "local ports" not in found


def test_simulate__affinity_draws_clients():
    found = document("shop/cart")

    assert found["tables"]["chance"][0]["n_connections"] == 60
    assert (
        "ClientIP: clients, not connections, are drawn; they come at random, hashed to 5 nodes"
        in found["notes"]
    )


def test_simulate__says_that_a_roll_out_is_squeezed():
    found = words("sample:shop", "shop/cart", "--duration", "12s")

    assert "one endpoint every 1s (sooner than every 30s: --duration is short)" in found


def test_simulate__says_that_nothing_was_open():
    found = document("edge/traefik", "--rate", "0.017", "--seed", "2")

    assert found["headline"].endswith("none was open to the endpoints of that moment.")
    assert None in [row["max_over_mean"] for row in found["tables"]["long_lived"]]


def test_simulate__says_first_what_is_lost():
    internal = {**SERVICE, "spec": {**SERVICE["spec"], "internalTrafficPolicy": "Local"}}
    other = {**NODE, "metadata": {"name": "worker-2"}}

    found = words("-", "shop/cart", stdin=dump(NODE, other, internal, SLICE))

    assert found.startswith(
        "shop/cart: 50.0% of connections reach no endpoint; of the others all go to its one"
    )


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ((SERVICE, SLICE), "lacks: nodes (kubectl get nodes -A -o json)"),
        ((SERVICE, NODE), "lacks: EndpointSlices (kubectl get endpointslices -A -o json)"),
        ((SERVICE,), "(kubectl get nodes -A -o json) and EndpointSlices (kubectl get"),
    ],
)
def test_simulate__says_what_the_dump_lacks(given, line):
    assert line in simulate("-", "shop/cart", stdin=dump(*given), exit_code=2)


def test_simulate__ctrl_c_ends_it_at_once(monkeypatch):
    def interrupted(*_):
        signal.raise_signal(signal.SIGINT)

    def end(code):
        raise SystemError(code)

    monkeypatch.setattr("kubenetlab.cli.simulate_answers.answer_of", interrupted)
    monkeypatch.setattr("os._exit", end)

    result = CliRunner().invoke(main, ["simulate", "sample:shop", "shop/cart"])

    assert "Error: interrupted" in result.output
    assert "SystemError: 130" in result.output


def test_simulate__same_seed_same_bytes_for_any_workers():
    one, two = (simulate("sample:shop", "shop/cart", *QUICK, "--workers", n) for n in "13")

    assert one == two
    assert one != simulate("sample:shop", "shop/cart", *QUICK, "--seed", "2")


def test_simulate__of_one_endpoint_is_even():
    found = words("-", "shop/cart", stdin=dump(NODE, SERVICE, SLICE))

    assert found.startswith("shop/cart: all go to its one endpoint. Where")


def test_simulate__takes_the_chooser_of_mode_ipvs():
    config = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "data": {"config.conf": "kind: KubeProxyConfiguration\nmode: ipvs\n"},
    }  # fmt: skip

    found = words("-", "shop/cart", stdin=dump(NODE, SERVICE, SLICE, config))

    assert "ipvs-rr:" in found


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("shop/carr",), "Error: services: shop/carr is not in the dump; names near it: shop/cart"),
        (("zzzzzz",), "names near it: none"),
        (("shop/cart:99",), "Error: shop/cart has no port 99, but 80"),
        (("shop/search",), "Error: shop/search: no connection reaches a ready endpoint"),
        (("payments/bank",), "Error: payments/bank is an ExternalName: DNS answers"),
        (("data/redis",), "Error: data/redis is headless: DNS gives clients the addresses of all pods"),
        (
            ("shop/cart", "--duration", "1000000h"),
            "Error: 10 runs of 4 simulations take 720,004,080,000 events",
        ),
        (
            ("shop/cart", "--runs", "10000"),
            "expected at most 300,000,000 (about a minute): shorten --duration",
        ),
        (("shop/cart", "--endpoints", "+x"), "expected 1 to 10,000 in all, such as 6, or +3"),
        (("shop/cart", "--rate", "nan"), "--rate times --lifetime is not 1 or more"),
        (("shop/cart", "--chooser", "dice"), "Error: chooser 'dice': expected one of random"),
        (
            ("shop/cart", "--endpoints", "-3"),
            "--endpoints: found '-3', expected 1 to 10,000 in all, such as 6, or +3",
        ),
        (("shop/cart", "--lifetime", "10 min"), "found '10 min', expected a time above 0 such as 30s"),
        (("shop/cart", "--lifetime", "0"), "expected a time above 0"),
        (("shop/cart", "--rate", "0"), "--rate"),
        (("shop/cart", "--rate", "0.01", "--lifetime", "90s"), "less than one connection would be open"),
        (("shop/cart", "--runs", "0"), "--runs"),
        (("shop/cart", "--clients", "99999999"), "--clients"),
        (
            ("shop/cart", "--rate", "1000000", "--lifetime", "1h"),
            "Error: ",
        ),
    ],
)
def test_simulate__bad_input_is_one_line(arguments, line):
    found = simulate("sample:shop", *arguments, exit_code=2)

    assert line in found
    assert "Traceback" not in found


def test_simulate__names_are_shown_without_control_characters():
    found = simulate("sample:shop", "shop/\x1b[31mcart", exit_code=2)

    assert "\x1b" not in found


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("30s", 30), ("1.5h", 5400), ("2d", 172_800), ("10m", 600)]
)
def test_time__in_its_units(text, seconds):
    assert time(text) == seconds
