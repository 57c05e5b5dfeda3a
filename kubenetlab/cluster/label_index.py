"""What has some labels, without looking at everything for every question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from kubenetlab.cluster.selectors import labels_match

Labelled = TypeVar("Labelled")


class LabelIndex(Generic[Labelled]):
    """Values by namespace and label, given as (namespace, labels, value); each question is answered once."""

    def __init__(self, entries: Iterable[tuple[str, Mapping[str, str], Labelled]]) -> None:
        self._by_label: dict[tuple[str, str, str], list[tuple[Mapping[str, str], Labelled]]] = defaultdict(
            list
        )
        self._answers: dict[tuple[str, frozenset[tuple[str, str]]], tuple[Labelled, ...]] = {}
        for namespace, labels, value in entries:
            for key, text in labels.items():
                self._by_label[namespace, key, text].append((labels, value))

    def selected(self, namespace: str, selector: Mapping[str, str]) -> tuple[Labelled, ...]:
        """Return the values of a namespace that have every label of a selector; none for an empty selector."""
        question = (namespace, frozenset(selector.items()))
        if question not in self._answers:
            by_label = [self._by_label.get((namespace, *label), []) for label in selector.items()]
            rarest = min(by_label, key=len, default=[])
            self._answers[question] = tuple(v for labels, v in rarest if labels_match(selector, labels))
        return self._answers[question]
