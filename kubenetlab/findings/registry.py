"""Every rule by its code, and the call that applies them to a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Finding, Findings, Severity
from kubenetlab.result import Basis, Result


class Hit(NamedTuple):
    """What a rule found: the object, one sentence, and the fields and values that show it.

    ``severity`` and ``advice`` replace the rule's own where a hit differs; a severity above the rule's is cut to it.
    """

    object: str
    message: str
    evidence: tuple[str, ...] = ()
    severity: Severity | None = None
    advice: str = ""


Find = Callable[[Cluster], Iterator[Hit]]


class Rule(NamedTuple):
    """A rule: its code, how bad a hit is, what it is called, what to do, where to read on, how it looks for hits."""

    code: str
    severity: Severity
    title: str
    advice: str
    documentation: str
    find: Find
    basis: Basis = Basis.DOCS


_RULES: dict[str, Rule] = {}


def rule(
    code: str, severity: Severity, *, title: str, advice: str, documentation: str
) -> Callable[[Find], Find]:
    """Register a generator function as the rule of a code.

    Raises
    ------
    ValueError
        If the code has a rule already.
    """

    def register(find: Find) -> Find:
        if code in _RULES:
            raise ValueError(f"{code} is already {_RULES[code].title!r}")
        _RULES[code] = Rule(code, severity, title, advice, documentation, find)
        return find

    return register


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the codes."""
    return tuple(_RULES[code] for code in sorted(_RULES))


def rules() -> Result:
    """Return the list of rules.

    Returns
    -------
    A Result; its frame has one row a rule: code, severity, title, advice, documentation, basis (all text).
    """
    rows = [(r.code, str(r.severity), r.title, r.advice, r.documentation, str(r.basis)) for r in all_rules()]
    columns = ["code", "severity", "title", "advice", "documentation", "basis"]
    return Result(title="Rules", _frame=pd.DataFrame(rows, columns=columns, dtype="str"), basis=Basis.DOCS)


def check(cluster: Cluster, codes: Iterable[str] | None = None) -> Findings:
    """Return what is wrong or at risk in a cluster.

    Parameters
    ----------
    cluster
        The cluster. A rule that needs objects or settings the dump does not hold finds nothing.
    codes
        The rules to apply; None for all.

    Returns
    -------
    The findings, worst first.

    Raises
    ------
    ValueError
        If a code has no rule.
    """
    wanted = all_rules() if codes is None else [_rule(code) for code in dict.fromkeys(codes)]
    findings = (_finding(rule, hit) for rule in wanted for hit in rule.find(cluster))
    return Findings.of(findings, assumptions=tuple(cluster.settings.values()))


def _rule(code: str) -> Rule:
    if code not in _RULES:
        raise ValueError(f"{code!r} is not the code of a rule; there are {', '.join(sorted(_RULES))}")
    return _RULES[code]


def _finding(rule: Rule, hit: Hit) -> Finding:
    severity = min(rule.severity, hit.severity or rule.severity)
    return Finding(rule.code, severity, *hit[:3], hit.advice or rule.advice, rule.documentation)
