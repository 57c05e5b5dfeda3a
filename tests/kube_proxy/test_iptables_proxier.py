import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier, iptables_save
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, Selection, ServicePort
from tests.golden_kube_proxy import case_in, content
from tests.kube_proxy.test_rule_counts import proxied_ports

GOLDEN = Path(__file__).parent.parent / "golden" / "kube-proxy"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
FAMILIES = [(name, 4) for name in CASES] + [
    (name, 6) for name in CASES if content(GOLDEN / name, "output.ipv6.save")
]
SETTINGS = ProxySettings(
    node_name="worker-1",
    node_ips=("192.168.10.11",),
    detect_local_mode=DetectLocalMode.CLUSTER_CIDR,
    detect_local_value="10.244.0.0/16",
)


def port(n_endpoints, name="cart", first=0):
    """A ClusterIP service port with so many endpoints."""
    addresses = [f"10.244.{number // 250}.{number % 250 + 1}" for number in range(first, first + n_endpoints)]
    endpoints = tuple(NodeEndpoint(f"{address}:8080", address, 8080) for address in sorted(addresses))
    service = ServicePort("shop", name, "http", "TCP", "10.96.20.1", 80)
    return ProxiedPort(service, Selection(endpoints, endpoints, (), endpoints, bool(endpoints), True, False))


def rules_by_chain(text):
    """The rules of every chain of every table, in their order."""
    found, table = {}, ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line
        elif line.startswith(":"):
            found[table, line[1:].split()[0]] = []
        elif line.startswith("-A"):
            found[table, line.split()[1]].append(line)
    return found


@pytest.mark.parametrize(("name", "version"), FAMILIES)
def test_sync__writes_what_kube_proxy_gives_to_iptables_restore(name, version):
    case = case_in(GOLDEN / name, version)
    prefix = "output." if version == 4 else "output.ipv6."
    proxier = IptablesProxier(case.settings, version)

    texts = [proxier.sync(sync.ports, sync.changed) for sync in case.syncs]

    recorded = content(GOLDEN / name, f"{prefix}rules").decode()
    assert texts == [text for text in re.split(r"(?m)^# --- sync \d+ ---\n", recorded) if text]
    assert proxier.save() == content(GOLDEN / name, f"{prefix}save").decode()


@given(st.lists(proxied_ports(), min_size=2, max_size=4))
def test_sync__partial_syncs_lead_to_the_rules_of_a_full_one(states):
    proxier = IptablesProxier(SETTINGS)

    proxier.sync(states[0])
    for before, after in pairwise(states):
        proxier.sync(
            after, {f"{p.service_port.namespace}/{p.service_port.name}" for p in set(before) ^ set(after)}
        )

    assert rules_by_chain(proxier.save()) == rules_by_chain(iptables_save(states[-1], SETTINGS))


@given(proxied_ports(), st.sampled_from((4, 6)))
def test_sync__every_jump_leads_to_a_chain_that_is_declared(ports, version):
    text = IptablesProxier(SETTINGS, version).sync(ports)

    nat = text.split("*nat")[1]
    declared = set(re.findall(r"(?m)^:(\S+)", nat)) | {"RETURN", "MARK", "MASQUERADE", "DNAT"}
    assert set(re.findall(r"-j (\S+)", nat)) <= declared
    assert set(re.findall(r"(?m)^-A (\S+)", nat)) <= declared


def test_sync__first_sync_is_full_whatever_changed():
    assert "KUBE-SEP-" in IptablesProxier(SETTINGS).sync((port(1),), changed=())


def test_sync__writes_only_the_chains_of_changed_services_but_the_rule_of_each():
    proxier = IptablesProxier(SETTINGS)
    proxier.sync((port(1, "cart"), port(1, "search", 1)))

    text = proxier.sync((port(1, "cart"), port(2, "search", 1)), {"shop/search"})

    assert text.count("cluster IP") == 3  # both of KUBE-SERVICES, and the masquerade rule of the changed one
    assert "DNAT --to-destination 10.244.0.1:8080" not in text
    assert "DNAT --to-destination 10.244.0.3:8080" in text


