import json
import re
from dataclasses import replace
from functools import cache
from ipaddress import ip_address
from pathlib import Path

import msgspec
import numpy as np
import pytest

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.provenance import Provenance
from kubenetlab.errors import NotFoundError, Refusal
from kubenetlab.kube_proxy.node_settings import proxy_settings
from kubenetlab.kube_proxy.proxied_ports import ports_of
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort
from kubenetlab.kube_proxy.slice_endpoints import cluster_slices
from kubenetlab.load_balancing.drift import drift
from kubenetlab.load_balancing.drift_comparison import Drift
from kubenetlab.load_balancing.drift_promises import releases_meant
from kubenetlab.load_balancing.drift_rounding import rounding
from kubenetlab.objects import EndpointSlice, Service
from kubenetlab.readers.rules import rules_from_text
from kubenetlab.synthetic import PLATFORMS, synthetic_dump
from tests.golden_kube_proxy import content, settings_of
from tests.load_balancing.other_layouts import LAYOUTS, rules_text

GOLDEN = Path(__file__).parents[1] / "golden" / "kube-proxy"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
RECORDED = (
    "iptables-nft-save",
    "iptables-legacy-save",
    "nft-kernel-list",
    "ipvs",
    "ip6tables-nft-save",
    "ipv6.ipvs",
)
N_CLUSTERS = 100
NAMES = list(LAYOUTS)
SOME = (
    "iptables, normal form", "iptables, before 1.17", "nftables, listing", "nftables, chains of endpoints, listing", "ipvs",
)  # fmt: skip


# ---- no false alarm


def _unshown(result):
    """What the rules could not show: rules that nobody understood would raise no alarm either."""
    return [words for words in result.because if "cannot show" in words]


def _recorded_cluster(case):
    """What the cluster of a recording was after its last step."""
    document = json.loads(content(case, "input.json"))
    services, slices = {}, {}
    for step in (document, *document.get("steps", ())):
        for name, objects in (("services", services), ("endpointSlices", slices)):
            for value in step.get(f"delete{name[0].upper()}{name[1:]}", ()):
                objects.pop((value["metadata"]["namespace"], value["metadata"]["name"]), None)
            objects |= {(v["metadata"]["namespace"], v["metadata"]["name"]): v for v in step.get(name, ())}
    cluster = Cluster(
        services=tuple(msgspec.convert(list(services.values()), list[Service])),
        endpoint_slices=tuple(msgspec.convert(list(slices.values()), list[EndpointSlice])),
    )
    return cluster, settings_of(document)


@pytest.mark.parametrize("form", RECORDED)
def test_drift__kube_proxys_own_rules_are_no_alarm(form):
    # kube-proxy v1.36.2, and the kernel's own listing of its rules; tests/golden/kube-proxy
    drifted, n_compared = {}, 0
    for case in CASES:
        text = content(case, f"output.{form}")
        if text is not None and text.strip():
            cluster, settings = _recorded_cluster(case)
            rules = rules_from_text(text.decode(), form)
            result = drift(cluster, settings.node_name, rules, settings)
            n_compared += 1
            if len(result.frame) or _unshown(result):
                drifted[case.name] = result.frame.sentence.tolist(), _unshown(result)

    assert n_compared
    assert drifted == {}


def test_drift__recorded_cases_in_other_layouts_are_no_alarm():
    alarms = {}
    for number, case in enumerate(CASES):
        cluster, settings = _recorded_cluster(case)
        layout, rng = NAMES[number % len(NAMES)], np.random.default_rng(number)
        text = rules_text(layout, _ports(cluster, settings, "1.36"), settings, rng)
        result = drift(cluster, settings.node_name, rules_from_text(text), settings)
        sentences = [*result.frame.sentence, *_unshown(result)]
        alarms |= {(case.name, layout): sentences} if sentences else {}

    assert alarms == {}


@cache
def _cluster(seed):
    platforms = sorted(PLATFORMS)
    dump = synthetic_dump(nodes=3, pods=25, seed=seed, platform=platforms[seed % len(platforms)], fat=False)
    return dump.cluster()


def _node(cluster, seed):
    return cluster.nodes[seed % len(cluster.nodes)].metadata.name


def _ports(cluster, settings, release):
    return ports_of(cluster.services, cluster_slices(cluster), settings, 4, release)


