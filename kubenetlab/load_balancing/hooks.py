"""In which order a packet meets the chains that hang on the kernel's hooks.

Source: Linux include/uapi/linux/netfilter_ipv4.h (NF_IP_PRI_*): a hook's chains run by priority, the smallest first.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from kubenetlab.objects.packet_rules import Chain, Jump, Rule, RuleSet, Table

PRIORITIES: Final = {
    "raw": -300,
    "mangle": -150,
    "nat": -100,
    "filter": 0,
    "security": 50,
}  # of iptables' tables
SOURCE_NAT: Final = 100  # priority of table nat at input and postrouting
HOOKS: Final = ("prerouting", "input", "forward", "output", "postrouting")
#: kube-proxy's jumps by table and hook (Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go, iptablesJumpChains).
JUMPS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "nat": {
        **dict.fromkeys(("PREROUTING", "OUTPUT"), ("KUBE-SERVICES",)),
        "POSTROUTING": ("KUBE-POSTROUTING",),
    },
    "filter": {
        "INPUT": ("KUBE-PROXY-FIREWALL", "KUBE-EXTERNAL-SERVICES"),
        "FORWARD": ("KUBE-PROXY-FIREWALL", "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES"),
        "OUTPUT": ("KUBE-PROXY-FIREWALL", "KUBE-SERVICES"),
    },
}
MARKING: Final = (
    "KUBE-MARK-MASQ",
    "KUBE-MARK-DROP",
)  # an excerpt may lack them: where a packet goes is known without


class BaseChain(NamedTuple):
    """A chain that the kernel calls by itself."""

    table: Table
    chain: Chain
    hook: str
    priority: int
    is_nat: bool

    @property
    def changes_source(self) -> bool:
        """Whether it is a nat chain that gives a packet another source, not another destination."""
        return self.is_nat and self.hook in ("input", "postrouting")


def base_chains(rules: RuleSet) -> dict[str, tuple[BaseChain, ...]]:
    """Return the chains of every hook in the order the kernel calls them; equal priorities stay in the file's order.

    In iptables the name of a chain and of its table say hook and priority, in nftables the chain declares them.
    """
    found = [base for table in rules.tables.values() for base in _of_table(table, rules.form)]
    found.sort(key=lambda base: base.priority)
    return {hook: tuple(base for base in found if base.hook == hook) for hook in HOOKS}


def _of_table(table: Table, form: str) -> Iterator[BaseChain]:
    is_iptables = form.startswith("iptables")
    for chain in table.chains.values():
        hook = chain.name.lower() if is_iptables and chain.name.isupper() else chain.hook
        if hook not in HOOKS:
            continue
        is_nat = table.name == "nat" if is_iptables else chain.type == "nat"
        priority = PRIORITIES.get(table.name, 0) if is_iptables else chain.priority
        if is_iptables and is_nat and hook in ("input", "postrouting"):
            priority = SOURCE_NAT
        yield BaseChain(table, chain, hook, priority, is_nat)


def check_rules(rules: object) -> None:
    """Refuse what is no set of rules of iptables or nftables."""
    if not isinstance(rules, RuleSet):
        raise TypeError(
            f"rules is a {type(rules).__name__}, expected a RuleSet: read_rules reads a file, rules_from_text a text"
        )


def with_hooks(rules: RuleSet) -> RuleSet:
    """Return rules of iptables with the jumps of kube-proxy that restore text and excerpts leave out.

    A hook whose chain the text has stays as it is; what was put back is said in ``missing``.
    """
    if not rules.form.startswith("iptables"):
        return rules
    tables, put_back = dict(rules.tables), []
    for table in (rules.tables[name] for name in JUMPS if name in rules.tables):
        jumps = {
            hook: tuple(Rule((), (Jump(name),)) for name in names if name in table.chains)
            for hook, names in JUMPS[table.name].items()
            if hook not in table.chains
        }
        new = {hook: Chain(hook, jump, policy="ACCEPT") for hook, jump in jumps.items() if jump}
        marking = {name: Chain(name) for name in MARKING if rules.missing}
        tables[table.name] = msgspec.structs.replace(table, chains={**new, **marking, **table.chains})
        put_back += [f"{hook} of table {table.name}" for hook in new]
    said = f"the text has no {', '.join(put_back)}: taken to jump to kube-proxy's chains, as on a node"
    missing = (*rules.missing, said) if put_back else rules.missing
    return msgspec.structs.replace(rules, tables=tables, missing=missing)
