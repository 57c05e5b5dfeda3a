"""Which of several wishes are in each other's way, and the fewest that must be given up.

Wishes are told apart by a text; a ``Trial`` says whether those that are kept can be had together. Giving up a wish never
makes the rest impossible. Answers are three-valued, and nothing is claimed that was not proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import NamedTuple

from kubenetlab.ipam.planner.exact_search import Budget
from kubenetlab.ipam.planner.placement import Placement

#: Wishes of which each may stand for any other.
Group = tuple[str, ...]


class Trial:
    """Asks whether the wishes that are kept can be had together, within a budget of steps.

    ``cost`` steps are charged for each question, and one for ten of its search; once the budget is spent the answer is "not known". ``concerning`` returns
    the wishes that a proof may rest on which is about these demands; without it that may be all.
    """

    def __init__(
        self,
        ask: Callable[[frozenset[str]], Placement],
        cost: int,
        budget: Budget,
        concerning: Callable[[frozenset[str]], Set[str]] | None = None,
    ) -> None:
        self._ask, self._cost, self._budget, self._concerning = ask, cost, budget, concerning
        self._known: dict[frozenset[str], Placement] = {}

    @property
    def is_spent(self) -> bool:
        """Whether the budget is spent."""
        return self._budget.n_steps <= 0

    def of(self, kept: Iterable[str]) -> Placement:
        """Return the answer for these wishes."""
        wishes = frozenset(kept)
        if wishes not in self._known:
            self._known[wishes] = self._answer(wishes)
        return self._known[wishes]

    def _answer(self, wishes: frozenset[str]) -> Placement:
        if self.is_spent:
            return Placement(None, is_proved=False)
        answer = self._ask(wishes)
        self._budget.n_steps -= self._cost + answer.n_steps // 10
        return answer

    def works(self, kept: Iterable[str]) -> bool:
        """Whether a plan is known."""
        return self.of(kept).blocks is not None

    def fails(self, kept: Iterable[str]) -> bool:
        """Whether it is proved that there is no plan."""
        answer = self.of(kept)
        return answer.blocks is None and answer.is_proved

    def blamed(self, wishes: Sequence[str]) -> list[str]:
        """Return those of some wishes, which fail together, that the proof of it is about."""
        if self._concerning is None:
            return list(wishes)
        concerned = self._concerning(self.of(wishes).among)
        fewer = [wish for wish in wishes if wish in concerned]
        return fewer if self.fails(fewer) else list(wishes)


def in_conflict(wishes: Sequence[str], trial: Trial, kinds: Sequence[Group] | None = None) -> list[str]:
    """Return wishes that cannot be had together, of which no kind can be left out (as far as the budget proves it).

    The wishes as a whole must be known to fail. Without ``kinds`` every wish is one of its own. QuickXplain: U. Junker,
    "QUICKXPLAIN: preferred explanations and relaxations for over-constrained problems", AAAI 2004.
    """
    if trial.fails(()):
        return []
    blamed = set(trial.blamed(wishes))
    groups = [
        tuple(wish for wish in kind if wish in blamed) for kind in kinds or [(wish,) for wish in wishes]
    ]
    return _together(_in_conflict([], [group for group in groups if group], trial, has_grown=False))


def _in_conflict(given: list[Group], groups: list[Group], trial: Trial, *, has_grown: bool) -> list[Group]:
    if has_grown and trial.fails(_together(given)):
        return []
    if len(groups) <= 1:
        return groups
    first, second = groups[: len(groups) // 2], groups[len(groups) // 2 :]
    of_second = _in_conflict(given + first, second, trial, has_grown=True)
    of_first = _in_conflict(given + of_second, first, trial, has_grown=bool(of_second))
    return of_first + of_second


def _together(groups: Iterable[Group]) -> list[str]:
    return [wish for group in groups for wish in group]


def kept_greedily(wishes: Sequence[str], trial: Trial) -> list[str]:
    """Return wishes that can be had together, to which none of the others can be added: the first ones win."""
    kept: list[str] = []
    waiting = [list(wishes)]
    while waiting:
        some = waiting.pop()
        if trial.works(kept + some):
            kept += some
        elif len(some) > 1:
            waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
    return kept


class Fewest(NamedTuple):
    """Smallest sets of wishes without which the others can be had; whether it is certain that these are all of them."""

    sets: list[frozenset[str]]
    is_certain: bool


def fewest_given_up(
    wishes: Sequence[str], trial: Trial, most: int, kinds: Sequence[Group] | None = None
) -> Fewest:
    """Return every smallest set of wishes without which the others can be had together.

    Of each conflict found one wish must go: sets are grown by one wish of a conflict that they leave standing (R. Reiter,
    "A theory of diagnosis from first principles", 1987). Wishes of one kind are interchangeable: the first ones go first.

    Parameters
    ----------
    most
        The most wishes to give up; if that is not enough, no set is returned, nor once the budget is spent.
    kinds
        All wishes by kind; without it every wish is one of its own.
    """
    groups = kinds or [(wish,) for wish in wishes]
    level = {frozenset[str]()}
    is_certain = True
    for _ in range(most + 1):
        sets = sorted(level, key=sorted)
        found = [given_up for given_up in sets if trial.works(_without(wishes, given_up))]
        failed = [given_up for given_up in sets if trial.fails(_without(wishes, given_up))]
        is_certain &= len(found) + len(failed) == len(sets)
        if found or trial.is_spent:
            return Fewest(found, is_certain)
        level = set(_grown(failed, wishes, groups, trial))
    return Fewest([], is_certain)


def _grown(
    failed: Iterable[frozenset[str]], wishes: Sequence[str], groups: Sequence[Group], trial: Trial
) -> Iterator[frozenset[str]]:
    """Yield sets with one more wish, of each kind in a conflict that a set leaves standing."""
    conflicts: list[list[str]] = []
    for given_up in failed:
        standing = next((conflict for conflict in conflicts if given_up.isdisjoint(conflict)), None)
        if standing is None:
            standing = in_conflict(_without(wishes, given_up), trial, groups)
            conflicts.append(standing)
        for group in groups:
            if not set(standing).isdisjoint(group):
                yield given_up | {next(wish for wish in group if wish not in given_up)}


def _without(wishes: Sequence[str], given_up: frozenset[str]) -> list[str]:
    return [wish for wish in wishes if wish not in given_up]
