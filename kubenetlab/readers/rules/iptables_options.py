"""Options of iptables' matches and targets, as rules give them and as tables list them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from kubenetlab.objects.packet_rules import Action, Asks, Condition


class Given(NamedTuple):
    """An option as a rule gives it.

    ``others``: all options of the same match or target by name, this one too.
    """

    option: str
    values: tuple[str, ...]
    is_negated: bool
    others: dict[str, tuple[str, ...]]
    version: int

    @property
    def text(self) -> str:
        """The words of this option."""
        return " ".join((*("!" for _ in range(self.is_negated)), self.option, *self.values))

    @property
    def value(self) -> str:
        """The first value."""
        return self.values[0]


Meaning: TypeAlias = "tuple[Condition | Action, ...]"
Means: TypeAlias = Callable[[Given], Meaning]


class Option(NamedTuple):
    """How many words follow an option, and what it means."""

    n_values: int
    means: Means


Options: TypeAlias = dict[str, Option]


def options(n_values: int, means: Means, names: str) -> Options:
    """Return options of one kind by name."""
    return dict.fromkeys(names.split(), Option(n_values, means))


def not_understood(given: Given) -> Meaning:
    """Keep an option as its text."""
    return (Condition(Asks.OPAQUE, given.text),)


def silent(given: Given) -> Meaning:
    """Say nothing: the option belongs to another, or asks nothing."""
    return not_understood(given) if given.is_negated else ()
