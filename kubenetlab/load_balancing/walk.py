"""What a set of rules does with one packet: every way through the rules, with its exact probability.

The kernel's order is kept: the chains of a hook by priority, a new destination before the next hook, RETURN, goto and
policies. Sources: Linux net/netfilter/core.c, nf_nat_core.c (nf_nat_inet_fn: the nat chains of a hook see only the
first packet, and no more once one of them translated it), xt_statistic.c, nft_numgen.c; checked against recordings
of kube-proxy v1.36.2 and the kernel.

Not guessed but noted: lists of clients are taken as empty; a rule with a condition that is not understood is taken as
not matching, and what becomes of the packet is then UNKNOWN, unless the rule could only change its source address.
``numgen random`` favours low numbers by at most n / 2**32, which is left out.
"""

from kubenetlab.load_balancing.dispatch import IndexedRules
from kubenetlab.load_balancing.dyadic import exact
from kubenetlab.load_balancing.hooks import check_rules, with_hooks
from kubenetlab.load_balancing.journey import Journey
from kubenetlab.load_balancing.packet import Fate, Packet, Walk, Way
from kubenetlab.load_balancing.passage import Passage, Sight, endpoint_text
from kubenetlab.objects.packet_rules import RuleSet


def walk(rules: RuleSet, packet: Packet) -> Walk:
    """Return every way that the rules may take with the first packet of a connection.

    Parameters
    ----------
    rules
        As a reader made them, of iptables or nftables.
    packet
        Starts at the output hook where its source is an address of the node, else at prerouting.

    Returns
    -------
    The ways. Where restore text or an excerpt has no hooks, the packet is taken to come to kube-proxy's chains, and
    notes say so. SNAT to given addresses counts as masquerade. A packet for the node itself does not pass POSTROUTING,
    so it is not masqueraded, as in the kernel. An untracked packet (NOTRACK) meets no nat chain.

    Raises
    ------
    ManifestError
        If a chain jumps back to itself, chains are nested deeper than 100, or make more than 20,000 ways.
    TypeError
        If the arguments are no rules of iptables or nftables, or no packet.
    ValueError
        If an address of the packet is none, or of the other family.
    """
    check_rules(rules)
    if not isinstance(packet, Packet):
        raise TypeError(f"packet is a {type(packet).__name__}, expected a Packet")
    entered = with_hooks(rules)
    return Walker(entered, entered.missing[len(rules.missing) :]).walk(packet)


class Walker:
    """One rule set, walked by many packets: what ``walk`` does, with the rules indexed once."""

    def __init__(self, rules: RuleSet, notes: tuple[str, ...] = ()) -> None:
        self._rules = IndexedRules(rules)
        self._notes = notes

    def walk(self, packet: Packet) -> Walk:
        """Return what ``walk`` returns, by the hooks that the rules have."""
        journey = Journey(self._rules, Sight(packet, self._rules.rules.version))
        return Walk(packet, tuple(self._way(passage, fate) for passage, fate in journey.ends()))

    def _way(self, passage: Passage, fate: Fate) -> Way:
        here = endpoint_text(self._rules.rules.version, passage.destination, passage.port)
        return Way(
            probability=exact(passage.numerator, passage.denominator),
            fate=Fate.UNKNOWN if passage.is_in_doubt else fate,
            destination=passage.destination_text or here,
            is_translated=passage.is_translated,
            is_masqueraded=passage.is_masqueraded,
            steps=passage.all_steps(),
            notes=(*self._notes, *passage.notes),
            mark=passage.mark,
        )