@pytest.mark.parametrize(("n_endpoints", "n_comments"), [(1000, 3001), (1001, 1)])
def test_sync__large_clusters_have_no_comments_at_endpoints(n_endpoints, n_comments):
    text = IptablesProxier(SETTINGS).sync((port(n_endpoints),))

    assert len(re.findall(r"(?m)^-A KUBE-(?:SVC|SEP)\S+ -m comment", text)) == n_comments


def test_sync__large_clusters_keep_stale_chains_for_the_sync_period():
    proxier = IptablesProxier(SETTINGS)
    proxier.sync((port(1002),))

    at_once = proxier.sync((port(1001),), {"shop/cart"}, after_s=1)
    saved = proxier.save()
    later = proxier.sync((port(1001),), (), after_s=30)

    assert "\n-X " not in at_once
    assert saved.count(":KUBE-SEP-") == 1002
    assert len(re.findall("(?m)^-X KUBE-SEP-", later)) == 1
    assert proxier.save().count(":KUBE-SEP-") == 1001


def test_sync__chain_that_comes_back_is_no_longer_stale():
    proxier = IptablesProxier(SETTINGS)
    proxier.sync((port(1002),))
    proxier.sync((port(1001),), {"shop/cart"})

    text = proxier.sync((port(1002),), {"shop/cart"}, after_s=31)

    assert "\n-X " not in text


def test_sync__source_range_with_host_bits_is_written_as_its_network():
    service = port(1).service_port._replace(
        load_balancer_vips=("203.0.113.9",), source_ranges=("198.51.100.7/24",)
    )

    text = IptablesProxier(SETTINGS).sync((ProxiedPort(service, port(1).selection),))

    assert '"shop/cart:http loadbalancer IP" -s 198.51.100.0/24 -j KUBE-EXT-' in text


def test_save__before_the_first_sync_only_the_jumps_are_there():
    rules = rules_by_chain(IptablesProxier(SETTINGS).save())

    assert {chain for (_, chain), lines in rules.items() if lines} == {
        "INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING",
    }  # fmt: skip


@pytest.mark.parametrize(("version", "text"), [(4, "127.0.0.0/8"), (6, "::1/128")])
def test_save__node_ports_do_not_answer_on_localhost_if_switched_off(version, text):
    settings = ProxySettings(node_name="worker-1", localhost_node_ports=False)

    save = iptables_save((), settings, version)

    assert f"-m addrtype --dst-type LOCAL ! -d {text} -j KUBE-NODEPORTS" in save
    assert "block incoming localnet" not in save


@pytest.mark.requires("kernel")
@pytest.mark.parametrize("tool", ["iptables-legacy", "iptables-nft"])
def test_save__is_what_the_kernel_holds_after_all_syncs(tool):
    wrong = []
    for name in CASES:
        case = case_in(GOLDEN / name, 4)
        if len(case.syncs) > 1:
            proxier = IptablesProxier(case.settings)
            with Namespace() as namespace:
                for account in ("ct_state_invalid_dropped_pkts", "localhost_nps_accepted_pkts"):
                    namespace.run("nfacct", "add", account)
                namespace.run(f"{tool}-restore", text=proxier.save())
                for sync in case.syncs:
                    text = proxier.sync(sync.ports, sync.changed)
                    namespace.run(f"{tool}-restore", "--noflush", "--counters", text=text)
                saved = namespace.run(f"{tool}-save")
            if rules_in_each(saved) != rules_in_each(proxier.save()):
                wrong.append(name)

    assert not wrong


def rules_in_each(text):
    """How many rules each chain holds; an empty built-in chain may be missing."""
    return {chain: len(rules) for chain, rules in rules_by_chain(text).items() if rules or "KUBE" in chain[1]}
