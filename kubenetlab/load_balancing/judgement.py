"""What is wrong, or odd, in a set of rules, rule by rule, in words."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from kubenetlab.load_balancing.dispatch import reading
from kubenetlab.load_balancing.hooks import with_hooks
from kubenetlab.load_balancing.judgement_chains import misplaced, orphans, unhooked
from kubenetlab.load_balancing.judgement_names import names
from kubenetlab.load_balancing.judgement_rules import host_bits, not_loadable, source_ports
from kubenetlab.load_balancing.judgement_spreads import spreads
from kubenetlab.load_balancing.remarks import Place, Remark
from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.result import Basis, Result

CHAIN_CHECKS: Final = (not_loadable, misplaced, host_bits)
RULE_SET_CHECKS: Final = (spreads, source_ports, unhooked, orphans, names)
ORDER: Final = ("high", "medium", "low", "info")


def judge(rules: RuleSet) -> Result:
    """Return what is wrong or odd in a set of rules, the worst first.

    Returns
    -------
    One row a remark: kind, severity (high: traffic is lost or goes elsewhere; medium: not as meant; low: of no use;
    info), table, chain, line (0 where a remark is about no one rule), rule (its text), sentence. Kinds: not loadable,
    uneven, endpoint twice, falls through, dead, shadowed, duplicate, host bits, source port, missing hook, nobody jumps
    here, name, count. ``because`` says what the text lacks; nothing is said to be missing that such a text cannot show.
    Nothing makes such remarks to compare with; on rules that kube-proxy v1.36.2 wrote, none but info are made.

    Raises
    ------
    ManifestError
        If shares must be computed to tell uneven chances, and the rules jump in circles or fork too often.

    Examples
    --------
    >>> judge(RuleSet("empty", "iptables-save")).frame["sentence"].tolist()
    []
    """
    import pandas as pd

    rules = replace(rules, missing=with_hooks(rules).missing)
    with reading(rules):
        places = [
            Place(rules, table, chain) for table in rules.tables.values() for chain in table.chains.values()
        ]
        remarks = [remark for check in CHAIN_CHECKS for place in places for remark in check(place)]
        remarks += [remark for check in RULE_SET_CHECKS for remark in check(rules)]
        del places  # before the search for cycles in memory begins again
    remarks.sort(key=lambda remark: (ORDER.index(remark.severity), remark.line))
    frame = pd.DataFrame(remarks, columns=list(Remark._fields))
    return Result(
        title=f"Remarks on {rules.source}", _frame=frame, because=rules.missing, basis=Basis.UNCHECKED
    )