@pytest.mark.parametrize("seeds", [range(start, start + 10) for start in range(0, N_CLUSTERS, 10)], ids=str)
def test_drift__other_layouts_and_releases_are_no_alarm(seeds):
    alarms = {}
    for seed in seeds:
        cluster, rng = _cluster(seed), np.random.default_rng(seed)
        settings = proxy_settings(cluster, _node(cluster, seed))
        releases = releases_meant(cluster)
        ports = _ports(cluster, settings, releases[seed % len(releases)])
        for layout in (NAMES[seed % len(NAMES)], NAMES[(seed * 7 + 3) % len(NAMES)]):
            rules = rules_from_text(rules_text(layout, ports, settings, rng))
            result = drift(cluster, settings.node_name, rules)
            sentences = [*result.frame.sentence, *_unshown(result)]
            alarms |= {(seed, layout): sentences} if sentences else {}

    assert alarms == {}


# ---- every planted drift is found


def _with(ports, index, port):
    return (*ports[:index], port, *ports[index + 1 :])


def _chosen(ports, least):
    """The last service port with at least so many endpoints in the pod network."""
    return max(
        i
        for i, p in enumerate(ports)
        if len(p.selection.cluster) >= least and p.service_port.name != "kubernetes"
    )


def _changed(proxied, change):
    selection = proxied.selection
    lists = {
        name: tuple(change(getattr(selection, name)))
        for name in ("cluster", "local", "reachable")
        if getattr(selection, name)
    }
    return ProxiedPort(proxied.service_port, selection._replace(**lists))


def _free(cluster, endpoint):
    """An endpoint like another at an address that the dump does not know."""
    number = int(ip_address(endpoint.address))
    near = (number ^ offset for offset in range(1, 64))
    address = next(str(ip_address(n)) for n in near if str(ip_address(n)) not in cluster.address_index)
    return NodeEndpoint(f"{address}:{endpoint.port}", address, endpoint.port)


def _stale(cluster, ports):
    index = _chosen(ports, 1)
    gone = _free(cluster, ports[index].selection.cluster[0])
    changed = _changed(ports[index], lambda endpoints: (*endpoints, gone))
    return _with(ports, index, changed), (Drift.STALE, changed, gone.where)


def _missing(cluster, ports):
    index = _chosen(ports, 2)
    lost = ports[index].selection.cluster[0]
    changed = _changed(ports[index], lambda endpoints: (e for e in endpoints if e != lost))
    return _with(ports, index, changed), (Drift.MISSING, changed, lost.where)


def _foreign(cluster, ports):
    index = _chosen(ports, 1)
    own = {e.address for e in ports[index].selection.everything}
    others = (e for p in ports if p.service_port.name != "kubernetes" for e in p.selection.cluster)
    other = next(e for e in others if e.address not in own)
    changed = _changed(ports[index], lambda endpoints: (*endpoints, other))
    return _with(ports, index, changed), (Drift.FOREIGN, changed, other.where)


def _outside(cluster, ports):
    index = _chosen(ports, 1)
    other = NodeEndpoint("203.0.113.9:80", "203.0.113.9", 80)
    changed = _changed(ports[index], lambda endpoints: (*endpoints, other))
    return _with(ports, index, changed), (Drift.FOREIGN, changed, other.where)


def _no_service_port(cluster, ports):
    index = _chosen(ports, 1)
    return (*ports[:index], *ports[index + 1 :]), (Drift.NO_SERVICE_PORT, ports[index], "")


def _stale_service_port(cluster, ports):
    like = ports[_chosen(ports, 1)]
    free = {
        "name": "gone",
        "cluster_ip": "203.0.113.77",
        "node_port": 0,
        "load_balancer_vips": (),
        "external_ips": (),
    }
    gone = like._replace(service_port=like.service_port._replace(**free))
    return (*ports, gone), (Drift.STALE_SERVICE_PORT, gone, "")


def _refused(cluster, ports):
    index = _chosen(ports, 1)
    selection = ports[index].selection._replace(cluster=(), local=(), reachable=(), has_any=False)
    return _with(ports, index, ports[index]._replace(selection=selection)), (Drift.REFUSED, ports[index], "")


PLANTS = {
    "stale": _stale, "missing": _missing, "foreign": _foreign, "outside": _outside, "refused": _refused,
    "no service port": _no_service_port, "stale service port": _stale_service_port,
}  # fmt: skip


