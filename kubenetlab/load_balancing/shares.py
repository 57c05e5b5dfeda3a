"""Which share of a destination's new connections every endpoint gets, for a whole set of rules.

Rules are followed by destination, not packet by packet; a chain that spreads is read once. Where the way depends on
who sends, the frame has rows for every kind of source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubenetlab.errors import NotFoundError
from kubenetlab.load_balancing.dispatch import reading
from kubenetlab.load_balancing.hooks import check_rules, with_hooks
from kubenetlab.load_balancing.loose_chains import NOTE, loose_chains
from kubenetlab.load_balancing.server_shares import server_shares
from kubenetlab.load_balancing.survey import Part, Survey
from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.objects.virtual_servers import VirtualServers
from kubenetlab.result import Basis, Result

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    *("service_port", "destination", "kind", "source", "endpoint", "share", "share_exact", "fair_share"),
    *("relative_difference", "chain", "masquerade", "fate"),
)
VARIED: Final = ("endpoint", "share", "share_exact", "relative_difference")
SAME: Final = tuple(name for name in COLUMNS if name not in VARIED)  # for all endpoints of a part


def rule_shares(rules: RuleSet | VirtualServers, to: str | None = None) -> Result:
    """Return the exact share of every endpoint at every destination that the rules answer.

    Parameters
    ----------
    rules
        Of iptables or nftables, as a reader made them, or the virtual servers of ipvs.
    to
        Only this destination, ``10.96.0.10:53/UDP``; ``because`` then holds the rules on the way, in order.

    Returns
    -------
    One row an endpoint of a destination, and one for what is refused or passes untouched: service_port (of
    kube-proxy's comments and names, else empty), destination (``*`` for any address of the node; ``chain NAME``
    where an excerpt has no line that leads there), kind, source (who must send, empty for everyone), endpoint, share
    (NaN where ipvs chooses by address), share_exact (a fraction, empty where it is too long), fair_share (one by the
    number of endpoints), relative_difference (of share to fair_share), chain, masquerade (always, never,
    depends on the source; a pod that reaches itself is not counted), fate (delivered, not translated, dropped,
    rejected; unknown where a rule that is not understood decides, ``because`` says which).

    Raises
    ------
    NotFoundError
        If no rule leads ``to`` anywhere.

    Notes
    -----
    Lists of clients (session affinity) are taken as empty: the shares are those of new clients. Where restore text or
    an excerpt has no hooks, packets are taken to come to kube-proxy's chains; ``because`` says so. Left out: what
    filter rules do to a connection after it was given an endpoint, NodePorts on loopback addresses, and SNAT to
    given addresses, which counts as masquerade.
    """
    if isinstance(rules, VirtualServers):
        return server_shares(rules, COLUMNS, to)
    check_rules(rules)
    rules = with_hooks(rules)
    with reading(rules):
        survey = Survey(rules)
        found = [
            answered
            for destination in survey.destinations()
            if to is None or survey.matches(destination, to)
            for answered in survey.answers(destination)
            if to is None or survey.matches(answered[0], to)
        ]
        if to is not None and not found:
            raise NotFoundError(f"{rules.source}: no rule leads {to} to an endpoint or a refusal")
        parts = [
            ((d.service_port, d.text(survey.version), survey.kind(d)), part)
            for d, parts in found
            for part in parts
        ]
        loose = [*loose_chains(rules, {part.chain for _, part in parts})] if to is None else []
        survey.notes |= dict.fromkeys(NOTE.format(head[1]) for head, _ in loose)
        frame = _frame(parts + loose)
        because = (*rules.missing, *survey.notes, *(survey.way_to(found[0][0]) if to else ()))
        del survey, found, parts, loose  # before the search for cycles in memory begins again
    title = f"Shares of the endpoints in {rules.source}" + (f" for {to}" if to else "")
    return Result(title=title, _frame=frame, because=because, basis=Basis.RAN)


def _frame(found: list[tuple[tuple[str, str, str], Part]]) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for head, part in found:
        shares, exact, differences = zip(*part.shares, strict=True)
        same = (*head, part.source, part.fair_share, part.chain, part.masquerade, part.fate)
        for name, value in zip(SAME, same, strict=True):
            columns[name] += [value] * len(shares)
        for name, values in zip(VARIED, (part.endpoints, shares, exact, differences), strict=True):
            columns[name] += values
    return pd.DataFrame(columns)
