"""A rule set as the text of iptables-save or iptables-restore again."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.objects.packet_rules import RuleSet, Table
from kubenetlab.readers.rules.iptables_words import restore_line, saved_line, words_of


def format_iptables(rule_set: RuleSet) -> str:
    """Return the text of a rule set, built from the words of its rules, quoted and spaced as its form is.

    Comment lines (``# …``) of the text that was read are not kept.
    """
    line_of = restore_line if rule_set.form == "iptables-restore" else saved_line
    lines = []
    for table in rule_set.tables.values():
        numbered = sorted(_rules(table), key=lambda pair: pair[0])
        chains = [chain for chain in table.chains.values() if chain.line]
        lines.append(f"*{table.name}")
        for chain in sorted(chains, key=lambda chain: chain.line):
            lines.append(f":{chain.name} {chain.policy or '-'}{_counters(chain.packets, chain.bytes, ' {}')}")
        lines += [counters + line_of(words_of(text)) for _, counters, text in numbered]
        lines.append("COMMIT")
    return "".join(f"{line}\n" for line in lines)


def _rules(table: Table) -> Iterator[tuple[int, str, str]]:
    for chain in table.chains.values():
        for rule in chain.rules:
            yield rule.line, _counters(rule.packets, rule.bytes, "{} "), rule.text
        if chain.deleted:
            yield chain.deleted, "", f"-X {chain.name}"


def _counters(packets: int | None, n_bytes: int | None, form: str) -> str:
    return "" if packets is None else form.format(f"[{packets}:{n_bytes}]")