@pytest.mark.parametrize("layout", SOME)
@pytest.mark.parametrize("plant", PLANTS)
def test_drift__every_planted_drift_is_found_and_no_other(plant, layout):
    missed = {}
    for seed in range(5):
        cluster = _cluster(seed)
        settings = proxy_settings(cluster, _node(cluster, seed))
        ports, (kind, proxied, where) = PLANTS[plant](
            cluster, _ports(cluster, settings, releases_meant(cluster)[0])
        )
        text = rules_text(layout, ports, settings, np.random.default_rng(seed))

        frame = drift(cluster, settings.node_name, rules_from_text(text)).frame

        named = "" if (layout, kind) == ("ipvs", Drift.STALE_SERVICE_PORT) else proxied.service_port.full_name
        found = set(zip(frame.drift, frame.service_port, frame.endpoint, strict=True))
        missed |= {} if found == {(kind, named, where)} else {seed: (named, where, frame.sentence.tolist())}

    assert missed == {}


UNEVEN = {  # text of the rules, what makes it uneven
    "iptables, normal form": (r"--probability 0\.50000000000", "--probability 0.70000000000"),
    "nftables, listing": (r"numgen random mod 2 map \{ 0 : (\S+ \. \d+) ,(.+) \}", r"numgen random mod 3 map { 0 : \1 ,\2 , 2 : \1 }"),
    "nftables, chains of endpoints": (r"numgen random mod 2 vmap \{ 0 : (goto \S+) ,(.+) \}", r"numgen random mod 3 vmap { 0 : \1 ,\2 , 2 : \1 }"),
    "ipvs": (r"^(-a (-\S \S+) .* -w) 1\n(-a \2 )", r"\1 3\n\3"),
}  # fmt: skip


@pytest.mark.parametrize("layout", UNEVEN)
def test_drift__uneven_shares_are_found(layout):
    cluster = _cluster(6)
    settings = proxy_settings(cluster, _node(cluster, 6), ipvs_scheduler="wrr")
    text = rules_text(layout, _ports(cluster, settings, "1.36"), settings, np.random.default_rng(0))
    changed = re.sub(*UNEVEN[layout], text, count=1, flags=re.MULTILINE)

    frame = drift(cluster, settings.node_name, rules_from_text(changed)).frame

    assert changed != text
    assert set(frame.drift) == {Drift.UNEVEN}


def test_drift__a_chance_that_ends_a_chain_loses_connections():
    text = _written(_small((1, 2))).replace(
        ' -> 10.244.0.2:8080" -j', ' -> 10.244.0.2:8080" -m statistic --mode random --probability 0.5 -j'
    )

    frame = drift(_small((1, 2)), "worker-1", rules_from_text(text), NODE).frame

    assert frame.drift.tolist() == [Drift.UNEVEN]
    assert "25.00% of connections reach none" in frame.sentence[0]


# ---- small clusters


NODE = ProxySettings(node_name="worker-1", node_ips=("192.168.10.11",))


def _small(hosts, states=None, **spec):
    """One Service, shop/cart; its endpoints are 10.244.0.<host>:8080, with the given conditions."""
    states = states or {}
    service = {
        "metadata": {"namespace": "shop", "name": "cart"},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80, "nodePort": 30080}], "type": "NodePort"}
        | spec,
    }
    endpoints = [{"addresses": [f"10.244.0.{host}"], "conditions": states.get(host, {})} for host in hosts]
    slices = {
        "metadata": {"namespace": "shop", "name": "cart-1", "labels": {"kubernetes.io/service-name": "cart"}},
        "addressType": "IPv4",
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        "endpoints": endpoints,
    }
    return Cluster(
        services=(msgspec.convert(service, Service),),
        endpoint_slices=(msgspec.convert(slices, EndpointSlice),),
    )


def _written(cluster, layout="iptables, as written", release="1.36"):
    return rules_text(layout, _ports(cluster, NODE, release), NODE, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"ready": False}, "not ready"),
        ({"ready": False, "serving": False, "terminating": True}, "terminating"),
    ],
)
def test_drift__says_what_the_dump_knows_of_a_stale_endpoint(state, words):
    rules = rules_from_text(_written(_small((1, 2))))

    frame = drift(_small((1, 2), {2: state}), "worker-1", rules, NODE).frame

    assert frame.drift.tolist() == [Drift.STALE]
    chain = "KUBE-SEP-66PSGXH7WA4OTHE5, line 32"
    sends = f"shop/cart sends 50.00% of its connections to 10.244.0.2:8080 ({chain})"
    assert frame.sentence[0] == f"{sends}: the dump knows it as {words}"
    assert frame.destination[0] == "ClusterIP 10.96.0.1:80/tcp, node port 192.168.10.11:30080/tcp"


def test_drift__an_endpoint_at_another_port_is_stale():
    rules = rules_from_text(_written(_small((1,))).replace("10.244.0.1:8080", "10.244.0.1:8081"))

    frame = drift(_small((1,)), "worker-1", rules, NODE).frame

    assert sorted(frame.drift) == [Drift.MISSING, Drift.STALE]
    assert "with another port" in "".join(frame.sentence)


