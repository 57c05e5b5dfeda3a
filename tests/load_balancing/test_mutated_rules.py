"""Whatever can be read can be evaluated: a result or one clean error, never a bare exception."""

from contextlib import suppress

import pytest

from kubenetlab.cluster import Cluster
from kubenetlab.errors import KubenetlabError
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.load_balancing.drift import drift
from kubenetlab.load_balancing.judgement import judge
from kubenetlab.load_balancing.packet import Packet
from kubenetlab.load_balancing.shares import rule_shares
from kubenetlab.load_balancing.walk import walk
from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.readers.rules import rules_from_text
from tests.load_balancing.reference import content
from tests.readers.rules.mutations import mutated

NODE = ProxySettings(node_name="worker-1", node_ips=("192.168.10.11",))
ENDS = {4: ("192.0.2.1", "10.96.0.10"), 6: ("2001:db8::1", "fd00::1")}


def _walked(rules):
    source, destination = ENDS[rules.version]
    return walk(rules, Packet(source, destination, "tcp", 80, local_addresses=(destination,)))


ASKED = (rule_shares, judge, _walked)


@pytest.mark.parametrize("seeds", [range(start, start + 250) for start in range(0, 1000, 250)], ids=str)
def test_evaluation__of_mutated_rules_is_a_result_or_a_clean_error(seeds):
    n_evaluated = 0
    for seed in seeds:
        with suppress(KubenetlabError):
            rules = rules_from_text(mutated(seed))
            for ask in ASKED if isinstance(rules, RuleSet) else (rule_shares,):
                with suppress(KubenetlabError):
                    n_evaluated += ask(rules) is not None
            drift(Cluster(), "worker-1", rules, NODE)

    assert n_evaluated > len(seeds) // 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ip daddr . meta l4proto . th dport vmap @service-ips", "ip daddr . meta l4proto . th dport vmap @service-nodeports"),
        ("meta l4proto . th dport vmap @service-nodeports", "ip daddr . meta l4proto . th dport vmap @service-nodeports"),
        ("ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections", "ip daddr @hairpin-connections"),
        ("ip daddr @cluster-ips", "ip daddr @hairpin-connections"),
    ],
)  # fmt: skip
def test_evaluation__of_keys_that_do_not_fit_their_map_goes_on(old, new):
    text = content("018", "output.nft-kernel-list").replace(old, new)

    rules = rules_from_text(text)

    assert new in text
    assert len(judge(rules).frame)
    assert {*rule_shares(rules).frame["fate"]} <= {
        "delivered",
        "not translated",
        "rejected",
        "dropped",
        "unknown",
    }
    assert _walked(rules).ways
