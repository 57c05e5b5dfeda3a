"""How the recordings of kube-proxy are split and answered, by output; rows in golden_models."""

import json
from functools import cache

from msgspec.structs import replace

from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier
from kubenetlab.kube_proxy.ipvs_servers import ipvsadm_text, virtual_servers
from kubenetlab.kube_proxy.nftables_proxier import NftablesProxier
from kubenetlab.load_balancing.packet import Fate, Packet
from kubenetlab.load_balancing.walk import walk
from kubenetlab.objects.packet_rules import Accept, Asks
from kubenetlab.readers.rules import format_iptables, rules_from_text
from kubenetlab.readers.rules.nft_format import format_nft
from tests.golden_kube_proxy import case_in, content, version_of

BUILT_IN = frozenset(("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"))
#: What was recorded of the rules themselves, by family: kind of proxier, file.
RULES_OF_PACKETS = {
    ("trace", 4): ("iptables-nft-save", "iptables-legacy-save"),
    ("nft-trace", 4): ("nft-kernel-list",),
    ("trace", 6): ("ip6tables-nft-save", "ip6tables-legacy-save"),
    ("nft-trace", 6): ("ipv6.nft-kernel-list",),
}


def split_text(recording):
    """Inputs: the case; recorded: every byte of the file."""
    return case_in(recording.path.parent, version_of(recording)), recording.document


def split_categories(recording):
    return case_in(recording.path.parent, version_of(recording)), json.loads(recording.document)


def categories(case):
    """Each service port with the endpoints that a node uses."""
    return [_category(port, selection) for port, selection in case.ports]


def _category(port, selection):
    return {
        "servicePort": port.full_name,
        "protocol": port.protocol,
        "usesClusterEndpoints": selection.uses_cluster,
        "usesLocalEndpoints": selection.uses_local,
        "hasAnyEndpoints": selection.has_any,
        "all": _places(selection.everything),
        "cluster": _places(selection.cluster),
        "local": _places(selection.local),
        "allReachable": _places(selection.reachable),
    }


def _places(endpoints):
    return [endpoint.where for endpoint in endpoints]


def ipvs(case):
    """The virtual servers; an empty list was recorded as an empty line."""
    return (ipvsadm_text(virtual_servers(case.ports, case.settings, case.version)) or "\n").encode()


def _synced(case, make):
    """A proxier after the last sync, and what it wrote at each."""
    proxier = make(case.settings, case.version)
    return proxier, [proxier.sync(sync.ports, sync.changed) for sync in case.syncs]


def _blocks(texts):
    if len(texts) == 1:
        return texts[0].encode()
    # A sync that changes nothing was recorded as an empty line.
    blocks = (f"# --- sync {number} ---\n{text or chr(10)}" for number, text in enumerate(texts, 1))
    return "".join(blocks).encode()


def restore_text(case):
    return _blocks(_synced(case, IptablesProxier)[1])


def save_text(case):
    return _synced(case, IptablesProxier)[0].save().encode()


def transactions(case):
    return _blocks(_synced(case, NftablesProxier)[1])


def dump(case):
    return _synced(case, NftablesProxier)[0].dump().encode()


def split_rules(recording):
    """Inputs: the case and the recorded text, which a reader must read and a writer write again; recorded: text and meaning."""
    text, name = recording.document.decode(), recording.output
    rules = rules_from_text(text, name)
    case = case_in(recording.path.parent, version_of(recording))
    return (case, name, rules), {"text": recording.document, "meaning": meaning(rules)}


def rules_again(inputs):
    """The recorded text written again, and the meaning of the rules that we write."""
    case, name, rules = inputs
    is_nft = "nft-kernel" in name
    return {
        "text": (format_nft if is_nft else format_iptables)(rules).encode(),
        "meaning": meaning(rules_from_text((dump if is_nft else save_text)(case).decode(), "ours")),
    }


def meaning(rules):
    """What rules do, without texts, lines, counters and empty base chains: by table and chain; sets by name."""
    tables = {
        table.name: {
            chain.name: [_meaning(rule) for rule in chain.rules]
            for chain in table.chains.values()
            if chain.rules or chain.name not in BUILT_IN
        }
        | {f"@{named.name}": sorted(map(repr, named.elements.items())) for named in table.sets.values()}
        for table in rules.tables.values()
    }
    return {name: chains for name, chains in tables.items() if chains}


def _meaning(rule):
    conditions = [_sorted_ranges(condition) for condition in rule.conditions]
    return [sorted(map(repr, conditions)), [_with_default(action) for action in rule.actions], rule.comment]


def _sorted_ranges(condition):
    """nft list sorts the ranges of a set."""
    is_address = condition.asks in (Asks.SOURCE, Asks.DESTINATION)
    return replace(condition, operand=tuple(sorted(condition.operand))) if is_address else condition


def _with_default(action):
    """iptables-save writes how REJECT replies where the rule does not say it."""
    return repr(action).replace("icmp-port-unreachable", "").replace("icmp6-port-unreachable", "")


