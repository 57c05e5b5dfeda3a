import pytest

from kubenetlab.load_balancing.luck.causes import CAUSES, FITS, likely_causes
from kubenetlab.load_balancing.luck.counts_of_rules import counts_of_rules
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from kubenetlab.readers.counts import read_counts
from kubenetlab.readers.rules import read_rules, rules_from_text
from kubenetlab.samples import shipped_folder


def causes(*counts, counted=Counted.REQUESTS, shares=(), **others):
    endpoints = tuple(f"10.0.0.{i}:80" for i in range(len(counts)))
    frame = likely_causes(EndpointCounts("s", endpoints, counts, shares, counted, **others)).frame
    return dict(zip(frame["cause"], frame["fits"], strict=True))


def fitting(*counts, **others):
    return {name for name, fits in causes(*counts, **others).items() if fits == "fits"}


def test_likely_causes__requests_that_pile_up_may_be_keep_alive_or_affinity():
    assert {"keep-alive or few clients", "session affinity (ClientIP)"} <= fitting(60, 10, 7, 3, 6, 4, 10)


def test_likely_causes__new_connections_that_pile_up_are_no_keep_alive():
    found = fitting(60, 10, 7, 3, 6, 4, 10, counted=Counted.NEW_CONNECTIONS)

    assert found == {"session affinity (ClientIP)"}


def test_likely_causes__levels_may_be_a_local_policy():
    assert "local policy or zones with unequal pods per node" in fitting(250, 250, 500)


def test_likely_causes__an_endpoint_with_nothing_may_be_dead():
    found = fitting(100, 100, 100, 0)

    assert "dead or unready endpoint" in found
    assert "dead or unready endpoint" not in fitting(100, 100, 100, 40)


def test_likely_causes__one_low_endpoint_may_be_counted_for_a_shorter_time():
    assert "one endpoint is counted for a shorter time" in fitting(
        300, 300, 300, 200, counted=Counted.NEW_CONNECTIONS
    )


def rows(*counts, **others):
    """Cause by cause, in order: whether it fits, what it looks like, the next observation."""
    endpoints = tuple(f"10.0.0.{i}:80" for i in range(len(counts)))
    frame = likely_causes(EndpointCounts(endpoints=endpoints, counts=counts, **others)).frame
    return {row.cause: row[2:] for row in frame.itertuples()}


def test_likely_causes__ipvs_after_a_restart():
    path = shipped_folder("data") / "counts" / "002-after-a-restart.ipvs"  # kubernetes #126378

    frame = likely_causes(*counts_of_rules(read_rules(path))).frame

    found = list(frame.loc[frame["fits"] == "fits", "cause"])
    assert found == ["old connections after a roll-out", "ipvs begins at the first server"]


def test_likely_causes__an_endpoint_that_never_answers_is_first():
    path = shipped_folder("data") / "counts" / "003-dead-endpoint.conntrack"
    (counts,) = [one for one in read_counts(path) if one.service == "10.96.3.3:80/TCP"]

    first = likely_causes(counts).frame.iloc[0]

    assert (first["cause"], first["fits"]) == ("dead or unready endpoint", "fits")
    assert first["looks_like"].startswith(
        "20 of 20 connections to 10.244.1.5:8080 unanswered: dead, or a Netw"
    )
    assert "`curl -m2 http://10.244.1.5:8080`" in first["next_observation"]


@pytest.mark.parametrize(("count", "unanswered"), [(310, 9), (0, 2)])
def test_likely_causes__a_few_unanswered_prove_no_dead_endpoint(count, unanswered):
    found = rows(5, count, service="s", counted=Counted.OPEN_CONNECTIONS, unanswered=(0, unanswered))

    assert "unanswered" not in found["dead or unready endpoint"][1]


def test_likely_causes__affinity_that_the_text_shows_is_first_also_where_the_counts_are_even():
    found = rows(
        *(100, 105),
        service="shop/session:http",
        counted=Counted.NEW_CONNECTIONS,
        where="chain KUBE-SVC-A",
        remembered=(9000, 300),
        has_affinity=True,
    )

    fits, looks_like, following = found["session affinity (ClientIP)"]
    assert (next(iter(found)), fits) == ("session affinity (ClientIP)", "fits")
    assert looks_like.startswith(
        "the rules look for remembered clients (--rcheck), and 9,300 connections came"
    )
    assert following.startswith("`kubectl -n shop get service session -o yaml |")


def test_likely_causes__persistence_of_ipvs_is_looked_at_with_ipvsadm():
    found = rows(
        *(90, 6),
        service="10.96.13.40:80/TCP",
        counted=Counted.OPEN_CONNECTIONS,
        where="virtual server 10.96.13.40:80/TCP",
        has_affinity=True,
    )

    _, looks_like, following = found["session affinity (ClientIP)"]
    assert next(iter(found)) == "session affinity (ClientIP)"
    assert looks_like.startswith("the listing says persistent")
    assert "ipvsadm -lnc" in following
    assert "rcheck" not in following


def test_likely_causes__affinity_does_not_fit_where_the_text_shows_none():
    for counts in [(600, 10, 10), (10, 10, 10)]:
        found = causes(*counts, counted=Counted.NEW_CONNECTIONS, has_affinity=False)
        assert found["session affinity (ClientIP)"] == "does not fit"


