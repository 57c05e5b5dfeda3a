"""Remarks on the names that kube-proxy gives to chains, which prove whose they are, and on the number of its rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from kubenetlab.kube_proxy.chain_names import IPTABLES_PREFIXES, chain_hash
from kubenetlab.kube_proxy.chain_owners import endpoint_of
from kubenetlab.load_balancing.chain_targets import rules_of, targets
from kubenetlab.load_balancing.destinations import SERVICE_PORT
from kubenetlab.load_balancing.passage import address_text, endpoint_text
from kubenetlab.load_balancing.remarks import Place, Remark
from kubenetlab.objects.packet_rules import Asks, Chain, Dnat, Jump, Rule, RuleSet, Table

NEAR: Final = {4: 24, 6: 120}  # prefix length of the addresses among which the owner of a name is looked for
SEP: Final = "KUBE-SEP-"
HASHED: Final = re.compile("-[A-Z2-7]{16}$")
MARKING: Final = Jump("KUBE-MARK-MASQ")
SHOWN: Final = 4


class Owner(NamedTuple):
    """The service port that rules say a chain is for."""

    service_port: str
    protocol: str


def names(rules: RuleSet) -> Iterator[Remark]:
    """Yield what names and numbers of kube-proxy's rules say.

    Chains whose name is made of another service port or endpoint than their rules say, and how many are right;
    service ports with more or fewer rules than kube-proxy writes, and how many rules there are.
    """
    table = rules.tables.get("nat", Table("nat"))
    owners, whole, proven = _owners(table), Place(rules, table, Chain("")), list[str]()
    for name, owner in owners.items():
        yield from _checked(Place(rules, table, table.chains[name]), owner, proven)
    if by_hand := [name for name in owners if not HASHED.search(name)]:
        some = ", ".join(sorted(by_hand)[:SHOWN])
        said = f"names that kube-proxy does not give (its end in 16 characters of a hash): {some}"
        yield whole.remark("name", "low", said)
    if proven:
        of = f" ({', '.join(proven)})" if len(proven) <= SHOWN else ""
        said = f"names of chains that are proven by their hashes: {len(proven):,}{of}"
        yield whole.remark("name", "info", said)
    yield from _counts(rules, table, owners)


def _checked(place: Place, owner: Owner, proven: list[str]) -> Iterator[Remark]:
    """Yield a remark on a name that is not what the rules of its chain say; put what is proven by a name into a list."""
    name, version = place.chain.name, place.rules.version
    to = _first_dnat(place.chain) if name.startswith(SEP) else None
    endpoint = endpoint_text(version, *to) if to else ""
    wanted = name[: name.index("-", 5) + 1] + chain_hash(*owner, endpoint)
    if name == wanted:
        proven.append(endpoint or owner.service_port)
    elif HASHED.search(name) and (to or not name.startswith(SEP)):
        said = f"not the name for {' '.join(filter(None, (owner.service_port, f'({owner.protocol})', endpoint)))}"
        hashed = _hashed(name, owner, to, version) if to else ""
        yield place.remark("name", "medium", f"{said}, which is {wanted}{hashed}")


def _counts(rules: RuleSet, table: Table, owners: dict[str, Owner]) -> Iterator[Remark]:
    by_owner: dict[Owner, list[Chain]] = defaultdict(list)
    for name, owner in owners.items():
        by_owner[owner].append(table.chains[name])
    for owner, chains in by_owner.items() if not rules.missing else ():
        yield from _count(rules, table, owner, chains)
    for each in (rules.tables[name] for name in ("nat", "kube-proxy") if name in rules.tables):
        n_rules = sum(len(chain.rules) for chain in each.chains.values())
        if n_rules > 1 and len(each.chains) > 1 and not rules.missing:
            said = f"{n_rules:,} rules in {len(each.chains):,} chains of table {each.name}"
            yield Place(rules, each, Chain("")).remark("count", "info", said)


def _owners(table: Table) -> dict[str, Owner]:
    """Return the owner of kube-proxy's chains: by the comment that leads there, or that of the chain before."""
    owners: dict[str, Owner] = {}
    todo = [chain for chain in table.chains.values() if not chain.name.startswith(IPTABLES_PREFIXES)]
    while todo:
        chain = todo.pop()
        above = owners.get(chain.name)
        for rule in chain.rules:
            for name in targets(table, rule.actions):
                if name not in owners and name.startswith(IPTABLES_PREFIXES) and name in table.chains:
                    owner = above or _commented(rule)
                    if owner:
                        owners[name] = owner
                        todo.append(table.chains[name])
    return owners


def _commented(rule: Rule) -> Owner | None:
    word = rule.comment.partition(" ")[0]
    protocols = [c.operand for c in rule.conditions if c.asks is Asks.PROTOCOL and len(c.operand) == 1]
    return Owner(word, next(iter(protocols[0]))) if protocols and SERVICE_PORT.fullmatch(word) else None


def _first_dnat(chain: Chain) -> tuple[int, int] | None:
    dnats = (action for rule in chain.rules for action in rule.actions if isinstance(action, Dnat))
    return next(((d.addresses[0], d.ports[0]) for d in dnats if d.addresses and d.ports), None)


def _hashed(name: str, owner: Owner, to: tuple[int, int], version: int) -> str:
    near = f"{address_text(version, to[0] & -256)}/{NEAR[version]}"
    found = endpoint_of(name, owner.service_port, owner.protocol, near, [to[1]])
    return f"; the hash is that of {found}" if found else f"; the hash is of no address in {near}"


def _count(rules: RuleSet, table: Table, owner: Owner, chains: list[Chain]) -> Iterator[Remark]:
    """Yield a remark where a service port that has only a cluster IP has more or fewer rules than kube-proxy writes.

    2 + 3n for n endpoints, one less where it does not detect local traffic, n more with affinity (Kubernetes v1.36.2,
    pkg/proxy/iptables/proxier.go); before 1.22 the rule that marks stood in KUBE-SERVICES.
    """
    services = [chain for chain in chains if chain.name.startswith("KUBE-SVC-")]
    endpoints = [chain for chain in chains if chain.name.startswith(SEP)]
    n, n_targets = len(endpoints), sum(_leads_on(rule) for chain in services for rule in chain.rules)
    if len(services) != 1 or len(chains) != n + 1 or n != n_targets:
        return
    entry = [rule for rule in rules_of(table, "KUBE-SERVICES") if _commented(rule) == owner]
    n_marking = sum(MARKING in rule.actions for rule in (*entry, *services[0].rules))
    n_hairpin = sum(MARKING in rule.actions for chain in endpoints for rule in chain.rules)
    has_affinity = any(c.asks is Asks.REMEMBERED for rule in services[0].rules for c in rule.conditions)
    found = 1 + sum(len(chain.rules) for chain in chains) + sum(MARKING in rule.actions for rule in entry)
    wanted = 2 + 3 * n + n * has_affinity
    if found not in (wanted, wanted - (not n_marking)):
        what = f"2 + {4 if has_affinity else 3} for each endpoint"
        said = f"{owner.service_port} has {found} nat rules; kube-proxy writes {wanted} ({what})"
        lacks = [f"the hairpin masquerade in {n - n_hairpin} of {n} endpoint chains"] * (n_hairpin < n)
        lacks += ["the masquerade of clients outside of the pods"] * (not n_marking)
        said += f"; not here: {', and '.join(lacks)}" if lacks else ""
        yield Place(rules, table, services[0]).remark("count", "low", said)


def _leads_on(rule: Rule) -> bool:
    return any(isinstance(action, Jump) and action != MARKING for action in rule.actions)
