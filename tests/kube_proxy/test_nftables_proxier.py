from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.kube_proxy.nftables_proxier import NftablesProxier, nftables_dump
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, Selection, ServicePort
from tests.golden_kube_proxy import case_in, content

NODE = ProxySettings(node_name="worker-1", node_ips=("192.168.10.11", "fd00:192::11"))
PODS = {
    "detect_local_mode": DetectLocalMode.CLUSTER_CIDR,
    "detect_local_value": "10.244.0.0/16,fd00:244::/56",
}
CASES = sorted(
    path for path in (Path(__file__).parents[1] / "golden" / "kube-proxy").iterdir() if path.is_dir()
)


def _written(case):
    """All transactions, as a recording holds them, and the dump after the last."""
    proxier = NftablesProxier(case.settings, case.version)
    texts = [proxier.sync(sync.ports, sync.changed) for sync in case.syncs]
    numbered = [f"# --- sync {number} ---\n{text or chr(10)}" for number, text in enumerate(texts, 1)]
    return ("".join(numbered) if len(texts) > 1 else texts[0]), proxier.dump()


@pytest.mark.parametrize(("prefix", "version"), [("", 4), ("ipv6.", 6)])
def test_sync__writes_what_kube_proxy_wrote_to_the_byte(prefix, version):
    # kube-proxy v1.36.2 on the inputs of tests/golden/kube-proxy
    n_compared, differing = 0, []
    for folder in CASES:
        recorded = [content(folder, f"output.{prefix}{name}") for name in ("nft", "nft-dump")]
        if recorded[0] is not None:
            texts = _written(case_in(folder, version))
            pairs = [
                (theirs, text) for theirs, text in zip(recorded, texts, strict=True) if theirs is not None
            ]
            n_compared += len(pairs)
            differing += [folder.name for theirs, text in pairs if text.encode() != theirs]

    assert n_compared
    assert differing == []


def _settings(**changes):
    return ProxySettings(node_name="worker-1", node_ips=NODE.node_ips, **changes)


def _port(hosts=(), name="cart", **changes):
    """A service port of shop whose endpoints are 10.244.0.<host>:8080, none on this node."""
    endpoints = tuple(NodeEndpoint(f"10.244.0.{h}:8080", f"10.244.0.{h}", 8080) for h in hosts)
    chosen = Selection(endpoints, endpoints, (), endpoints, bool(endpoints), True, False)
    given_ = {"cluster_ip": "10.96.0.1", "port": 80} | changes
    return ProxiedPort(ServicePort("shop", name, "http", "TCP", **given_), chosen)


def _rules(dump, chain):
    start = f"add rule ip kube-proxy {chain}"
    return [line.removeprefix(start).strip() for line in dump.splitlines() if line.startswith(start)]


def test_sync__two_endpoints_are_one_rule_with_a_random_map():
    # Kubernetes v1.36.2, pkg/proxy/nftables/proxier.go, writeServiceToEndpointRules
    dump = nftables_dump((_port((1, 2)),), NODE)

    (rule,) = _rules(dump, "service-242WI43H-shop/cart/tcp/http")
    assert rule == (
        "meta l4proto tcp dnat ip addr . port to numgen random mod 2"
        " map { 0 : 10.244.0.1 . 8080 , 1 : 10.244.0.2 . 8080 }"
    )


def test_sync__says_nothing_where_nothing_changed():
    proxier = NftablesProxier(NODE)
    proxier.sync((_port((1, 2)),))

    assert proxier.sync((_port((1, 2)),), changed=()) == ""


def test_sync__an_unchanged_service_does_not_write_its_rules():
    proxier = NftablesProxier(NODE)
    both = (_port((1,)), _port((3,), "web", cluster_ip="10.96.0.2"))
    proxier.sync(both)

    text = proxier.sync((_port((1, 2)), both[1]), changed={"shop/cart"})

    assert "shop/web" not in text
    assert text.count("\n") == 3  # add chain, flush chain, add rule


def test_sync__a_service_without_endpoints_is_rejected_and_its_chain_emptied():
    proxier = NftablesProxier(NODE)
    proxier.sync((_port((1,)),))

    text = proxier.sync((_port(()),), changed={"shop/cart"})

    key = "10.96.0.1 . tcp . 80"
    assert text.splitlines() == [
        f'add element ip kube-proxy no-endpoint-services {{ {key} comment "shop/cart:http" : goto reject-chain }}',
        "flush chain ip kube-proxy service-242WI43H-shop/cart/tcp/http",
        f"delete element ip kube-proxy service-ips {{ {key} }}",
    ]


def test_sync__two_ports_that_claim_one_key_replace_each_other():
    proxier = NftablesProxier(NODE)
    rivals = (_port((1,)), _port((2,), "rival"))

    texts = [proxier.sync(rivals), proxier.sync(rivals, changed=())]

    assert [text.count("delete element ip kube-proxy service-ips") for text in texts] == [1, 2]


