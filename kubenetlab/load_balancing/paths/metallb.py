"""MetalLB: which node answers for an address (L2), and which flows a router moves when nodes come or go (BGP).

Source: MetalLB, speaker/layer2_controller.go (ShouldAnnounce); RFC 2992 (Hopps, analysis of an ECMP algorithm).
"""

from collections.abc import Sequence
from fractions import Fraction
from hashlib import sha256
from ipaddress import ip_address
from math import gcd, lcm
from typing import Final, TypeAlias

import pandas as pd

from kubenetlab.result import Basis, Result
from kubenetlab.visible_text import visible

Names: TypeAlias = Sequence[str]
_CONDITIONS: Final = (
    "all connections to the address come by the node that announces it",
    "none announces while no endpoint can serve; with policy Local, only nodes with one that can",
    "a node needs a speaker, an L2Advertisement of the pool, no condition NetworkUnavailable, and no label"
    " node.kubernetes.io/exclude-from-external-load-balancers",
    "where MetalLB elects by leases (an option), this order does not count",
)


def metallb_l2_node(address: str, nodes: Names) -> Result:
    """Return which node MetalLB announces an address from in L2 mode, and who is next when it fails.

    Parameters
    ----------
    address
        The Service's first address, IPv4 or IPv6.
    nodes
        Names of the nodes that may announce; ``because`` of the Result says which those are.

    Returns
    -------
    A Result; its frame has one row a node, the one that announces first: rank (from 1), node, announces, and
    sha256 (of ``node#address``: the smallest wins).

    Raises
    ------
    ValueError
        If the address is none (or has a zone, which MetalLB refuses), there are no nodes, or one comes twice.

    Examples
    --------
    >>> metallb_l2_node("10.20.30.1", ["iris1", "iris2"]).frame["node"].tolist()
    ['iris2', 'iris1']
    """
    _check(nodes)
    try:
        parsed = ip_address(str(address).replace("%", " "))
    except ValueError:
        raise ValueError(visible(f"address: found {address!r:.99}, expected IPv4 or IPv6")) from None
    text = str(getattr(parsed, "ipv4_mapped", None) or parsed)  # as Go's net.IP.String writes it
    ranked = sorted((sha256(f"{node}#{text}".encode()).hexdigest(), node) for node in nodes)
    rows = [(rank, node, rank == 1, digest) for rank, (digest, node) in enumerate(ranked, 1)]
    frame = pd.DataFrame(rows, columns=["rank", "node", "announces", "sha256"])
    return Result(title=f"Nodes for {text}", _frame=frame, because=_CONDITIONS, basis=Basis.SOURCE)


def ecmp_loss(before: Names, after: Names) -> Result:
    """Return which share of flows a router sends to another node when the nodes behind an address change.

    Parameters
    ----------
    before, after
        Names of the nodes that announce the address, in the router's order of next hops.

    Returns
    -------
    A Result; its frame has one row a way to choose: method (``modulo``: hash modulo the number of nodes;
    ``hash-threshold``: equal regions of hashes in order, RFC 2992; ``resilient``: only what must move), moved_share (of
    flows that come to another node than before), moved_exact (a fraction), needed_share (of flows whose node left, or
    which a new node must get to have its share) and needless_share (moved beyond that).

    Raises
    ------
    ValueError
        If one of both has no nodes, or a node twice.

    Notes
    -----
    A flow that comes to another node breaks: that node's kube-proxy knows no such connection and picks an endpoint
    anew. Hashes are taken to be even and the number of flows to be large.

    Examples
    --------
    >>> loss = ecmp_loss(["a", "b", "c", "d"], ["a", "b", "c"]).frame
    >>> dict(zip(loss["method"], loss["moved_exact"]))
    {'modulo': '3/4', 'hash-threshold': '1/2', 'resilient': '1/4'}
    """
    _check(before, after)
    needed = _resilient(before, after)
    moved = {method: share(before, after) for method, share in METHODS.items()}
    rows = [(m, float(f), str(f), float(needed), float(f - needed)) for m, f in moved.items()]
    columns = ["method", "moved_share", "moved_exact", "needed_share", "needless_share"]
    because = (
        f"{len(before)} nodes before, {len(after)} after, {len(set(before) & set(after))} of them the same",
        "what a router does is its vendor's choice: MetalLB's documentation expects most flows to break",
    )
    frame = pd.DataFrame(rows, columns=columns)
    return Result(title="Flows that a router moves", _frame=frame, because=because, basis=Basis.SOURCE)


def _modulo(before: Names, after: Names) -> Fraction:
    """Hashes meet every pair of remainders that agree modulo the common divisor equally often."""
    place, divisor = _places(after), gcd(len(before), len(after))
    n_kept = sum(name in place and (place[name] - n) % divisor == 0 for n, name in enumerate(before))
    return 1 - Fraction(n_kept, lcm(len(before), len(after)))


def _threshold(before: Names, after: Names) -> Fraction:
    """A node's region keeps what overlaps its region of before."""
    place, n, m = _places(after), len(before), len(after)
    both = [(old, place[name]) for old, name in enumerate(before) if name in place]
    kept = sum(max(0, min((i + 1) * m, (j + 1) * n) - max(i * m, j * n)) for i, j in both)
    return 1 - Fraction(kept, n * m)


def _resilient(before: Names, after: Names) -> Fraction:
    return 1 - Fraction(len(set(before) & set(after)), max(len(before), len(after)))


METHODS: Final = {"modulo": _modulo, "hash-threshold": _threshold, "resilient": _resilient}


def _places(names: Names) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _check(*lists: Names) -> None:
    for names in lists:
        if not names or isinstance(names, str) or len(set(names)) < len(names):
            raise ValueError(visible(f"nodes: found {names!r:.200}, expected names, each once"))
