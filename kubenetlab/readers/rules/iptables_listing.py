"""``iptables -L``, with and without ``-n``, ``-v`` and ``--line-numbers``: every row as the rule that it lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.readers.rules.iptables_excerpt import Pasted, decided_table, left_out, pasted_rules
from kubenetlab.readers.rules.iptables_listed_words import listed_words
from kubenetlab.readers.rules.iptables_save import version_of
from kubenetlab.readers.rules.iptables_targets import TARGETS
from kubenetlab.readers.rules.iptables_words import quoted

LISTING = "iptables -L"
_TABLE = re.compile(r"ip6?tables\S*\s.*?(?:-t|--table)\s*([a-z]+)|ip6?tables\S* (?=.*(?:-\w*L|--list))")
_CHAIN = re.compile(r"Chain (\S+) \((?:policy ([A-Z]+)|\d+ references)\b")
_HEADER = re.compile(r"\s*(?P<num>num\s+)?(?P<v>pkts\s+bytes\s+)?target\s+prot\s+opt\s.*")
_LONGEST_ROW = 4096
_ROW = (
    r"(?:(?P<target>\S+)\s+)??(?P<p>!?[a-z0-9-]+)\s+(?:(?:--|-f|!f)\s+|(?=[^/]*:)){}"
    r"(?P<s>!?[\w.:/-]+)\s+(?:->\s+)?(?P<d>!?[\w.:/-]+)(?:\s+(?P<more>.*))?"
)
_PLAIN_ROW = re.compile("()()()()" + _ROW.format("(?P<i>)(?P<o>)"))
_VERBOSE_ROW = re.compile(2 * r"(\d+)([KMGTP]?)\s+" + _ROW.format(r"(?P<i>\S+)\s+(?P<o>\S+)\s+"))
_ANY = {"", "0.0.0.0/0", "::/0", "anywhere", "*", "any", "all", "0"}
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9A-Fa-f.:]+)?")
_NAMES = {"-s": "-m listed{} --source-name", "-d": "-m listed{} --destination-name"}
_SIZES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
#: Stands for the interface that a rule may ask for, where the listing has no column for it.
_HIDDEN = "-m listed --interface not-shown"
_KUBE_PROXYS = re.compile(
    r"KUBE-(?:(?:SVC|SVL|SEP|XLB|EXT|FW)-[A-Z0-9]+|SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|MARK-DROP|FORWARD|FIREWALL"
    r"|EXTERNAL-SERVICES|PROXY-FIREWALL|PROXY-CANARY|KUBELET-CANARY)"
)
#: kube-proxy's rules that tell its node's pods by an interface if not by their address: chain, target and comment.
_DETECTS = re.compile(r"KUBE-SVC-\S+ KUBE-MARK-MASQ .*|KUBE-(?:EXT|XLB)-\S+ \S+ /\* pod traffic for .*")
#: What a listing lacks, by what shows it.
_LACKS = ((r"\sanywhere\s", "listed without -n: names stand for addresses and ports, and are not resolved"),)
_IS_ROUNDED, _ROUNDED = (
    re.compile(r"(?m)^\s*(?:\d+\s+)?\d+[KMGTP]?\s+\d+[KMGTP]\s"),
    "counters are rounded (K, M, G)",
)


def iptables_listing(text: str, source: str) -> RuleSet:
    """Read what ``iptables -L`` prints; a text that is in no known form makes the rule opaque.

    Raises
    ------
    ManifestError
        If a value of a rule cannot be; it names the line.
    """
    missing = ["a listing: options that iptables -L does not print are not known; iptables-save shows all"]
    if not all(header["v"] for header in map(_HEADER.fullmatch, text.split("\n")) if header):
        missing.append("listed without -v: whether a rule asks for an interface is not known")
    missing += [said for pattern, said in _LACKS if re.search(pattern, text)]
    version = 6 if re.search(r"::/0|ip6tables", text) else version_of(text, source)
    lines = [line for section in _sections(_lines(text, missing)) for line in _in_one_table(section)]
    rules = pasted_rules(lines, source, version, LISTING, missing)
    return replace(rules, notes=(_ROUNDED,)) if _IS_ROUNDED.search(text) else rules


def _sections(lines: Iterable[Pasted]) -> list[list[Pasted]]:
    """Return the listings of a text: one begins with a command, or where a chain comes a second time."""
    sections: list[list[Pasted]] = []
    chains: set[str] = set()
    for line in lines:
        if not sections or line.table != sections[-1][0].table or line.text in chains:
            sections.append([])
            chains.clear()
        chains.update([line.text] if line.text[0] == ":" else [])
        sections[-1].append(line)
    return sections


def _in_one_table(section: list[Pasted]) -> list[Pasted]:
    """Take a listing that names no table as one table: the one that most of its lines decide for."""
    decided = Counter(table for table in map(decided_table, section) if table)
    table = next((name for name, _ in decided.most_common(1)), "")
    return [line if line.table else line._replace(guess=table) for line in section]


def _lines(text: str, missing: list[str]) -> Iterator[Pasted]:
    table = chain = ""
    strange: list[tuple[int, str]] = []
    row, is_numbered = _PLAIN_ROW, False
    for number, written in enumerate(text.split("\n"), 1):
        line = written[:_LONGEST_ROW].strip()
        if named := _CHAIN.search(line):
            chain, policy = named.groups()
            yield Pasted(number, f":{chain} {policy or '-'}", table)
        elif header := _HEADER.fullmatch(line):
            row, is_numbered = _VERBOSE_ROW if header["v"] else _PLAIN_ROW, bool(header["num"])
        elif command := _TABLE.search(line):
            table = command[1] or "filter"
        elif chain and (match := row.fullmatch(line.partition(" ")[2].lstrip() if is_numbered else line)):
            yield Pasted(number, _rule(chain, match), table)
        elif line:
            strange.append((number, line))
    missing += left_out("rows of a listing", strange)


def _rule(chain: str, row: re.Match[str]) -> str:
    """Return a row as iptables-save would write it."""
    target = row["target"] or ""
    matches, options, rest = listed_words(row["more"] or "")
    if target == "SNAT":
        options = [option.replace("--to-destination", "--to-source") for option in options]
    matches += [_HIDDEN] * _hides(chain, target, row)
    kind = "-g" if "[goto]" in rest else "-j"
    text = " ".join(word for word in rest if word != "[goto]")
    if text and target in TARGETS and TARGETS[target].options is None:
        options.append(f"--listed {quoted(text)}")
    elif text:
        matches.append(f"-m listed --listed {quoted(text)}")
    counts = [int(row[group]) * _SIZES[row[group + 1]] for group in (1, 3) if row[group]]
    words = [f"[{counts[0]}:{counts[1]}]"] if counts else []
    words += ["-A", chain, *(_column(f"-{column}", row[column]) for column in "sdiop"), *matches]
    return " ".join(filter(None, [*words, *([kind, target, *options] if target else [])]))


def _hides(chain: str, target: str, row: re.Match[str]) -> bool:
    """Return whether a rule may ask for an interface that the listing does not show; most of kube-proxy's never do."""
    if row["i"]:
        return False
    if _KUBE_PROXYS.fullmatch(chain):
        return row["s"] in _ANY and bool(_DETECTS.fullmatch(f"{chain} {target} {row['more'] or ''}"))
    return not _KUBE_PROXYS.fullmatch(target)


def _column(option: str, text: str) -> str:
    value = text.removeprefix("!")
    if value in _ANY:
        return ""
    sign = " !" if text != value else ""
    if option in _NAMES and not _ADDRESS.fullmatch(value):
        return f"{_NAMES[option].format(sign)} {value}"
    return f"{sign} {option} {value}".lstrip()
