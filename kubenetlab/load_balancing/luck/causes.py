"""What may be the cause of an imbalance, what each cause would look like in these counts, and how to tell them apart.

What the text shows comes first, then what the shape of the counts fits. Which causes there are depends on who chose: the
rules of a node, ipvs, Cilium, or a proxy that chooses for every request and goes past the Service.

Sources: kube-proxy 1.36, pkg/proxy/iptables/proxier.go (an endpoint is chosen by the first packet of a connection, by
every node for itself; affinity by ``recent``; a chain is written as a whole); pkg/proxy/topology.go (local policies); the
kernel's net/netfilter/ipvs/ip_vs_rr.c; kubernetes issues 34321, 37932, 78685, 97147, 126378; ingress-nginx,
docs/user-guide/nginx-configuration/annotations.md (affinity, upstream-hash-by, load-balance); Envoy, docs, load balancing
overview (least request, locality weights, outlier detection); cilium-dbg(8). Basis: *source* and, of proxies and Cilium,
*docs*; the kernel's counters with fair and other rules, a dead endpoint and keep-alive are compared in the tests of ``kernel``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import pandas as pd

from kubenetlab.load_balancing.destinations import SERVICE_PORT, TO
from kubenetlab.load_balancing.luck.checked_counts import name_of
from kubenetlab.load_balancing.luck.counts_of_rules import IN_TURN
from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck, judged
from kubenetlab.load_balancing.server_shares import IN_TURN as TAKING_TURNS
from kubenetlab.objects.connection_counts import EndpointCounts
from kubenetlab.result import Basis, Result

FITS: Final = {True: "fits", None: "cannot tell from these counts", False: "does not fit"}
#: What the text says of causes, by name: whether there is such a thing (None: it does not say), and its words.
_Said = dict[str, tuple[bool | None, str]]


class _Shape(NamedTuple):
    """What the counts look like: how many endpoints are above and below the band of luck, or get nothing."""

    world: str
    is_odd: bool
    n_high: int
    n_low: int
    n_none: int  # of the low ones
    begins_anew: bool | None  # ipvs takes servers in turn, the first has the most, by few; None: not of ipvs


class _Cause(NamedTuple):
    """``worlds`` whose counts can show it (below); ``fits``: whether counts look like it; ``{}`` are filled in."""

    name: str
    worlds: str
    fits: Callable[[_Shape], bool | None]
    looks_like: str
    next_observation: str


#: Who counted, by the first words of ``where`` and of what was counted: rules, ipvs (``stats``: since servers were added),
#: Hubble, a proxy's log; else what was counted: new or open connections, flows, requests, counts.
_WORLDS: Final = {"chain new": "rules", "virtual new": "stats", "virtual open": "ipvs", "hubble flows": "hubble", "column requests": "log"}  # fmt: skip
#: By world, what prints counts, rules and affinity, and how its text says that there is affinity.
_TOOLS: Final = {
    "rules": ("iptables-save -c", "iptables-save", "iptables-save | grep -- --rcheck", "the rules look for remembered clients (--rcheck)"),
    "ipvs": ("ipvsadm -ln --stats --exact", "ipvsadm -ln", "ipvsadm -ln | grep -w persistent; ipvsadm -lnc", "the listing says persistent"),
    "hubble": ("hubble observe -o json --last 10000", "", "kubectl -n kube-system exec ds/cilium -- cilium-dbg bpf lb list", "the text says so"),
}  # fmt: skip
_MOST_RESTARTS: Final = 100  # of a kube-proxy, while its connections are counted
_RULES, _STICKY, _DEAD = "uneven rules", "session affinity (ClientIP)", "dead or unready endpoint"
CAUSES: Final = (
    _Cause(_DEAD, "ipvs open flows hubble log requests counts", lambda s: s.n_none > 0,
        "one endpoint with nothing, the rest even; nat counters stay even while its rules stand",
        "`curl -m2 http://{endpoint}`; `kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name} -o yaml` (conditions)"),
    _Cause(_STICKY, "rules stats ipvs new open flows hubble requests counts", lambda s: s.n_high > 0,
        "a few endpoints far ahead, the same ones for hours; clients behind one NAT address count as one",
        "`kubectl -n {namespace} get service {name} -o yaml | grep -A3 sessionAffinity`; `{affinity}`"),
    _Cause(_RULES, "rules stats ipvs new open flows requests counts", lambda s: None,
        "the shares of the rules differ from 1/n, and the counts follow the rules",
        "`{list} | kubenetlab rules shares -`"),
    _Cause("old connections after a roll-out", "ipvs open flows requests counts", lambda s: s.n_low > 0,
        "young or restarted endpoints below the band, old ones above: open connections stay; new ones (nat counters) are even",
        "`kubectl -n {namespace} get pods -o wide --sort-by=.status.startTime`: are the low endpoints the young ones?"),
    _Cause("keep-alive or few clients", "ipvs open flows requests counts", lambda s: s.n_high > 0,
        "what one client does piles up on one endpoint, on another one another day; new connections (nat counters) stay even",
        "`conntrack -L -d {address} | sed 's/ dst=.*//; s/.*src=//' | sort | uniq -c | sort -n` (clients); `{save} | kubenetlab luck -`"),
    _Cause("local policy or zones with unequal pods per node", "hubble requests counts", lambda s: s.n_high > 0 and s.n_none == 0,
        "two or a few levels: an endpoint alone on its node gets a multiple of those that share one (50/25/25 %)",
        "`kubectl -n {namespace} get service {name} -o yaml | grep -i -e policy -e distribution`; `kubectl -n {namespace} get pods -o wide`"),
    _Cause("ipvs begins at the first server", "stats ipvs open flows requests counts", lambda s: s.begins_anew,
        "the first real server ahead by few: one for each time that round robin began anew, with kube-proxy or the node",
        "`ipvsadm -ln` on every node: scheduler rr, and the first real servers of many virtual servers ahead"),
    _Cause("counters zeroed or rules changed by hand", "rules", lambda s: True,
        "kube-proxy writes a chain as a whole, so its counters began together; what new counts do not show was this, or a rare draw",
        "{window}"),
    _Cause("unequal nodes, or traffic that enters at few of them", "requests counts", lambda s: None,
        "every node's own counters are even, the sum over nodes is not",
        "`for n in $(kubectl get nodes -o name); do ssh $(basename $n) sudo {save} | kubenetlab luck -; done`"),
    _Cause("a proxy's workers or kept upstream connections", "log requests counts", lambda s: s.world != "counts" or None,
        "a proxy chooses for each request; each worker goes round on its own, over connections that it keeps: uneven while requests are few",
        "`kubectl get configmaps -A -o yaml | grep -i -e keepalive -e worker-processes`; the same counts of a longer log"),
    _Cause("a proxy's affinity (cookie, hash), balancing (ewma, least request, zones, canary) or ejection of outliers", "log requests counts", lambda s: s.world != "counts" or None,
        "ahead are the same endpoints for the same clients, or fast and near ones; behind slow, far, warming ones, or one after its errors",
        "`kubectl -n {namespace} get ingress -o yaml | grep -i -e affinity -e hash -e balance -e canary`; `kubectl -n {namespace} get destinationrules -o yaml`"),
    _Cause("one endpoint is counted for a shorter time", "stats new hubble log requests counts", lambda s: 0 < s.n_low <= (s.n_low if s.world == "stats" else 1),
        "one endpoint low, the rest even: it was added, or its counter began, later than the others",
        "{window}; `kubectl -n {namespace} get pods -o wide --sort-by=.status.startTime`"),
    _Cause("Cilium or a mesh sidecar chooses, not kube-proxy", "hubble requests counts", lambda s: None,
        "counters of kube-proxy's rules see nothing of it; Cilium draws by connection, a sidecar by request",
        "`kubectl -n kube-system exec ds/cilium -- cilium-dbg service list` (then `bpf lb list`); `istioctl proxy-config endpoints POD`"),
)  # fmt: skip


def likely_causes(counts: EndpointCounts, *, alpha: float = 0.05, seed: int = 1) -> Result:
    """Return what may be the cause of the counts of one Service, and the next observation that tells.

    Parameters
    ----------
    counts
        Of one Service port with at least two endpoints.
    alpha
        Level of the test and of the band of luck.
    seed
        Of the test, where it is simulated.

    Returns
    -------
    A Result; its frame has one row a cause: cause, fits (fits, cannot tell from these counts, does not fit), looks_like (in
    such counts; what the text shows of it first), next_observation (what to run next). First come those that the text shows
    (unanswered connections, affinity, uneven rules), then those that fit by the shape of the counts. ``because`` says what
    the counts look like. More than one cause may fit: counts alone do not prove a cause.

    Raises
    ------
    ValueError
        As ``endpoint_luck``.
    """
    every = endpoint_luck(counts, alpha=alpha, seed=seed)
    shape = _shape(counts, every.frame, judged(counts, seed)[0] <= alpha)
    names = _names(counts, every.frame, shape.world)
    said = _said(counts, names["sticky"])
    rows = []
    for cause in CAUSES:
        known, words = said.get(cause.name, (None, ""))
        fits = shape.world in cause.worlds.split() and (cause.fits(shape) if shape.is_odd else None)
        looks = f"{words}; {cause.looks_like}" if known else cause.looks_like
        follows = cause.next_observation.format_map(names)
        rows.append((cause.name, FITS[fits if known is None else known], looks, follows))
    rows.sort(key=lambda row: (not said.get(row[0], (None,))[0], [*FITS.values()].index(row[1])))
    frame = pd.DataFrame(rows, columns=["cause", "fits", "looks_like", "next_observation"], dtype="str")
    where = f"{shape.n_high} of {len(counts.counts):,} endpoints are above the band of luck"
    seen = f"{where}, {shape.n_low} below it, {shape.n_none} of these with nothing at all."
    because, title = (seen, *every.because), f"Likely causes for {name_of(counts)}"
    return Result(title=title, _frame=frame, because=because, basis=Basis.SOURCE)


def _said(counts: EndpointCounts, sticky: str) -> _Said:
    answered = zip(counts.unanswered, counts.counts, counts.endpoints, strict=False)
    silent, n_all, name = max(((n, n + heard, name) for n, heard, name in answered), default=(0, 0, ""))
    low, high = 100 * min(counts.shares, default=0), 100 * max(counts.shares, default=0)
    again = f", and {sum(counts.remembered):,} connections came again" if any(counts.remembered) else ""
    dead = f"{silent:,} of {n_all:,} connections to {name} unanswered: dead, or a NetworkPolicy or firewall drops them"
    return {
        _DEAD: ((silent > 2 and 2 * silent > n_all) or None, dead),
        _STICKY: (counts.has_affinity, sticky + again),
        _RULES: (high - low >= 0.01 if counts.shares else None, f"the shares go from {low:.3g} to {high:.3g} %"),
    }  # fmt: skip


def _names(counts: EndpointCounts, frame: pd.DataFrame, world: str) -> dict[str, str]:
    """Return what stands for ``{}`` in a command: names and addresses that are nothing else, else words for them."""
    service = counts.service.partition(" (")[0]
    place = service.partition(":")[0] if SERVICE_PORT.fullmatch(service) else "NAMESPACE/NAME"
    address, lowest = TO.fullmatch(service), str(frame.sort_values("overload_factor")["endpoint"].iloc[0])
    tools = _TOOLS.get("ipvs" if world == "stats" else world, (*_TOOLS["rules"][:3], "the text says so"))
    twice = f"`{tools[0]} > a; sleep 300; {tools[0]} > b; kubenetlab luck a b`"
    return {
        "window": twice if world in ("rules", "stats") else "the counts of the last minutes alone",
        **dict(zip(("namespace", "name"), place.split("/"), strict=True)), "address": address[1] if address else "CLUSTER_IP",
        "endpoint": lowest if re.fullmatch(r"(?:[\d.]+|\[[\da-fA-F:.]+\]):\d{1,5}", lowest) else "POD_IP:PORT",
        **dict(zip(("save", "list", "affinity", "sticky"), tools, strict=True)),
    }  # fmt: skip


def _shape(counts: EndpointCounts, frame: pd.DataFrame, is_odd: bool) -> _Shape:
    place, is_low = counts.where.partition(" ")[0], frame["counted"] < frame["low"]
    kind = counts.counted.partition(" ")[0]
    world = _WORLDS.get(f"{place} {kind}", kind)
    ahead = frame["counted"] - frame["expected"]
    takes_turns = any(IN_TURN.format(scheduler) in counts.notes for scheduler in TAKING_TURNS)
    leads_first = bool(ahead.iloc[0] == ahead.max() <= _MOST_RESTARTS)
    return _Shape(
        *(world, is_odd, int((frame["counted"] > frame["high"]).sum()), int(is_low.sum())),
        n_none=int((is_low & (frame["counted"] == 0)).sum()),
        begins_anew={"stats": leads_first, "ipvs": leads_first and takes_turns}.get(world),
    )
