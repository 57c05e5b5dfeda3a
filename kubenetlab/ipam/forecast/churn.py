"""What comes and goes in a cluster that does not grow: pods, rolling updates, nodes, upgrades."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp, expm1
from typing import Any

from kubenetlab.ipam.number_arguments import is_finite, is_number, is_whole, shown

_LIFETIME = (lambda found: is_number(found) and found > 0, "a number of days above 0")
_SHARE = (lambda found: is_finite(found, 0, 1), "a share of 0 to 1")
_DAYS = (lambda found: is_whole(found, 0, 36_525), "whole days, 0 to 36,525")
#: What each field may be, and in words.
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "pod_lifetime_days": _LIFETIME,
    "node_lifetime_days": _LIFETIME,
    "update_share": _SHARE,
    "update_max_surge": _SHARE,
    "updates_per_day": (lambda found: is_finite(found, 0, 10_000), "a number of 0 to 10,000"),
    "upgrade_every_days": _DAYS,
    "scale_down_after_days": _DAYS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """How fast pods and nodes are replaced.

    Attributes
    ----------
    pod_lifetime_days
        Mean of the lifetimes of pods, which are exponential; infinity means that no pod ends.
    updates_per_day
        Mean number of rolling updates a day (Poisson).
    update_share
        Share of the pods that one rolling update replaces.
    update_max_surge
        Pods that a rolling update adds before it takes old ones away, as a share of those it replaces: ``maxSurge``
        of a Deployment, 25 % by default, rounded up.
    node_lifetime_days
        Mean of the lifetimes of nodes (exponential), each replaced by a new node that joins before the old one goes.
    upgrade_every_days
        Days between upgrades, each of which replaces every node, ``max_surge`` of the set-up at a time; 0 means none.
        The first is equally likely on each day of the first period.
    scale_down_after_days
        Days for which nodes must be superfluous before the autoscaler takes them away.

    Raises
    ------
    ValueError
        If a field is no number, negative or NaN, a share above 1, or a lifetime 0.
    """

    pod_lifetime_days: float = 7.0
    updates_per_day: float = 1.0
    update_share: float = 0.02
    update_max_surge: float = 0.25
    node_lifetime_days: float = 90.0
    upgrade_every_days: int = 90
    scale_down_after_days: int = 1

    def __post_init__(self) -> None:
        for name, (is_fine, expected) in _FIELDS.items():
            found = getattr(self, name)
            if not is_fine(found):
                raise ValueError(f"{name} {shown(found)}: expected {expected}")

    @property
    def pod_survival(self) -> float:
        """Share of the pods of one day that are there on the next."""
        return exp(-1 / self.pod_lifetime_days)

    @property
    def node_loss(self) -> float:
        """Probability that a node is replaced on a day."""
        return -expm1(-1 / self.node_lifetime_days)

    def surge_of(self, n_pods: int) -> int:
        """Return how many pods a rolling update of so many adds.

        >>> Churn().surge_of(10)
        3
        """
        return ceil(self.update_max_surge * n_pods)


#: Nothing ends and nothing is replaced.
NO_CHURN = Churn(
    pod_lifetime_days=float("inf"),
    updates_per_day=0,
    node_lifetime_days=float("inf"),
    upgrade_every_days=0,
)
