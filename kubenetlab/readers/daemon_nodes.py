"""On which nodes a DaemonSet's pods may run: node selector, required node affinity, taints.

Sources: kubernetes pkg/controller/daemon/util/daemonset_util.go (tolerations every daemon pod gets),
k8s.io/component-helpers scheduling/corev1/nodeaffinity (terms and their expressions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from kubenetlab.cluster import Cluster, labels_match
from kubenetlab.objects import DaemonSet, Node
from kubenetlab.objects.node import Taint
from kubenetlab.objects.workload import (
    Affinity,
    DaemonTemplateSpec,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    Toleration,
)

_DAEMON_TOLERATIONS = tuple(
    Toleration(key=f"node.kubernetes.io/{key}", operator="Exists")
    for key in (
        "not-ready",
        "unreachable",
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
    )
)
_KEEPING_OFF = frozenset(("NoSchedule", "NoExecute"))
_MAX_DIGITS = 19  # of a 64-bit integer, which Gt and Lt compare

_Present = Callable[[str, tuple[str, ...]], bool]
_OF_PRESENT: dict[str, _Present] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, values: True,
    "DoesNotExist": lambda value, values: False,
    "Gt": lambda value, values: _is_greater(value, values[0] if len(values) == 1 else ""),
    "Lt": lambda value, values: _is_greater(values[0] if len(values) == 1 else "", value),
}
_OF_ABSENT = frozenset(("NotIn", "DoesNotExist"))


def runs_somewhere(cluster: Cluster, daemon_set: DaemonSet) -> bool:
    """Whether a DaemonSet has nodes to run on: as its status says, else as far as the dump's nodes show."""
    desired = daemon_set.status.desired_number_scheduled
    if desired is not None:
        return desired > 0
    spec = daemon_set.spec.template.spec
    return not cluster.nodes or any(may_run_on(spec, node) for node in cluster.nodes)


def without_affinity(daemon_set: DaemonSet) -> DaemonSet:
    """Return a DaemonSet without its affinity: nothing but the planning of pods reads it."""
    spec = daemon_set.spec
    if spec.template.spec.affinity is None:
        return daemon_set
    bare = replace(spec.template, spec=replace(spec.template.spec, affinity=None))
    return replace(daemon_set, spec=replace(spec, template=bare))


def may_run_on(spec: DaemonTemplateSpec, node: Node) -> bool:
    """Whether a DaemonSet's pod may run on a node."""
    tolerations = spec.tolerations + _DAEMON_TOLERATIONS
    taints = [taint for taint in node.spec.taints if taint.effect in _KEEPING_OFF]
    return (
        labels_match(spec.node_selector, node.metadata.labels)
        and _is_required(spec.affinity, node)
        and all(any(_tolerates(toleration, taint) for toleration in tolerations) for taint in taints)
    )


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration accepts a taint (k8s.io/api core/v1 toleration.go, ToleratesTaint)."""
    if toleration.effect not in ("", taint.effect) or toleration.key not in ("", taint.key):
        return False
    return toleration.operator == "Exists" or toleration.value == taint.value


def _is_required(affinity: Affinity | None, node: Node) -> bool:
    wanted = affinity.node_affinity if affinity else None
    selector = wanted.required_during_scheduling_ignored_during_execution if wanted else None
    return selector is None or any(_term_matches(term, node) for term in selector.node_selector_terms)


def _term_matches(term: NodeSelectorTerm, node: Node) -> bool:
    fields = {"metadata.name": node.metadata.name}
    matches = [
        *(_matches(expression, node.metadata.labels) for expression in term.match_expressions),
        *(_matches(expression, fields) for expression in term.match_fields),
    ]
    return bool(matches) and all(matches)


def _matches(expression: NodeSelectorRequirement, labels: Mapping[str, str]) -> bool:
    if expression.key not in labels:
        return expression.operator in _OF_ABSENT
    return _OF_PRESENT[expression.operator](labels[expression.key], expression.values)


def _is_greater(left: str, right: str) -> bool:
    numbers = [int(text) for text in (left, right) if _is_integer(text)]
    return len(numbers) == 2 and numbers[0] > numbers[1]


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