@pytest.mark.parametrize("layout", SOME)
def test_drift__endpoints_where_the_dump_has_none_are_not_refused(layout):
    rules = rules_from_text(_written(_small((1,)), layout))

    frame = drift(_small(()), "worker-1", rules, NODE).frame

    assert set(frame.drift) == {Drift.STALE, Drift.NOT_REFUSED}


def test_drift__only_service_ports_are_compared_without_endpoints_in_the_dump():
    cluster = _small((1,)).with_(endpoint_slices=())

    result = drift(cluster, "worker-1", rules_from_text(_written(_small((1,)))), NODE)

    assert result.frame.empty
    assert "no EndpointSlices or Endpoints in this dump: only service ports were compared" in result.because


def test_drift__a_port_that_the_service_lost_names_the_service():
    two = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    rules = rules_from_text(_written(_small((), ports=two, type="ClusterIP")))

    frame = drift(_small((), ports=two[:1], type="ClusterIP"), "worker-1", rules, NODE).frame

    assert frame.drift.tolist() == [Drift.STALE_SERVICE_PORT]
    assert frame.service_port.tolist() == ["shop/cart:b"]
    assert frame.sentence[0].endswith(
        "10.96.0.1 is the ClusterIP of Service shop/cart, which has no such port"
    )


def test_drift__an_excerpt_says_what_it_cannot_show():
    cluster = _cluster(6)
    settings = proxy_settings(cluster, _node(cluster, 6))
    ports, (_, proxied, where) = _stale(cluster, _ports(cluster, settings, "1.36"))
    text = rules_text("iptables, normal form", ports, settings, np.random.default_rng(0))
    lines = [line for line in text.splitlines() if proxied.service_port.full_name in line]

    result = drift(cluster, settings.node_name, rules_from_text("\n".join(lines)))

    assert set(zip(result.frame.drift, result.frame.endpoint, strict=True)) == {(Drift.STALE, where)}
    assert any("the rules cannot show" in words for words in result.because)


@pytest.mark.parametrize("table", ["nat", "filter"])
def test_drift__one_table_alone_is_no_alarm(table):
    cluster = _cluster(6)
    settings = proxy_settings(cluster, _node(cluster, 6))
    ports, _ = _refused(cluster, _ports(cluster, settings, "1.36"))
    text = rules_text("iptables, normal form", ports, settings, np.random.default_rng(0))
    part = re.search(rf"^\*{table}\n.*?^COMMIT\n", text, re.MULTILINE | re.DOTALL)[0]

    kinds = set(drift(cluster, settings.node_name, rules_from_text(part)).frame.drift)

    assert kinds == {"nat": {Drift.NO_SERVICE_PORT}, "filter": {Drift.REFUSED}}[table]


CALICO = """*raw
:PREROUTING ACCEPT [0:0]
:cali-PREROUTING - [0:0]
-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
-A cali-PREROUTING -m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j DROP
-A cali-PREROUTING -m set --match-set cali40all-hosts-net src -m addrtype ! --dst-type LOCAL -j DROP
COMMIT
"""  # as Calico writes it


def test_drift__rules_of_others_that_are_not_understood_hide_nothing():
    text = CALICO + _written(_small(()))

    frame = drift(_small((1,)), "worker-1", rules_from_text(text), NODE).frame

    assert set(frame.drift) == {Drift.REFUSED}


def test_drift__lines_with_the_jump_of_the_hook_are_enough():
    wanted = ("KUBE-SERVICES", "KUBE-SEP-", "KUBE-SVC-")
    lines = [
        line
        for line in _written(_small((1, 2))).splitlines()
        if line.startswith("-A") and any(w in line for w in wanted)
    ]

    frame = drift(_small((1,)), "worker-1", rules_from_text("\n".join(lines)), NODE).frame

    assert frame.endpoint.tolist() == ["10.244.0.2:8080"]


def test_drift__a_missing_chain_of_an_endpoint_leaves_its_share_unknown():
    lines = [
        line for line in _written(_small((1, 2))).splitlines() if "-> " in line or "KUBE-SERVICES" in line
    ]

    result = drift(_small((1, 2)), "worker-1", rules_from_text("\n".join(lines)), NODE)

    assert result.frame.empty


