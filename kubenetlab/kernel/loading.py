"""Give rules to the kernel of our namespace, with the tool that would load them on a node."""

from __future__ import annotations

import re

from msgspec.structs import replace

from kubenetlab.errors import KubenetlabError
from kubenetlab.kernel.messages import NOT_HERE
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.objects.packet_rules import Goto, Jump, RuleSet
from kubenetlab.readers.rules import format_iptables, rules_from_text
from kubenetlab.visible_text import visible

#: Tool by name: the program that loads rules, by address family.
PROGRAMS: dict[str, dict[int, tuple[str, ...]]] = {
    "iptables-nft": {4: ("iptables-nft-restore",), 6: ("ip6tables-nft-restore",)},
    "iptables-legacy": {4: ("iptables-legacy-restore",), 6: ("ip6tables-legacy-restore",)},
    "nft": {4: ("nft", "-f", "-"), 6: ("nft", "-f", "-")},
}
_UNQUOTED = str.maketrans("", "", "\"'\\")
_AS_THEY_ARE = ("iptables-save", "iptables-restore", "nft list", "nft commands")  # forms that the tools load
_CHAIN = re.compile(r"^:(\S+) ", re.MULTILINE)
_NUMBER = re.compile(r"(?:\bline:? |/dev/stdin:)(\d{1,9})")
_ACCOUNT = re.compile(r'--nfacct-name\s+"?([^\s"]+)')
# What would make a tool run a program or read a file of the machine: no rules that a kernel listed hold it.
_REACHES_OUT = re.compile(
    r"(?:^|[;{}])\s*include\b|(?:^|\s)-[nvxf46]*M|(?:^|\s)--mo(?:d(?:p\w*)?)?(?![\w-])|(?:^|\s)(?:-[nvxf46]*[mj]|--(?:mat(?:ch?)?|j\w*)\b)[\s=]*\S*/"
)


def loadable(rules: str | RuleSet) -> tuple[str, RuleSet, tuple[str, ...]]:
    """Return rules as text for their tool, the same rules for the model, and notes on what they lack.

    Rules that ask an ipset are left out of both: no text of rules holds the set's addresses.

    Raises
    ------
    KubenetlabError
        If they are no packet rules (ipvs), no reader knows them, or they would make a tool run a program or read a file.
    """
    found = rules_from_text(rules) if isinstance(rules, str) else rules
    if not isinstance(found, RuleSet):
        raise KubenetlabError(
            "found ipvs servers, expected iptables or nftables rules: ipvs is not tried in the kernel"
        )
    kept, n_without = _without_sets(found)
    is_whole = found.form in _AS_THEY_ARE and not found.missing and not n_without
    text = rules if isinstance(rules, str) and is_whole else _text(kept)
    for number, line in enumerate(text.split("\n"), 1):
        if _REACHES_OUT.search(line.translate(_UNQUOTED)):
            raise KubenetlabError(
                f"{found.source}: line {number}: found a program or a file, expected rules: {visible(line[:80])}"
            )
    note = f"{n_without} rule{'s' * (n_without > 1)} left out that ask{'s' * (n_without == 1)} an ipset: its addresses are not in the text"
    return text, kept, (*found.missing, *[note] * bool(n_without))


def tool_for(rules: RuleSet, tool: str | None = None) -> str:
    """Return the tool that loads rules of this form: ``tool``, or the first that does.

    Raises
    ------
    ValueError
        If ``tool`` is none of them.
    """
    tools = [name for name in PROGRAMS if (name == "nft") is rules.form.startswith("nft")]
    if tool is not None and tool not in tools:
        raise ValueError(f"tool is {tool}, expected {' or '.join(tools)} for rules of the form {rules.form}")
    return tool or tools[0]


def _without_sets(rules: RuleSet) -> tuple[RuleSet, int]:
    """Return rules without those that ask an ipset, and how many that were."""
    tables, n_without = {}, 0
    for table in rules.tables.values():
        chains = {}
        for chain in table.chains.values():
            kept = tuple(rule for rule in chain.rules if "--match-set" not in rule.text)
            chains[chain.name] = replace(chain, rules=kept)
            n_without += len(chain.rules) - len(kept)
        tables[table.name] = replace(table, chains=chains)
    return replace(rules, tables=tables) if n_without else rules, n_without


def _text(rules: RuleSet) -> str:
    if not rules.form.startswith("nft"):
        return _with_chains(format_iptables(rules), rules)
    from kubenetlab.readers.rules.nft_format import format_nft

    return format_nft(rules)


def _with_chains(text: str, rules: RuleSet) -> str:
    """Return rules with a line for each chain, also for those that an excerpt jumps to and lacks: empty in the kernel."""
    for table in rules.tables.values():
        rows = [rule for chain in table.chains.values() for rule in chain.rules]
        targets = (to.chain for rule in rows for to in rule.actions if isinstance(to, Jump | Goto))
        before, head, own = text.partition(f"*{table.name}\n")
        declared = set(_CHAIN.findall(own.partition("COMMIT")[0]))
        missing = [name for name in dict.fromkeys([*table.chains, *targets]) if name not in declared]
        text = before + head + "".join(f":{name} - [0:0]\n" for name in missing) + own
    return text


def load(namespace: Namespace, text: str, tool: str, version: int) -> None:
    """Load rules; the nfacct objects that they name are made first, or the kernel refuses the set.

    Raises
    ------
    KubenetlabError
        With the tool's own line if it refuses the rules.
    """
    for account in sorted(set(_ACCOUNT.findall(text))):
        namespace.run("nfacct", "add", account)
    program = PROGRAMS[tool][version]
    try:
        namespace.run(*program, text=text)
    except KubenetlabError as error:
        said = str(error).partition(" Try `")[0]
        if said.startswith(f"{program[0]}{NOT_HERE}"):
            raise
        raise KubenetlabError(f"{program[0]} refuses the rules: {said}{_line(text, said)}") from None


def _line(text: str, error: str) -> str:
    """Return the line that a tool names by its number: the text that it got is not always the user's."""
    number, lines = _NUMBER.search(error), text.splitlines()
    is_there = number is not None and 1 <= int(number[1]) <= len(lines)
    return visible(f", which is {lines[int(number[1]) - 1][:300]}") if number is not None and is_there else ""