def test_likely_causes__counters_of_one_chain_began_together():
    found = fitting(500, 400, counted=Counted.NEW_CONNECTIONS, where="chain KUBE-SVL-A", has_affinity=False)

    assert found == {"counters zeroed or rules changed by hand"}


def test_likely_causes__servers_of_ipvs_may_have_been_added_at_different_times():
    others = {"counted": Counted.NEW_CONNECTIONS, "where": "virtual server 10.96.13.40:80/TCP"}

    found = fitting(76115, 41150, 34850, **others)

    assert "one endpoint is counted for a shorter time" in found
    assert "ipvs begins at the first server" not in found
    assert "one endpoint is counted for a shorter time" not in fitting(760, 410, 350)


def test_likely_causes__of_a_proxys_log_are_those_of_proxies():
    found = rows(890, 1350, 720, service="", counted=Counted.REQUESTS, where="column -5")

    fits = [name for name, row in found.items() if row[0] == "fits"]
    assert all("proxy" in name for name in fits[:2])
    assert {"session affinity (ClientIP)", "keep-alive or few clients"}.isdisjoint(fits)
    assert not any("iptables" in found[name][2] for name in fits)


def test_likely_causes__of_hubble_look_at_cilium():
    found = rows(87, 12, 21, service="shop/cart:8080", counted=Counted.FLOWS, where="hubble observe")

    assert found["keep-alive or few clients"][0] == "does not fit"  # it counts connections that begin
    assert "cilium-dbg service list" in found["Cilium or a mesh sidecar chooses, not kube-proxy"][2]
    assert "iptables" not in found["session affinity (ClientIP)"][2]


@pytest.mark.parametrize(
    "service", ["shop/cart:http", "shop/cart:http (from pods, all endpoints)", "shop/cart"]
)
def test_likely_causes__commands_have_the_names_of_the_service(service):
    found = rows(60, 10, 7, service=service)

    commands = " ".join(row[2] for row in found.values())
    assert "kubectl -n shop get service cart -o yaml" in commands
    assert "NAME" not in commands
    assert not {"{", "}"} & {*commands}


@pytest.mark.parametrize("name", ["$(reboot)/x:http", "a/b`id`", "x;y", "", "shop/cart (a) | sh"])
def test_likely_causes__commands_hold_no_name_that_a_shell_would_run(name):
    counts = EndpointCounts(name, ("$(id)", "`id`:80"), (600, 3))

    commands = " ".join(likely_causes(counts).frame["next_observation"])

    assert not any(word in commands for word in ("reboot", "$(id)", "`id`", "x;y", "| sh"))
    assert "curl -m2 http://POD_IP:PORT" in commands


LISTED = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn"""
STATS = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port"""


def of_servers(scheduler, *counts):
    head, line = (STATS, "27 35 26 3055 2412") if scheduler == "not said" else (LISTED, scheduler)
    more = "20 10 1000 1000" if scheduler == "not said" else "0"
    real = [
        f"  -> 10.0.0.{i}:80 {'' if scheduler == 'not said' else 'Masq 1'} {count} {more}"
        for i, count in enumerate(counts)
    ]
    (found,) = counts_of_rules(rules_from_text("\n".join([head, f"TCP  10.96.0.1:80 {line}", *real, ""])))
    frame = likely_causes(found).frame
    return dict(zip(frame["cause"], frame["fits"], strict=True))["ipvs begins at the first server"]


@pytest.mark.parametrize(
    ("scheduler", "counts", "fits"),
    [
        ("rr", (40, 10, 12), "fits"),
        ("wrr", (40, 10, 12), "fits"),
        ("not said", (40, 10, 12), "fits"),
        ("rr", (10, 1, 1, 1, 40), "does not fit"),  # another than the first is ahead
        ("rr", (60_000, 10_000, 1_000), "does not fit"),  # each restart adds one
        ("lc", (40, 10, 12), "does not fit"),
        ("sh", (40, 10, 12), "does not fit"),
    ],
)
def test_likely_causes__ipvs_begins_at_the_first_server_only_in_turn_and_by_few(scheduler, counts, fits):
    assert of_servers(scheduler, *counts) == fits


def test_likely_causes__of_the_first_server_nothing_is_known_where_nothing_speaks_of_ipvs():
    assert (
        causes(40, 10, 12, counted=Counted.GIVEN)["ipvs begins at the first server"]
        == "cannot tell from these counts"
    )


def test_likely_causes__uneven_rules_also_where_the_counts_follow_them():
    found = rows(300, 210, 490, service="s", shares=(0.3, 0.21, 0.49))
    assert next(iter(found)) == "uneven rules"
    assert found["uneven rules"][1].startswith("the shares go from 21 to 49 %")
    assert fitting(300, 210, 490, shares=(0.3, 0.21, 0.49)) == {"uneven rules"}
    assert causes(300, 210, 490, shares=(1 / 3,) * 3)["uneven rules"] == "does not fit"
    assert causes(300, 210, 490)["uneven rules"] == "cannot tell from these counts"


def test_likely_causes__of_counts_that_chance_explains_none_fits():
    assert fitting(505, 495) == set()


def test_likely_causes__lists_every_cause_those_that_fit_first():
    found = list(causes(60, 10, 7, 3, 6, 4, 10).values())

    assert len(found) == len(CAUSES)
    assert found == sorted(found, key=list(FITS.values()).index)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_causes__each_says_what_it_looks_like_and_what_to_look_at_next(cause):
    assert cause.looks_like
    assert cause.next_observation
