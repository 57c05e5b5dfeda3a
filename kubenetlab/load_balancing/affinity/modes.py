"""What each mode of kube-proxy remembers of a client with sessionAffinity ClientIP: one table."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kubenetlab.result import Basis, Origin, Result, Setting

if TYPE_CHECKING:
    import pandas as pd

#: sessionAffinityConfig.clientIP.timeoutSeconds where a Service does not say (API reference, Service v1).
DEFAULT_TIMEOUT_S = 10_800
ANY_NUMBER = 2**62
Modes: TypeAlias = "str | Sequence[str]"


class Memory(NamedTuple):
    """What one node keeps of the clients of one Service port.

    ``capacity``: addresses for each endpoint. ``evicts``: a full list drops its oldest entry, and an entry binds just at
    its timeout too; else a full list takes nobody. ``takes_turns``: the others get the endpoints in turn, not at random.

    Not modelled: a set of nftables drops expired entries a second or more late and until then
    stays full; open connections keep a template of ipvs
    alive, and kube-proxy's scheduler may be another than rr.
    """

    capacity: int
    evicts: bool
    takes_turns: bool
    words: str


#: By mode. kube-proxy v1.36.2 and the kernel's source text; all but ipvs also compared with kernel 6.18.
MODES = {
    "iptables": Memory(100, True, False, "100 addresses (xt_recent.c: ip_list_tot), and drops the oldest"),
    "nftables": Memory(65_535, False, False, "65,535 addresses (nft_dynset.c); a full set takes nobody"),
    "ipvs": Memory(ANY_NUMBER, False, True, "every address (ip_vs_core.c), and takes turns for new ones"),
    "none": Memory(0, False, False, "no address: every connection is drawn anew"),
}
EVERY = tuple(MODES)
ADVICE = (
    "iptables: more endpoints let more clients be remembered, but the others find theirs by chance less often: of N that "
    "come by a node, more than its lists hold, the kept share falls until there are sqrt(N/100) endpoints",
    "more clients keep their endpoint if they are hashed to more nodes (unevenly: some are forgotten before all lists are "
    "full), in nftables mode, with xt_recent's module parameter ip_list_tot above 100, or by a cookie of an HTTP proxy",
)


def memory_of(mode: str, capacity: int | None = None) -> Memory:
    """Return what a mode remembers, with another capacity where one is given.

    Raises
    ------
    ValueError
        For an unknown mode, or a capacity that is no whole number above 0.
    """
    if mode not in MODES:
        raise ValueError(f"mode is {str(mode)[:100]!r}, expected one of {', '.join(MODES)}")
    check_number("capacity", 1 if capacity is None else capacity, ANY_NUMBER)
    return MODES[mode] if capacity is None or mode == "none" else MODES[mode]._replace(capacity=capacity)


def affinity_result(title: str, frame: pd.DataFrame, timeout_s: float, modes: list[str], ran: bool) -> Result:
    """Return a result with what it rests on: the timeout, what each mode remembers, and what helps.

    ``ran``: whether the kernel was seen to do the same, in all modes but ipvs.
    """
    setting = Setting("affinity_timeout_s", timeout_s, Origin.READ, "sessionAffinityConfig.clientIP")
    because = *(f"{mode}: a node keeps for an endpoint {MODES[mode].words}" for mode in modes), *ADVICE
    basis = Basis.RAN if ran and "ipvs" not in modes else Basis.SOURCE
    return Result(title=title, _frame=frame, assumptions=(setting,), because=because, basis=basis)


def check_number(name: str, found: Any, most: float, is_whole: bool = True, least: float = 1) -> None:
    """Refuse what is no number between two bounds.

    Raises
    ------
    ValueError
        With the argument's name and value.
    """
    is_number = isinstance(found, Integral if is_whole else Real) and not isinstance(found, bool)
    if not is_number or not least <= found <= most:
        kind = "whole number" if is_whole else "number"
        raise ValueError(f"{name} is {str(found)[:100]}, expected a {kind} from {least:g} to {most:g}")