def split_packet(recording):
    """Inputs: the case, the packet and every rule set for it; recorded: the same fate under each of them."""
    line = json.loads(recording.document.splitlines()[recording.index])
    folder, kind = recording.path.parent, recording.output.removeprefix("ipv6.").removesuffix(".jsonl")
    fate = _recorded_fate(line["output"].split(", "), line["masquerade"])
    rule_sets = rule_sets_of(folder, kind, version_of(recording))
    packet = Packet(
        source=line["sourceIP"],
        destination=line["destIP"],
        protocol=line["protocol"].lower(),
        destination_port=line["destPort"],
        local_addresses=(*case_in(folder, version_of(recording)).settings.node_ips, "127.0.0.1", "::1"),
    )
    return (packet, rule_sets), dict.fromkeys(rule_sets, fate)


@cache
def rule_sets_of(folder, kind, version):
    """Every rule set for the packets of a case: what we write, and what was recorded of the real tools."""
    case = case_in(folder, version)
    written = save_text(case) if kind == "trace" else dump(case)
    texts = {"ours": written} | {
        name: content(folder, f"output.{name}") for name in RULES_OF_PACKETS[kind, version]
    }
    return {name: rules_from_text(text.decode(), name) for name, text in texts.items() if text is not None}


def fates(inputs):
    """What each rule set does with a packet."""
    packet, rule_sets = inputs
    return {name: _fate(walk(rules, packet)) for name, rules in rule_sets.items()}


_STOPPED = {Fate.DROPPED: "DROP", Fate.REJECTED: "REJECT"}


def _recorded_fate(outputs, is_masqueraded):
    """What the recorder's tracer says of a packet, without what it cannot know.

    It does not give a translated packet its new destination, so checks of the old one after that do not count; and
    whether a packet is marked for masquerade means nothing where it is dropped or rejected.
    """
    reached = [output for output in outputs if output not in _STOPPED.values()]
    output = ", ".join(reached or sorted(set(outputs)))
    return {"output": output, "masquerade": is_masqueraded and bool(reached)}


def _fate(walked):
    reached = sorted(
        {way.destination for way in walked.ways if way.is_translated and way.fate is Fate.DELIVERED}
    )
    fates = sorted({_STOPPED.get(way.fate, _accepted(way)) for way in walked.ways if not way.is_translated})
    return {
        "output": ", ".join(reached or fates),
        "masquerade": any(way.is_masqueraded for way in walked.ways),
    }


def _accepted(way):
    """The tracer names a rule that accepts a packet as it is."""
    return "ACCEPT" if any(Accept() in step.rule.actions for step in way.steps) else ""


VERSION = "kube-proxy v1.36.2"
KERNEL_VERSION = "iptables 1.8.9, nft 1.0.6, Linux 6.18, loaded with the rules of kube-proxy v1.36.2"

#: Model, component and version, what is compared, split and answer, by recorded output.
OUTPUTS = {
    "categories.json": (
        "kubenetlab.kube_proxy.endpoint_selection",
        VERSION,
        "for every service port all, cluster, local and reachable endpoints in order",
        split_categories,
        categories,
    ),
    "rules": (
        "kubenetlab.kube_proxy.iptables_proxier",
        VERSION,
        "iptables-restore text of every sync, every byte",
        split_text,
        restore_text,
    ),
    "save": (
        "kubenetlab.kube_proxy.iptables_proxier",
        VERSION,
        "all chains after the last sync with the jumps to them, every byte",
        split_text,
        save_text,
    ),
    "nft": (
        "kubenetlab.kube_proxy.nftables_proxier",
        VERSION,
        "nftables transaction of every sync, every byte",
        split_text,
        transactions,
    ),
    "nft-dump": (
        "kubenetlab.kube_proxy.nftables_proxier",
        VERSION,
        "dump after the last sync, every byte",
        split_text,
        dump,
    ),
    "ipvs": (
        "kubenetlab.kube_proxy.ipvs_servers",
        VERSION,
        "virtual and real servers as ipvsadm -S -n prints them, every byte",
        split_text,
        ipvs,
    ),
    "trace.jsonl": (
        "kubenetlab.load_balancing.walk",
        VERSION,
        "a packet's reachable endpoints, drop or reject, masquerade: by our rules and by both iptables-save",
        split_packet,
        fates,
    ),
    "nft-trace.jsonl": (
        "kubenetlab.load_balancing.walk",
        VERSION,
        "a packet's reachable endpoints, drop or reject, masquerade: by our rules and by the kernel's nft list",
        split_packet,
        fates,
    ),
} | dict.fromkeys(
    (
        "iptables-nft-save",
        "iptables-legacy-save",
        "ip6tables-nft-save",
        "ip6tables-legacy-save",
        "nft-kernel-list",
    ),
    (
        "kubenetlab.readers.rules",
        KERNEL_VERSION,
        "read and written again, every byte; the same rules as we write",
        split_rules,
        rules_again,
    ),
)
#: The other family; its iptables-save has a name of its own.
OUTPUTS |= {f"ipv6.{name}": row for name, row in OUTPUTS.items() if "tables-" not in name}
