"""Who chooses the endpoint of a new connection, how, and what it knows: one table.

To add a chooser, add its row here; where it follows a rule that no other has, add the rule to ``_choose`` or ``_choose_by_load`` of
the kernels.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kubenetlab.load_balancing.long_lived import _kernels as kernels
from kubenetlab.load_balancing.long_lived._kernels import CLIENT, EVERYTHING, NODE
from kubenetlab.result import Basis
from kubenetlab.visible_text import visible


class Chooser(NamedTuple):
    """One way to choose.

    Attributes
    ----------
    used_by
        Who chooses so.
    rule
        What the kernel does.
    keeper
        What keeps the state: one for all, each node (with a list in an order of its own), or each client.
    table_size
        Slots of the table that a hash looks into; 0 without one.
    source
        Where the rule stands.
    basis
        How far the choice itself was checked; the events around it were compared with no kernel.
    counts_inactive
        Whether connections that have ended count for a while.
    """

    used_by: str
    rule: int
    keeper: int
    source: str
    basis: Basis = Basis.SOURCE
    table_size: int = 0
    counts_inactive: bool = False

    @property
    def looks_at_load(self) -> bool:
        """Whether the rule needs to know what is open."""
        return self.rule >= kernels.LEAST

    @property
    def state(self) -> str:
        """What keeps the state, in words."""
        return ("none or one for all", "one for each node", "one for each client")[self.keeper]


_LC: Final = Chooser(
    "ipvs, lc", kernels.LEAST, NODE, "Linux, ip_vs_lc.c: 256 * active + inactive", counts_inactive=True
)
_RR: Final = Chooser(
    "ipvs, rr (its default)",
    kernels.ROUND_ROBIN,
    NODE,
    "Linux, ip_vs_rr.c; newest first, else Go's map order",
)
_SED: Final = Chooser("ipvs, sed", kernels.LEAST, NODE, "Linux, ip_vs_sed.c: the least active + 1")
_SH: Final = (
    "Linux, ip_vs_sh.c: 256 buckets by source address; endpoints that go still refuse theirs (not modelled)"
)
_MH: Final = (
    "Linux, ip_vs_mh.c: Maglev table of 4093; kube-proxy sets mh-port: each connection has a hash of its own"
)
_SAME: Final = "at kube-proxy's weights, which are all 1, the same as"
_HEAD: Final = "; when endpoints change it begins its list anew (not modelled)"

#: All choosers by name; ipvs is kube-proxy's ipvs mode.
CHOOSERS: Final[dict[str, Chooser]] = {
    "random": Chooser(
        "kube-proxy, iptables and nftables mode; Cilium for pods' connections", kernels.DRAWN, EVERYTHING,
        "kube-proxy, iptables/proxier.go: --mode random; nftables: numgen random", Basis.RAN),
    "ipvs-rr": _RR,
    "ipvs-wrr": _RR._replace(used_by="ipvs, wrr", source=f"Linux, ip_vs_wrr.c: {_SAME} ipvs-rr{_HEAD}"),
    "ipvs-lc": _LC,
    "ipvs-wlc": _LC._replace(used_by="ipvs, wlc", source=f"Linux, ip_vs_wlc.c: {_SAME} ipvs-lc"),
    "ipvs-sed": _SED,
    "ipvs-nq": _SED._replace(used_by="ipvs, nq", source=f"Linux, ip_vs_nq.c (an idle one, else sed): {_SAME} ipvs-sed"),
    "ipvs-sh": Chooser("ipvs, sh", kernels.BY_CLIENT, EVERYTHING, _SH, table_size=256),
    "ipvs-mh": Chooser("ipvs, mh", kernels.DRAWN, EVERYTHING, _MH, table_size=4093),
    "cilium-maglev": Chooser(
        "Cilium with loadBalancer.algorithm=maglev, traffic from outside", kernels.DRAWN, EVERYTHING,
        "Cilium, pkg/maglev: table of 16381 by a hash of addresses and ports", table_size=16381),
    "client-round-robin": Chooser(
        "a client that opens one connection after another in turn", kernels.ROUND_ROBIN, CLIENT,
        "grpc-go, balancer/roundrobin: begins at a random place", Basis.DOCS),
    "two-choices": Chooser(
        "a proxy on each node: Envoy's LEAST_REQUEST (choice_count 2)", kernels.TWO_CHOICES, NODE,
        "Envoy, least request load balancer: the less loaded of two random hosts", Basis.DOCS),
    "least-request": Chooser(
        "one gateway that sees all connections and looks at all endpoints", kernels.LEAST, EVERYTHING,
        "the least loaded; of equal ones the first in its list", Basis.DOCS),
    "pick-first": Chooser(
        "gRPC's default: the first address of the resolver's list", kernels.BY_CLIENT, EVERYTHING,
        "gRPC, doc/load-balancing.md; where DNS shuffles its answers this is random", Basis.DOCS),
}  # fmt: skip


def chooser_named(name: str) -> Chooser:
    """Return a chooser of the table.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not isinstance(name, str) or name not in CHOOSERS:
        raise ValueError(f"chooser {visible(repr(name)[:100])}: expected one of {', '.join(CHOOSERS)}")
    return CHOOSERS[name]
