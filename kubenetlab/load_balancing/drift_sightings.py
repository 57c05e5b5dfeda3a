"""What rules or virtual servers really do with connections to a destination, and which destinations they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final, NamedTuple

from msgspec.structs import replace

from kubenetlab.load_balancing.chain_targets import plain_actions
from kubenetlab.load_balancing.coverage import chooses
from kubenetlab.load_balancing.destinations import range_text
from kubenetlab.load_balancing.drift_promises import Promise
from kubenetlab.load_balancing.drift_rounding import is_coarse, rounding
from kubenetlab.load_balancing.hooks import JUMPS, with_hooks
from kubenetlab.load_balancing.packet import Fate, Packet
from kubenetlab.load_balancing.server_shares import place_text
from kubenetlab.load_balancing.survey import Survey
from kubenetlab.load_balancing.walk import Walker
from kubenetlab.objects.packet_rules import Asks, Dnat, Rule, RuleSet, Table
from kubenetlab.objects.virtual_servers import VirtualServers

_ASKED: Final = (  # kube-proxy's chains and maps that have a rule or an element for every destination
    "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS",
    "service-ips", "no-endpoint-services", "service-nodeports", "no-endpoint-nodeports",
)  # fmt: skip
_UNWEIGHTED: Final = ("rr", "lc")  # schedulers that look at no weight but 0
_REFUSALS: Final = {Fate.REJECTED: "reject", Fate.DROPPED: "drop"}

#: Protocol, address (empty for every address of the node) and port.
Key = tuple[str, str, int]


class Sighting(NamedTuple):
    """What becomes of connections to one destination.

    Attributes
    ----------
    shares
        By endpoint, 0 to 1.
    places
        By endpoint, the chain that sends connections there.
    balancing
        The chain that chooses.
    refusal
        ``reject`` or ``drop`` where some connections are refused before they have an endpoint.
    is_known
        False where a rule that is missing or not understood decides.
    digits
        Of the probabilities in the rules: 5 before Kubernetes 1.17, then 10.
    """

    shares: dict[str, float]
    places: dict[str, str]
    balancing: str = ""
    refusal: str = ""
    is_known: bool = True
    digits: int = 10

    @property
    def is_even(self) -> bool:
        """Whether all endpoints (there is one) have the same share, but for the rounding of probabilities in rules."""
        fair, tolerance = 1 / len(self.shares), rounding(len(self.shares), self.digits)
        return all(abs(share - fair) <= tolerance for share in self.shares.values())


class RuleEyes:
    """Looks at what kube-proxy's tables do; tables that it does not use, such as a CNI plugin's, hide nothing."""

    def __init__(self, rules: RuleSet, local_addresses: tuple[str, ...]) -> None:
        own = {name: table for name, table in rules.tables.items() if name in JUMPS}
        is_iptables = rules.form.startswith("iptables")
        self._rules = with_hooks(replace(rules, tables=own)) if is_iptables else rules
        self._walker = Walker(self._rules)
        self._local = local_addresses
        self._named = {key for key, *_ in self.named()}

    def see(self, promise: Promise) -> Sighting:
        """Return what the rules do with the connections that a promise is about."""
        protocol, address, number = promise.key
        packet = Packet(promise.source, address, protocol, number, local_addresses=self._local)
        ways = self._walker.walk(packet).ways
        shares: defaultdict[str, float] = defaultdict(float)
        places: dict[str, str] = {}
        for way in (way for way in ways if way.is_translated and (way.notes or way.fate not in _REFUSALS)):
            shares[way.destination] += float(way.probability)
            places[way.destination] = next(
                f"{s.chain}, line {s.rule.line}" for s in way.steps if _translates(s.rule)
            )
        refused = [
            _REFUSALS[w.fate] for w in ways if w.fate in _REFUSALS and not (w.is_translated and shares)
        ]
        is_known = all(way.is_translated or way.fate is not Fate.UNKNOWN for way in ways)
        if self._named and self._named.isdisjoint((promise.key, (protocol, "", number))):
            # No rule is for this destination; one for whole ranges may refuse it, or be not understood.
            refused, is_known = [], True
        steps = [step for way in ways for step in way.steps if chooses(step.rule)]
        chances = {c.operand for step in steps for c in step.rule.conditions if c.asks is Asks.CHANCE}
        digits = 5 if chances and all(map(is_coarse, chances)) else 10
        refusal, balancing = next(iter(refused), ""), next((step.chain for step in steps), "")
        return Sighting(dict(shares), places, balancing, refusal, is_known, digits)

    def named(self) -> Iterator[tuple[Key, str, str]]:
        """Yield the destinations that kube-proxy's rules answer, the service port they name, and where."""
        for found in Survey(self._rules).destinations():
            if found.asked in _ASKED and found.ports:
                is_node_port = found.is_local or "nodeport" in found.asked.lower()
                hosts = () if is_node_port else found.hosts or ()
                address = next((range_text(self._rules.version, *bounds) for bounds in hosts), "")
                yield (found.protocol, address, found.ports[0]), found.service_port, found.asked


class ServerEyes:
    """Looks at a node's virtual servers of ipvs."""

    def __init__(self, servers: VirtualServers, local_addresses: tuple[str, ...]) -> None:
        self._servers = {(s.protocol.lower(), s.address, s.port): s for s in servers.servers}
        self._local = local_addresses

    def see(self, promise: Promise) -> Sighting:
        """Return what the virtual server does that a promise is about; a server without weight gets no connections."""
        server = self._servers.get(promise.key)
        if server is None:
            return Sighting({}, {})
        is_even = server.scheduler in _UNWEIGHTED
        reals = [real for real in server.real_servers if real.weight]
        weights = {place_text(real.address, real.port): 1 if is_even else real.weight for real in reals}
        total, place = sum(weights.values()), f"virtual server {promise.text}"
        shares = {where: weight / total for where, weight in weights.items()}
        return Sighting(shares, dict.fromkeys(shares, place), place, "" if shares else "reject")

    def named(self) -> Iterator[tuple[Key, str, str]]:
        """Yield every virtual server; one on an address of the node stands for a node port."""
        for protocol, address, number in self._servers:
            place = "" if address in self._local or ip_address(address).is_loopback else address
            yield (protocol, place, number), "", f"virtual server {place_text(address, number)}"


def _translates(rule: Rule) -> bool:
    return any(isinstance(action, Dnat) for action in plain_actions(Table(""), rule.actions))
