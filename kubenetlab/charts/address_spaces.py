"""How maps of addresses name and colour what they show: the roles of ranges, and the spaces around them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from kubenetlab.charts.drawing import BLUE, GREEN, ORANGE, PURPLE
from kubenetlab.ipam.ranges import Interval, interval_of

#: Colour, hatch and name of the range's role; told apart without colour too.
ROLES = {
    "pod range": (BLUE, "", "Pod range"),
    "Calico pool": (BLUE, "", "Calico pool"),
    "Service range": (ORANGE, "////", "Service range"),
    "node range": (GREEN, "....", "Node range"),
    "load balancer pool": (PURPLE, "xxxx", "Load balancer pool"),
}

_PRIVATE_SPACES = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"))
)


def private_space(interval: Interval) -> IPv4Network | IPv6Network:
    """Return the private block that holds an IPv4 range, else the /8, or what is larger, around it."""
    spaces = ((space, interval_of(str(space))[1]) for space in _PRIVATE_SPACES)
    holding = (space for space, (first, last) in spaces if first <= interval[0] and interval[1] <= last)
    return next(holding, None) or common_space([interval], 4, min_host_bits=24)


def common_space(
    intervals: list[Interval], version: int, min_host_bits: int = 0
) -> IPv4Network | IPv6Network:
    """Return the smallest range that holds all intervals of one family."""
    first, last = min(i[0] for i in intervals), max(i[1] for i in intervals)
    n_host_bits = max((first ^ last).bit_length(), min_host_bits)
    start = (first >> n_host_bits) << n_host_bits
    return IPv4Network((start, 32 - n_host_bits)) if version == 4 else IPv6Network((start, 128 - n_host_bits))
