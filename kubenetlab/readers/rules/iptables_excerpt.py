"""Lines of iptables rules as people paste them: grepped out of a save, behind a prompt, or as commands."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.readers.rules.iptables_save import RuleLines, refused, version_of
from kubenetlab.readers.rules.iptables_tables import BUILT_IN
from kubenetlab.readers.rules.iptables_words import WrongWord

EXCERPT = "iptables excerpt"
#: What stands before a pasted line: quotes of mail and markdown, grep's line numbers.
_BEFORE = re.compile(r"^(?:[>|`\s]|\*\s|\d+[:-](?=[-:\[]))*")
_COMMAND = re.compile(
    r"(?:.*[#$>%]\s*)?(?:sudo\s+)?(?P<tool>ip6?tables)(?:-nft|-legacy)?(?P<save>-save)?(?:\s+-w\b(?:\s+\d+)?|\s+-n\b|\s+-v\b)*"
    r"(?:\s+(?:-t|--table)\s+(?P<table>[a-z]+))?(?:\s+-w\b)?\s*(?P<rest>.*)"
)
_RULE = re.compile(r"(?:\[\d+:\d+\]\s*)?(?:-A|-I) [^\s-].*")
_COUNTERS = re.compile(r"(-A .*) -c (\d+) (\d+)(?= |$)")  # iptables -S -v
_CHAIN = re.compile(
    r"(?::|-N )(?P<name>[^\s-]\S*)(?P<policy> .*)?|-P (?P<base>[A-Z]+) (?P<verdict>[A-Z]+)(?: -c \d+ \d+)?"
)
_POLICY = re.compile(r":[A-Z]+ [A-Z]+")  # of -P
_SILENT = re.compile(r"|#.*|--|-[ZFX]\b.*")
#: A rule behind something that is not known.
_HIDDEN = re.compile(r"(?:^|[\s+-])-[AI] [A-Za-z]")
_OF_BUILT_IN = {tuple(sorted(chains)): table for table, chains in reversed(BUILT_IN.items())}
_MAX_SHOWN = 60
_LONGEST = 1024

_NAT = r"KUBE-(?:(?:SVC|SVL|SEP|XLB|EXT|FW)-|MARK-MASQ|MARK-DROP|POSTROUTING)"
_FILTER = r"KUBE-(?:FORWARD|FIREWALL|EXTERNAL-SERVICES|PROXY-FIREWALL)"
_IN = r"(?:-[AI] |^:)"
#: What decides the table of a rule, in this order: its target, the names of its chains.
_DECIDES = (
    (r" -j (?:DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)\b", "nat"),
    (r" -j REJECT\b", "filter"),
    (r" -j (?:NOTRACK|CT)\b", "raw"),
    (r" -j (?:TPROXY|TCPMSS|TOS|DSCP|TTL|HL)\b", "mangle"),
    (rf"(?:{_IN}| -[jg] ){_NAT}", "nat"),
    (rf"(?:{_IN}| -[jg] )(?:{_FILTER}|FORWARD)", "filter"),
    (rf"{_IN}OUTPUT .*ctstate.* -j KUBE-SERVICES", "filter"),
    (rf"{_IN}(?:PREROUTING|OUTPUT) .*-j KUBE-SERVICES", "nat"),
    (rf"{_IN}(?:PREROUTING|POSTROUTING)\b", "nat"),
    (rf"{_IN}KUBE-NODEPORTS .* -j ACCEPT", "filter"),
)


class Pasted(NamedTuple):
    """A line as iptables-save would write it; ``table`` is empty where nothing said it, ``guess`` what it seems to be."""

    number: int
    text: str
    table: str = ""
    guess: str = ""


def iptables_excerpt(text: str, source: str) -> RuleSet:
    """Read lines of rules without their tables.

    Raises
    ------
    ManifestError
        If a rule cannot be, or something that is not known stands before it; it names the line.
    """
    lines: list[Pasted] = []
    strange: list[tuple[int, str]] = []
    table = ""
    for number, written in enumerate(text.split("\n"), 1):
        line, own = _COUNTERS.sub(r"[\2:\3] \1", _BEFORE.sub("", written.strip())), table
        if command := _COMMAND.fullmatch(line):
            own, line = command["table"] or ("" if command["save"] else "filter"), command["rest"]
            if command["save"] or line[:2] in {"-S", "-L", ""}:
                table = own
                continue
        if line == "COMMIT" or line[1:] in BUILT_IN:
            table = line[1:] if line[0] == "*" else ""
            continue
        rule = line if _RULE.fullmatch(line) else _declaration(line)
        if rule:
            lines.append(Pasted(number, rule, own))
        elif line[:1] != "#" and _HIDDEN.search(line):
            expected = "nothing before the rule, or the same before every line"
            raise refused(source, (number, line), WrongWord("the line", line, expected))
        elif not _SILENT.fullmatch(line):
            strange.append((number, line))
    missing = [
        *left_out("rules", strange),
        "only lines of rules, no whole table: what is not in the text is not known",
    ]
    return pasted_rules([*_listed(lines)], source, version_of(text, source), EXCERPT, missing)


def _listed(lines: list[Pasted]) -> Iterator[Pasted]:
    """Take lines of ``iptables -S`` for the table that has the built-in chains whose policies stand first."""
    guess = ""
    for are_policies, group in groupby(lines, lambda line: bool(_POLICY.fullmatch(line.text))):
        section = list(group)
        if are_policies:
            guess = _OF_BUILT_IN.get(tuple(sorted(_chain(line.text) for line in section)), "")
        yield from (line._replace(guess=guess) for line in section)


def left_out(what: str, lines: list[tuple[int, str]]) -> list[str]:
    """Return what to say about lines that were left out."""
    said = "; ".join(f"line {number}: {line[:_MAX_SHOWN]!r}" for number, line in lines[:5])
    said += f" and {len(lines) - 5:,} more" if len(lines) > 5 else ""
    return [f"lines that are no {what}, left out: {said}"] if lines else []


def _declaration(line: str) -> str:
    match = _CHAIN.fullmatch(line)
    if not match:
        return ""
    base, verdict, name, policy = match.group("base", "verdict", "name", "policy")
    return f":{base} {verdict}" if base else f":{name}{policy or ' -'}"


def pasted_rules(lines: list[Pasted], source: str, version: int, form: str, missing: list[str]) -> RuleSet:
    """Read lines whose tables are not all known; which table was taken for them is said in ``missing``."""
    decided = [(line, _chain(line.text), decided_table(line)) for line in lines]
    tables_of: dict[str, Counter[str]] = defaultdict(Counter)
    for _, chain, table in decided:
        tables_of[chain][table] += bool(table)
    in_tables: dict[str, list[tuple[int, str]]] = {}
    guessed: Counter[str] = Counter()
    for line, chain, known in decided:
        table = known or tables_of[chain].most_common(1)[0][0] or "filter"
        in_tables.setdefault(table, [(line.number, f"*{table}")]).append((line.number, line.text))
        guessed[table] += not line.table
    notes = ", ".join(f"{n} as {table}" for table, n in guessed.items() if n)
    said = f"no table is named; by targets and names of chains, lines are taken: {notes}"
    numbered = [pair for rules in in_tables.values() for pair in (*rules, (rules[-1][0], "COMMIT"))]
    return RuleLines(source, version, [*missing, said] if notes else missing).read(numbered, form)


def decided_table(line: Pasted) -> str:
    """Return the table that a line is in, empty where nothing decides."""
    decided = (table for pattern, table in _DECIDES if re.search(pattern, line.text[:_LONGEST]))
    return line.table or line.guess or next(decided, "")


def _chain(text: str) -> str:
    match = re.search(r"(?:-[AI] |^:)(\S+)", text)
    return match[1] if match else ""