@pytest.mark.parametrize("n_endpoints", [3, 7, 99, 240])
def test_drift__five_digits_are_no_alarm_and_an_endpoint_more_is(n_endpoints):
    hosts = range(1, n_endpoints + 1)
    text = _written(_small(hosts), "iptables, five digits")

    same = drift(_small(hosts), "worker-1", rules_from_text(text), NODE).frame
    fewer = drift(_small(hosts[1:]), "worker-1", rules_from_text(text), NODE).frame

    assert same.empty
    assert fewer.endpoint.tolist() == ["10.244.0.1:8080"]


def test_drift__hints_are_judged_by_the_releases_the_node_may_run():
    # zone hints: 1.24 (KEP-2433); a dump without a release grants every one
    cluster = _small((1, 2))
    slices = msgspec.structs.replace(cluster.endpoint_slices[0], endpoints=tuple(
        msgspec.structs.replace(e, hints=msgspec.convert({"forZones": [{"name": z}]}, type(e.hints)))
        for e, z in zip(cluster.endpoint_slices[0].endpoints, ("a", "b"), strict=True)
    ))  # fmt: skip
    cluster = cluster.with_(endpoint_slices=(slices,))
    node = replace(NODE, node_labels={"topology.kubernetes.io/zone": "a"})

    def kinds(release, known):
        ports = _ports(cluster, node, release)
        text = rules_text("iptables, as written", ports, node, np.random.default_rng(0))
        seen = cluster.with_(settings={"kubernetes_version": known}) if known else cluster
        return drift(seen, "worker-1", rules_from_text(text), node).frame.drift.tolist()

    assert [kinds("1.23", ""), kinds("1.36", ""), kinds("1.36", "1.36.1")] == [[], [], []]
    assert kinds("1.23", "1.36.1") == [Drift.STALE]


def test_drift__says_how_many_destinations_were_compared():
    whole = drift(_small((1, 2)), "worker-1", rules_from_text(_written(_small((1, 2)))), NODE)
    none = drift(
        _small((1, 2)), "worker-1", rules_from_text("-A FORWARD -m set --match-set x src -j DROP\n"), NODE
    )

    assert whole.because[0] == "of 2 destinations of 1 service ports in the dump 2 could be compared"
    assert none.because[0].endswith(" 0 could be compared")


def test_drift__what_lies_behind_the_cut_of_a_text_is_not_refused():
    text = _written(_small((1, 2)), "nftables, listing")
    cut = text[: text.index("map service-ips")]

    result = drift(_small((1, 2)), "worker-1", rules_from_text(cut), NODE)

    assert "cluster-ips" in cut
    assert result.frame.empty
    assert result.because[0].endswith(" 0 could be compared")


@pytest.mark.parametrize("left_out", ["Service shop/cart", "EndpointSlice shop/cart-1"])
def test_drift__what_could_not_be_read_from_the_dump_is_not_compared(left_out):
    whole = _small((1, 2))
    lost = {"services": ()} if left_out.startswith("Service") else {"endpoint_slices": ()}
    refused = (Refusal("dump", left_out, "spec", "x", "y"),)
    cluster = whole.with_(**lost, provenance=Provenance(refused=refused))

    result = drift(cluster, "worker-1", rules_from_text(_written(whole)), NODE)

    assert result.frame.empty
    assert any(left_out in words for words in result.because)


def test_drift__a_hook_that_does_not_lead_to_kube_proxys_chains_is_found():
    text = re.sub("-A OUTPUT .*-j KUBE-SERVICES\n", "", _written(_small((1, 2))))

    frame = drift(_small((1, 2)), "worker-1", rules_from_text(text), NODE).frame

    assert frame[["drift", "where"]].values.tolist() == [[Drift.NO_HOOK, "nat OUTPUT"]]


def test_drift__an_endpoint_whose_packets_are_dropped_is_missing():
    drop = "\\g<0>-A FORWARD -d 10.244.0.2/32 -j DROP\n"
    text = re.sub(r"(?ms)^\*filter\n(:[^\n]*\n)*", drop, _written(_small((1, 2))), count=1)

    frame = drift(_small((1, 2)), "worker-1", rules_from_text(text), NODE).frame

    assert set(zip(frame.drift, frame.endpoint, strict=True)) >= {(Drift.MISSING, "10.244.0.2:8080")}


def test_drift__a_node_that_the_dump_lacks_is_refused():
    with pytest.raises(NotFoundError, match="nodes: worker-9 is not in the dump"):
        drift(_small((1,)), "worker-9", rules_from_text(_written(_small((1,)))))


def test_rounding__ten_digits_are_next_to_nothing_and_five_are_not():
    # the largest relative error with ten digits: 2.6e-6 of 10,000 endpoints
    assert rounding(10_000, 10) * 10_000 < 1e-4
    assert rounding(3000, 5) * 3000 > 0.01
