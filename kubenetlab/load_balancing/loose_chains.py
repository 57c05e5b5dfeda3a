"""Shares in kube-proxy's chains of an excerpt that has no line that leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kubenetlab.load_balancing.chain_targets import JUMPS
from kubenetlab.load_balancing.dyadic import ONE, added, rest_of, share, weights
from kubenetlab.load_balancing.fans import Fans, Protocols, chance_of
from kubenetlab.load_balancing.passage import endpoint_text
from kubenetlab.load_balancing.survey import Part
from kubenetlab.objects.packet_rules import Rule, RuleSet

SPREADING: Final = ("KUBE-SVC-", "KUBE-SVL-")
NOTE: Final = "no line of the text leads to {}: the shares are those of what enters it"


def loose_chains(rules: RuleSet, seen: set[str]) -> Iterator[tuple[tuple[str, str, str], Part]]:
    """Yield Service port, "chain NAME" and kind, and the shares of every spreading chain that is not among those seen."""
    table = rules.tables.get("nat") if rules.missing else None
    for chain in table.chains.values() if table else ():
        is_loose = chain.name.startswith(SPREADING) and chain.name not in seen
        fans = Fans(table, rules.version) if table and is_loose else None
        found = [end for rule in chain.rules for end in _ends(rule, fans, rules.version)] if fans else []
        if found:
            sums: dict[str, tuple[int, int]] = {}
            for (end, _), weight in zip(
                found, weights(chances := tuple(q for _, q in found), 1, 1), strict=True
            ):
                sums[end] = added(sums.get(end, (0, 1)), weight)
            n = 0 if rest_of(chances)[0] else len(sums)
            shares = tuple(share(*weight, n) for weight in sums.values())
            name = next(
                (rule.comment.partition(" ")[0] for rule in chain.rules if " -> " in rule.comment), ""
            )
            part = Part("", tuple(sums), shares, 1 / n if n else float("nan"), chain.name, "", "delivered")
            yield (name, f"chain {chain.name}", ""), part


def _ends(rule: Rule, fans: Fans, version: int) -> Iterator[tuple[str, int]]:
    """Yield the endpoint of a rule, by its chain, its comment or the name of its chain, and its chance."""
    asked: Protocols = set()
    chance, action = chance_of(rule, asked), rule.actions[-1] if rule.actions else None
    if chance and isinstance(action, JUMPS) and action.chain.startswith("KUBE-SEP-"):
        endpoint = fans.endpoint(action, asked)
        said = rule.comment.partition(" -> ")[2] or action.chain
        yield endpoint_text(version, *endpoint) if endpoint else said, min(chance, ONE)
