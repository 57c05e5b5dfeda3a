"""nft rules in, rule sets out: ``nft list table``, ``nft list ruleset``, and files of nft commands.

Source: nftables 1.0.6 and its nft(8); kube-proxy v1.36, pkg/proxy/nftables/proxier.go. Basis: *ran* (recordings of
kube-proxy's commands and of ``nft list table``).
"""

from __future__ import annotations

from itertools import islice

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.packet_rules import RuleSet, Table
from kubenetlab.readers.rules.address_families import not_of, other_family
from kubenetlab.readers.rules.iptables_tables import jump_faults
from kubenetlab.readers.rules.iptables_words import WrongWord
from kubenetlab.readers.rules.nft_commands import FAMILIES, Command, commands
from kubenetlab.readers.rules.nft_references import references
from kubenetlab.readers.rules.nft_sets import part_types
from kubenetlab.readers.rules.nft_statements import refused, statements
from kubenetlab.readers.rules.nft_tables import Draft, apply

_PROXY = "kube-proxy"
_SHOWN = 5


def nft_rules(text: str, source: str = "-", version: int | None = None) -> RuleSet:
    """Return the rules of one address family.

    Parameters
    ----------
    text
        What ``nft list table ip kube-proxy``, ``nft list ruleset`` or ``nft -a`` prints, or commands (``add rule …``).
    source
        The name of the file, for messages.
    version
        4 or 6; None takes the family that has a table of kube-proxy, IPv4 where both have one or none.

    Returns
    -------
    Tables by name; those of another family than ip and ip6 as ``inet filter``. ``notes`` says when the text holds tables
    of the other IP version too.

    Raises
    ------
    ManifestError
        For a line that cannot be, a jump to a chain that is not there, or chains in a circle; with file, line and text.
    UnreadableError
        If the text holds no table of the family.
    """
    read = statements(text, source)
    found = [command for statement in read.body for command in commands(statement)]
    families = {command.family for command in found if command.kind}
    if not families:
        raise UnreadableError(
            f"{source}: found no nft table or command, expected what `nft list ruleset` prints"
        )
    alone = {v for family in families & {"ip", "ip6"} for v in FAMILIES[family]}
    versions = {4, 6} if "inet" in families or not alone else alone
    proxied = {v for command in found if command.table == _PROXY for v in command.versions} & versions
    wanted = version or min(proxied or alone or versions)
    if wanted not in versions:
        raise not_of(wanted, min(versions), source)
    missing = [*read.missing]
    tables = _tables(found, source, wanted, read.cut_line, missing)
    others = tuple(other_family(v) for v in alone - {wanted})
    is_listing = all(statement.words[0] == "table" or statement.words[0][0] == "#" for statement in read.body)
    is_simple = is_listing or all(command.verb == "add" for command in found)
    kept = () if is_simple else tuple(command for command in found if wanted in command.versions)
    return RuleSet(
        source,
        "nft list" if is_listing else "nft commands",
        wanted,
        tables,
        tuple(missing),
        kept,
        others,
    )


def _tables(
    found: list[Command], source: str, version: int, cut_line: int, missing: list[str]
) -> dict[str, Table]:
    """Apply commands; add to ``missing`` what they lack."""
    drafts: dict[tuple[str, str], Draft] = {}
    for command in found:
        try:
            if command.kind and version in command.versions:
                apply(command, drafts, version)
        except WrongWord as error:
            if command.line == cut_line and drafts:
                missing.append(f"line {cut_line} is cut off and left out")
                break
            raise refused(source, command.line, error.field, error.found, error.expected) from None
    absent = {name: line for draft in drafts.values() for name, line in draft.absent.items()}
    missing += _said("commands change what the text does not make", absent)
    is_all_there = not missing
    tables: dict[str, Table] = {}
    for draft in drafts.values():
        table = draft.table()
        tables[table.name if len(FAMILIES[table.family]) == 1 else f"{table.family} {table.name}"] = table
        has_hook = any(chain.hook for chain in table.chains.values())
        missing += _checked(table, source, is_all_there and draft.is_made and has_hook)
    return tables


def _said(what: str, lines: dict[str, int]) -> list[str]:
    names = ", ".join(f"{name[:80]} (line {line})" for name, line in islice(lines.items(), _SHOWN))
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return [f"{what}: {names}{more}"] if lines else []


def _checked(table: Table, source: str, is_whole: bool) -> list[str]:
    """Return what a table lacks; in a whole table that is an error."""
    circle, absent = jump_faults(references(table))
    if circle:
        expected = "chains that do not lead back to themselves"
        raise refused(source, circle[1].line, "chain", circle[0], expected)
    lines = {name: rule.line for name, rule in absent.items()}
    if absent and is_whole:
        name = next(iter(absent))
        expected = f"a {'set or map' if name[0] == '@' else 'chain'} of table {table.family} {table.name}"
        raise refused(source, lines[name], "rule", name, expected)
    strange = {
        held.name: held.line
        for held in table.sets.values()
        if (n_parts := len(part_types(held)[0])) and any(len(key) != n_parts for key in held.elements)
    }
    return [
        *_said(f"rules of table {table.family} {table.name} refer to what is not there", lines),
        *_said("sets with elements that are not understood", strange),
    ]
