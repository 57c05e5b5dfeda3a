"""A remark on a rule or a chain, and the place it is made on."""

from __future__ import annotations

from typing import NamedTuple

from kubenetlab.objects.packet_rules import Chain, Rule, RuleSet, Table


class Remark(NamedTuple):
    """What is odd, how bad it is (high, medium, low, info), where it stands, and a sentence for a person."""

    kind: str
    severity: str
    table: str
    chain: str
    line: int
    rule: str
    sentence: str


class Place(NamedTuple):
    """A chain among all rules."""

    rules: RuleSet
    table: Table
    chain: Chain

    def remark(self, kind: str, severity: str, sentence: str, rule: Rule | None = None) -> Remark:
        """Return a remark on a rule of the chain, or on the chain."""
        line, text = (rule.line, rule.text) if rule else (self.chain.line, "")
        return Remark(kind, severity, self.table.name, self.chain.name, line, text, sentence)
