"""How many new connections a node gave to each endpoint, by the counters of its rules or of its virtual servers.

Sources: iptables-save(8), ``-c``; kube-proxy 1.36, pkg/proxy/iptables/proxier.go (its comments ``NAME -> IP:port``; a full
sync at least every hour, kubernetes PR 138635 in 1.36.1; others rewrite the chains of changed Services only, by default
from 1.27 on, KEP-3453); nf_nat: the nat table sees the first packet of a connection; ipvsadm(8), ``--stats``. Basis: *ran* (counters of Linux 6.18
in ``data/rules``) for iptables, *docs* for ipvs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import fsum
from typing import Final

from msgspec.structs import replace

from kubenetlab.errors import UnreadableError
from kubenetlab.load_balancing.chain_targets import JUMPS, targets
from kubenetlab.load_balancing.destinations import Destination
from kubenetlab.load_balancing.dispatch import host_and_port, reading
from kubenetlab.load_balancing.dyadic import ONE, rest_of, shares_of
from kubenetlab.load_balancing.fans import Fans, chance_of
from kubenetlab.load_balancing.loose_chains import SPREADING
from kubenetlab.load_balancing.passage import endpoint_text
from kubenetlab.load_balancing.server_shares import EQUAL, SAID, place_text
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from kubenetlab.objects.packet_rules import Asks, Chain, Choose, Rule, RuleSet, Table
from kubenetlab.objects.virtual_servers import VirtualServer, VirtualServers

NAT_SAID: Final = "packets of the nat table: the first of each connection, not requests"
SINCE: Final = (
    "counted since the chain was last rewritten: when its endpoints change, and at each full sync, at least once an hour (not "
    "above 1,000 endpoints from 1.36.1); before 1.27 at every sync")  # fmt: skip
LOADED: Final = "counted since the rules were loaded, or their counters zeroed"
RETURNING: Final = "{:,} connections of remembered clients (affinity) are left out: they asked no chance"
WITH_THEM: Final = "{:.1f} % of new connections came from remembered clients; with them {} has {:.2f} times its share: affinity, not chance"
PASSED: Final = "a part of what enters the chain gets past these endpoints; the shares are of what does not"
ENTERED: Final = "{:,} packets came by the rules that lead to the chain, more than its rules counted"
UNCOUNTED: Final = "{:,} other chains or servers have no counter for each endpoint"
EXPECTED: Final = (
    "found no counter of a rule that chooses an endpoint, expected what `iptables-save -c` prints, whole"
)
EXPECTED_OF_NFT: Final = "found one rule for all endpoints of a Service, expected what `conntrack -L` prints"
EXPECTED_OF_IPVS: Final = "found servers without counts, expected what `ipvsadm -ln --stats --exact` prints"
PERSISTENT: Final = "persistent {}: a client stays with its real server for as many seconds"
SINCE_ADDED: Final = "connections since each real server was added; one that comes back begins at 0"
NOW_OPEN: Final = "connections that are open now: those that last stay where they are, also after a restart"
IN_TURN: Final = "{} does not draw: counts nearer to each other than chance allows are no surprise"
NO_WEIGHT: Final = "weight 0, so without new connections, and left out: {}"
REWRITTEN: Final = "it changed since {}, or was rewritten: counted from zero, not from that save"
BETWEEN: Final = "the difference to {}: wrong, and unseen, where a chain was rewritten and counts more"

Rules = list[Rule]
#: Each rule that chooses, in order: its endpoint, chance and count.
Ends = list[tuple[str, int, int | None]]
#: The same, and by endpoint the packets of clients that are remembered; none where no rule asks for them.
Chosen = tuple[Ends, dict[str, int]]


def counts_of_rules(rules: RuleSet | VirtualServers) -> tuple[EndpointCounts, ...]:
    """Return what the counters of a node say, one entry for each chain or virtual server that spreads connections.

    Parameters
    ----------
    rules
        Of ``iptables-save -c``, ``iptables -L -v`` or ``nft list`` of iptables-nft's tables, whole or an excerpt; or of
        ``ipvsadm -ln --stats`` and ``ipvsadm -ln``.

    Returns
    -------
    In the order of the text. Several destinations of a Service port (cluster IP, NodePort, load balancer) share a chain and
    so an entry; ``shares`` are exact, as floats. Where it has one chain for all endpoints and one for local ones, ``service``
    says which.

    Raises
    ------
    UnreadableError
        If no rule or server has a counter, or the rules choose without one for each endpoint (kube-proxy's nftables mode).

    Examples
    --------
    >>> from kubenetlab.samples import sample_rules
    >>> slip, thirds = counts_of_rules(sample_rules("counted-connections"))
    >>> slip.service, slip.counts
    ('lottery/slip:http', (3597, 2426, 5977))
    """
    if isinstance(rules, VirtualServers):
        expected, notes = EXPECTED_OF_IPVS, rules.missing
        found = [_of_server(server, rules.source) for server in rules.servers]
    else:
        expected, notes = EXPECTED_OF_NFT if rules.form.startswith("nft") else EXPECTED, rules.notes
        with reading(rules):
            spreads = [one for table in rules.tables.values() for one in _spreads(table, rules.version)]
            found = [_entry(rules, *one) for one in spreads]
    counted = [one for one in found if one]
    if not counted:
        raise UnreadableError(f"{rules.source}: {expected}")
    notes += (UNCOUNTED.format(len(found) - len(counted)),) * (len(found) > len(counted))
    return tuple(replace(one, notes=one.notes + notes) if notes else one for one in counted)


def _spreads(table: Table, version: int) -> Iterator[tuple[Chain, Chosen, Rules, str]]:
    """Yield chains that spread, what they choose, the rules that lead there and ``_side``; not those of single endpoints."""
    fans = Fans(table, version)
    leading: dict[str, Rules] = defaultdict(list)
    inner: set[str] = set()
    spreads = []
    for chain in table.chains.values():
        for rule in chain.rules:
            for target in targets(table, rule.actions):
                leading[target].append(rule)
                inner.update([target] if chance_of(rule, set()) is not None else [])
        if not chain.name.startswith("KUBE-SEP-"):  # to look is fast
            spreads.append((chain, _chosen(chain, fans, version)))
    for chain, chosen in spreads:
        is_outer = chain.name not in inner or chain.name.startswith(SPREADING)
        if len(chosen[0]) > 1 or (chosen[0] and is_outer):
            yield chain, chosen, leading[chain.name], _side(table, chain, leading[chain.name])


def _chosen(chain: Chain, fans: Fans, version: int) -> Chosen:
    """Return the rules at the end of a chain that choose, and the connections of clients that are remembered.

    No rules where others stand among them.
    """
    ends: Ends = []
    returning: dict[str, int] = {}
    for rule in chain.rules:
        chance = chance_of(rule, set())
        to = [] if chance is None else _endpoints(rule, fans, version)
        if ends and not to:
            return [], {}
        if chance:
            ends += [(end, chance, rule.packets if len(to) == 1 else None) for end in to]
        elif any(condition.asks is Asks.REMEMBERED for condition in rule.conditions):
            returning |= {end: returning.get(end, 0) + (rule.packets or 0) for end in to}
        if to and chance == ONE:
            break
    return ends, returning


def _endpoints(rule: Rule, fans: Fans, version: int) -> list[str]:
    """Return where a rule leads; of a chain that an excerpt lacks, what the comment says, or its name."""
    action = rule.actions[-1] if rule.actions else None
    outcomes = action.outcomes if isinstance(action, Choose) else (action,) if action else ()
    found = [endpoint_text(version, *one) for way in outcomes if (one := fans.endpoint(way, set()))]
    if not found and isinstance(action, JUMPS) and action.chain.startswith("KUBE-SEP-"):
        return [rule.comment.partition(" -> ")[2] or action.chain]
    return found


def _entry(rules: RuleSet, chain: Chain, chosen: Chosen, to: Rules, side: str) -> EndpointCounts | None:
    ends, known = chosen
    chances = tuple([chance for _, chance, _ in ends])
    counts: dict[str, int] = {}
    shares: dict[str, float] = {}
    for (endpoint, _, count), share in zip(ends, shares_of(chances, 0), strict=True):
        if count is None:
            return None
        counts[endpoint] = counts.get(endpoint, 0) + count
        shares[endpoint] = shares.get(endpoint, 0.0) + share.share
    is_part = rest_of(chances)[0] > 0
    total = fsum(shares.values()) if is_part else 1.0
    entered, spent = sum(rule.packets or 0 for rule in to), sum((*counts.values(), *known.values()))
    is_whole = not rules.missing and not rules.form.startswith("nft")  # nft prints no lists of clients
    found = EndpointCounts(
        *(_service(rules.version, chain, to) + side, tuple(counts), tuple(counts.values())),
        *(tuple([share / total for share in shares.values()]), Counted.NEW_CONNECTIONS, rules.source),
        where=f"chain {chain.name}",
        remembered=tuple(known.get(name, 0) for name in counts) if known else (),
        has_affinity=bool(known) if known or is_whole else None,
    )
    notes = [NAT_SAID, SINCE if chain.name.startswith(SPREADING) else LOADED, *_returning(found)]
    notes += [PASSED] if is_part else [ENTERED.format(entered)] * (entered > spent + spent // 100 + 1)
    return replace(found, notes=tuple(notes))


def _returning(one: EndpointCounts) -> tuple[str, ...]:
    """Return how many connections of remembered clients are not among the counts, and what the load is with them."""
    n_known, n_all = sum(one.remembered), sum((*one.counts, *one.remembered))
    if not n_known:
        return ()
    loads = zip(one.counts, one.remembered, one.shares, one.endpoints, strict=True)
    times, name = max(((new + old) / (share * n_all), name) for new, old, share, name in loads if share)
    return RETURNING.format(n_known), WITH_THEM.format(100 * n_known / n_all, name, times)


def _side(table: Table, chain: Chain, leading: Rules) -> str:
    """Return which of the two chains of a Service port it is, that of all endpoints or of local ones; nothing of a lone one."""
    if not all(prefix + chain.name[len(prefix) :] in table.chains for prefix in SPREADING):
        return ""
    by_address = [host_and_port(rule)[0] is not None for rule in leading]  # the cluster IP
    if chain.name.startswith(SPREADING[0]):
        return f" ({'from pods, ' * any(by_address)}all endpoints)"
    return f" ({'from outside, ' * (by_address != [] and not any(by_address))}local endpoints)"


def _service(version: int, chain: Chain, leading: Rules) -> str:
    """Return whose chain it is, by its name, its comments or those of rules that lead there; else their destination."""
    for rule in (*chain.rules, *leading):
        if service := Destination(comment=rule.comment, chain=chain.name).service_port:
            return service
    for rule in leading:
        host, port = host_and_port(rule)
        protocol = next((c.operand for c in rule.conditions if c.asks is Asks.PROTOCOL), ())
        if host is not None and port is not None and len(protocol) == 1:
            return f"{endpoint_text(version, host, port)}/{next(iter(protocol)).upper()}"
    return ""


def _of_server(server: VirtualServer, source: str) -> EndpointCounts | None:
    is_since = any(real.connections is not None for real in server.real_servers)
    reals = {place_text(real.address, real.port): real for real in server.real_servers}
    used = {name: real for name, real in reals.items() if real.weight}
    counts = [real.connections if is_since else real.active_connections for real in used.values()]
    known = [count for count in counts if count is not None]
    if not used or len(known) < len(used):
        return None
    destination = f"{place_text(server.address, server.port)}/{server.protocol}"
    weights = [1 if server.scheduler in EQUAL else real.weight for real in used.values()]
    is_known = server.scheduler in SAID
    idle = ", ".join(name for name in reals if name not in used)
    said = (SINCE_ADDED if is_since else NOW_OPEN, *[IN_TURN.format(server.scheduler)] * is_known)
    said += (PERSISTENT.format(server.persistence_s),) * bool(server.persistence_s)
    return EndpointCounts(
        *(destination, tuple(used), tuple(known)),
        shares=tuple(weight / sum(weights) for weight in weights * is_known),
        counted=Counted.NEW_CONNECTIONS if is_since else Counted.OPEN_CONNECTIONS,
        source=source,
        where=f"virtual server {destination}",
        notes=(*said, *[NO_WEIGHT.format(idle)] * bool(idle)),
        has_affinity=True if server.persistence_s else False if is_known else None,
    )


def counts_between(
    earlier: Sequence[EndpointCounts], later: Sequence[EndpointCounts]
) -> tuple[EndpointCounts, ...]:
    """Return what was counted between two saves of one node, one entry for each of the later.

    Parameters
    ----------
    earlier, later
        As ``counts_of_rules`` returns them.

    Returns
    -------
    The differences. Where a count went down, or endpoints or shares changed, the chain was rewritten in between: its counts
    are those since then, and ``notes`` says so. A chain that was rewritten and whose counts are all above the earlier ones
    cannot be told from one that was not: ``notes`` of every difference says this too. What is only in the earlier save is
    left out.

    Raises
    ------
    ValueError
        If the counts are of open connections or of flows, which come and go.

    Examples
    --------
    >>> from kubenetlab.samples import sample_rules
    >>> counts = counts_of_rules(sample_rules("counted-connections"))
    >>> counts_between(counts, counts)[0].counts
    (0, 0, 0)
    """
    if not {Counted.OPEN_CONNECTIONS, Counted.FLOWS}.isdisjoint(one.counted for one in (*earlier, *later)):
        raise ValueError("open connections and flows come and go, not to be subtracted; use ipvsadm --stats")
    before = {(one.where, one.service): one for one in earlier}
    source = earlier[0].source if earlier else "the earlier save"
    return tuple(_since(before.get((one.where, one.service)), one, source) for one in later)


def _since(before: EndpointCounts | None, after: EndpointCounts, source: str) -> EndpointCounts:
    more = [-1]
    if before and len({(one.endpoints, one.shares, len(one.remembered)) for one in (before, after)}) == 1:
        old = (*before.counts, *before.remembered)
        more = [now - then for now, then in zip((*after.counts, *after.remembered), old, strict=True)]
    if min(more, default=0) < 0:
        return replace(after, notes=(REWRITTEN.format(source), *after.notes))
    n, gone = len(after.counts), (SINCE, LOADED, SINCE_ADDED, *_returning(after))
    found = replace(after, counts=tuple(more[:n]), remembered=tuple(more[n:]))
    kept = [note for note in after.notes if note not in gone]
    return replace(found, notes=(BETWEEN.format(source), *kept, *_returning(found)))
