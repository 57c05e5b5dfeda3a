"""Does a label selector match these labels? Exactly as the API decides it.

Source: k8s.io/apimachinery pkg/labels/selector.go (Requirement.Matches) and
pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector).
"""

from collections.abc import Callable, Mapping

from kubenetlab.objects import LabelSelector, LabelSelectorRequirement

Labels = Mapping[str, str]

_OPERATORS: dict[str, Callable[[Labels, LabelSelectorRequirement], bool]] = {
    "In": lambda labels, r: labels.get(r.key) in r.values,
    "NotIn": lambda labels, r: r.key not in labels or labels[r.key] not in r.values,
    "Exists": lambda labels, r: r.key in labels,
    "DoesNotExist": lambda labels, r: r.key not in labels,
}


def labels_match(selector: LabelSelector | Labels | None, labels: Labels) -> bool:
    """Return whether a selector matches labels.

    A plain mapping is a Service's selector: every label must be there. An empty LabelSelector matches
    everything; None matches nothing.

    Raises
    ------
    ValueError
        If an expression's operator is not one of In, NotIn, Exists and DoesNotExist.

    Examples
    --------
    >>> labels_match({"app": "cart"}, {"app": "cart", "tier": "backend"})
    True
    """
    if selector is None:
        return False
    if not isinstance(selector, LabelSelector):
        return _has_all(selector, labels)
    return _has_all(selector.match_labels, labels) and all(
        _matches(requirement, labels) for requirement in selector.match_expressions
    )


def _has_all(wanted: Labels, labels: Labels) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def _matches(requirement: LabelSelectorRequirement, labels: Labels) -> bool:
    if requirement.operator not in _OPERATORS:
        raise ValueError(
            f"{requirement.operator!r} is not a label selector operator ({', '.join(_OPERATORS)})"
        )
    return _OPERATORS[requirement.operator](labels, requirement)
