"""Which destinations a set of rules answers: found by following the rules that lead to an endpoint, or to a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from kubenetlab.load_balancing.chain_targets import JUMPS, elements_of, plain_actions, rules_of
from kubenetlab.load_balancing.destinations import Destination
from kubenetlab.load_balancing.fans import Fans
from kubenetlab.objects.packet_rules import Action, Asks, Dnat, Look, Opaque, Rule, Table


def _in_set(operand: tuple[str, tuple[Asks, ...] | None], table: Table) -> dict[str, Any]:
    keys = table.sets[operand[0]].elements if operand[0] in table.sets else ()
    hosts = tuple(key[0] for key in keys if _fits((Asks.DESTINATION,), key))
    return {"hosts": hosts} if operand[1] == (Asks.DESTINATION,) and hosts else {}


#: What a condition says of the destination.
NARROWING: Final[dict[Asks, Callable[[Any, Table], dict[str, Any]]]] = {
    Asks.DESTINATION: lambda ranges, _: {"hosts": ranges},
    Asks.DESTINATION_PORT: lambda ranges, _: {"all_ports": ranges},
    Asks.PROTOCOL: lambda names, _: {"protocol": next(iter(names))} if len(names) == 1 else {},
    Asks.DESTINATION_TYPE: lambda types, _: {"is_local": True} if "LOCAL" in types else {},
    Asks.IN_SET: _in_set,
}
#: What a part of a map's key says of it.
KEYS: Final[dict[Asks, Callable[[Any], dict[str, Any]]]] = {
    Asks.DESTINATION: lambda part: {"hosts": (part,)},
    Asks.DESTINATION_PORT: lambda part: {"ports": part if isinstance(part, tuple) else (part, part)},
    Asks.PROTOCOL: lambda part: {"protocol": part},
}
PART_TYPES: Final = {
    Asks.DESTINATION: tuple,
    Asks.SOURCE: tuple,
    Asks.PROTOCOL: str,
    Asks.DESTINATION_PORT: int | tuple,
}


def _fits(key: tuple[Asks, ...], element: tuple[Any, ...]) -> bool:
    """Return whether a map's element has the parts that a rule asks it for."""
    types = (PART_TYPES.get(asks, object) for asks in key)
    return len(key) == len(element) and all(map(isinstance, element, types))


class DestinationSearch:
    """Looks for the destinations that rules of one table lead somewhere."""

    def __init__(self, table: Table, fans: Fans, wanted: tuple[type[Action], ...]) -> None:
        self._table = table
        self._fans = fans
        self._wanted = wanted
        self._leads: dict[str, bool] = {}
        self._seen: set[tuple[str, Destination]] = set()

    def below(self, chain: str, known: Destination) -> Iterator[Destination]:
        """Yield the destinations for which a chain leads to a wanted action, some more than once."""
        if (chain, known) in self._seen:
            return
        self._seen.add((chain, known))
        for rule in rules_of(self._table, chain):
            if self._lead(rule.actions[-1:]):
                for narrowed in self._narrowed(known, rule, chain):
                    yield from self._at(rule.actions[-1], narrowed, chain)

    def _at(self, action: Action, known: Destination, chain: str) -> Iterator[Destination]:
        if isinstance(action, Look):
            for element, then in elements_of(self._table, action):
                if then is not None and _fits(action.key, element) and self._lead((then,)):
                    yield from self._at(then, _with_key(known, action, element), chain)
        elif not isinstance(action, JUMPS):
            is_all = not (known.hosts or known.ports or known.protocol or known.is_local)
            yield from () if isinstance(action, Opaque) and is_all else (known._replace(chain=chain),)
        else:
            is_fan = self._fans.of(action.chain) is not None
            found = [known] if is_fan else [*self.below(action.chain, known)]
            asks_no_more = all(at.hosts == known.hosts and at.ports == known.ports for at in found)
            yield from [known._replace(chain=action.chain)] if found and asks_no_more else found

    def _narrowed(self, known: Destination, rule: Rule, chain: str) -> Iterator[Destination]:
        changes: dict[str, Any] = {}
        for condition in rule.conditions:
            if condition.asks in NARROWING and not condition.is_negated:
                changes |= NARROWING[condition.asks](condition.operand, self._table)
        ports = changes.pop("all_ports", None)
        if ports or not known.ports:
            changes |= {"comment": rule.comment, "asked": chain}
        if "NODEPORTS" in chain:
            changes["is_local"] = True
        for asked in ports or (known.ports,):
            yield known._replace(**changes, ports=asked)

    def _lead(self, actions: tuple[Action, ...]) -> bool:
        """Return whether one of some actions is a wanted one, or leads to one."""
        return any(
            self._chain_leads(action.chain) if isinstance(action, JUMPS) else isinstance(action, self._wanted)
            for action in plain_actions(self._table, actions)
        )

    def _chain_leads(self, name: str) -> bool:
        if name not in self._leads:
            self._leads[name] = False  # while it is looked at: a loop leads nowhere
            is_fan = Dnat in self._wanted and self._fans.of(name) is not None
            self._leads[name] = is_fan or any(self._lead(r.actions) for r in rules_of(self._table, name))
        return self._leads[name]


def _with_key(known: Destination, look: Look, element: tuple[Any, ...]) -> Destination:
    changes: dict[str, Any] = {"asked": look.name, "is_local": known.is_local or "nodeport" in look.name}
    for asks, part in zip(look.key, element, strict=True):
        changes |= KEYS[asks](part) if asks in KEYS else {}
    return known._replace(**changes)