def test_sync__an_affinity_set_goes_with_its_endpoint():
    proxier = NftablesProxier(NODE)
    proxier.sync((_port((1, 2), affinity_s=60),))

    text = proxier.sync((_port((1,), affinity_s=60),), changed={"shop/cart"})

    (deleted,) = [line for line in text.splitlines() if line.startswith("delete set")]
    assert deleted.endswith("shop/cart/tcp/http__10.244.0.2/8080")


def test_sync__a_full_sync_writes_the_base_again_without_deleting_it():
    proxier = NftablesProxier(NODE)
    first = proxier.sync((_port((1,)),))

    again = proxier.sync((_port((1,)),))

    assert "delete chain" in first
    assert "delete chain" not in again
    assert "add element ip kube-proxy" not in again
    assert "add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority -100 ; }" in again


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"masquerade_all": True}, 'mark set mark or 0x00004000 comment "masquerade all clusterIP traffic"'),
        (PODS, 'ip saddr != 10.244.0.0/16 mark set mark or 0x00004000 comment "masquerade clusterIP traffic from outside cluster"'),
        ({"detect_local_mode": DetectLocalMode.INTERFACE_NAME_PREFIX, "detect_local_value": "cali"},
         'iifname != cali* mark set mark or 0x00004000 comment "masquerade clusterIP traffic from outside cluster"'),
        ({}, None),
    ],
)  # fmt: skip
def test_dump__masquerade_of_cluster_ips_follows_the_settings(changes, rule):
    dump = nftables_dump((), _settings(**changes))

    first = _rules(dump, "services ip daddr @cluster-ips")
    assert first == ([rule] if rule else [])


def test_dump__node_ports_of_chosen_addresses_leave_out_the_loopback():
    ranges = ("192.168.10.0/24", "127.0.0.0/8")
    settings = ProxySettings(
        node_name="n", node_ips=("192.168.10.11", "127.0.0.1"), node_port_addresses=ranges
    )

    dump = nftables_dump((), settings)

    assert [line for line in dump.splitlines() if "element" in line] == [
        "add element ip kube-proxy nodeport-ips { 192.168.10.11 }"
    ]


def test_dump__a_source_range_that_holds_the_node_lets_the_virtual_address_in():
    port = _port((), load_balancer_vips=("203.0.113.5",), source_ranges=("192.168.0.0/16",))

    dump = nftables_dump((port,), NODE)

    (rule,) = [line for line in dump.splitlines() if " firewall-242WI43H-shop/cart/tcp/http ip saddr" in line]
    assert rule.endswith("ip saddr != { 192.168.0.0/16 , 203.0.113.5 } drop")


def test_dump__ipv6_writes_addresses_without_brackets_in_maps_and_with_them_after_dnat_to():
    endpoint = NodeEndpoint("[fd00::5]:8080", "fd00::5", 8080)
    chosen = Selection((endpoint,), (endpoint,), (), (endpoint,), True, True, False)
    ports = [
        ServicePort("shop", name, "", "TCP", "fd00:96::1", 80, affinity_s=s)
        for name, s in (("a", None), ("b", 5))
    ]

    dump = nftables_dump(tuple(ProxiedPort(port, chosen) for port in ports), _settings(**PODS), version=6)

    assert "numgen random mod 1 map { 0 : fd00::5 . 8080 }" in dump
    assert "shop/b/tcp/__fd00..5/8080 meta l4proto tcp dnat to [fd00::5]:8080" in dump
    assert "ip6 saddr != fd00:244::/56" in dump


# kubernetes v1.36.2, pkg/proxy/nftables/proxier.go: the type of an affinity set is that of the family's addresses.
@pytest.mark.parametrize(("version", "of_type"), [(4, "ipv4_addr"), (6, "ipv6_addr")])
def test_dump__an_affinity_set_holds_addresses_of_its_family(version, of_type):
    address = {4: "10.244.0.1", 6: "fd00::1"}[version]
    endpoints = (NodeEndpoint(f"[{address}]:80", address, 80),)
    service = ServicePort("shop", "cart", "", "TCP", address, 80, affinity_s=60)
    port = ProxiedPort(service, Selection(endpoints, endpoints, (), endpoints, True, True, False))

    dump = nftables_dump((port,), _settings(), version)

    assert f"/80 {{ type {of_type} ; flags dynamic,timeout ; timeout 60s ; }}" in dump


def test_nftables_proxier__refuses_a_family_that_is_none():
    with pytest.raises(ValueError, match="version 5: expected 4 or 6"):
        NftablesProxier(NODE, version=5)


_STATES = st.lists(st.sets(st.integers(1, 9), max_size=4), min_size=1, max_size=4)


@given(states=_STATES, affinity_s=st.sampled_from([None, 60]))
def test_sync__later_syncs_end_where_a_first_sync_begins(states, affinity_s):
    proxier = NftablesProxier(NODE)
    for index, hosts in enumerate(states):
        ports = (_port(sorted(hosts), affinity_s=affinity_s),)
        proxier.sync(ports, changed=("shop/cart",) if index else None)

    first = nftables_dump(ports, NODE).splitlines()

    later = proxier.dump().splitlines()  # may hold emptied chains too, and its elements in another order
    assert set(first) <= set(later)
    assert all(line.startswith("add chain") for line in set(later) - set(first))
