"""What becomes of one packet, as text: where it may end, then the rules in order, indented where chance parts the ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, takewhile
from typing import Final

from kubenetlab.load_balancing.packet import Fate, Step, Walk, Way
from kubenetlab.objects.packet_rules import Goto, Jump
from kubenetlab.visible_text import visible

MAX_WAYS: Final = 200  # that are written
EVEN: Final = 1e-5  # of a fair share, for each endpoint: what rounding to five digits may add up to
_INDENT: Final = "  "
_ARROW: Final = "\N{RIGHTWARDS ARROW}"
_SOURCES: Final = {True: "masqueraded", False: "source kept"}
_IS_NEW: Final = "of clients is taken as empty"  # how notes on lists of clients end
_AFFINITY: Final = (
    "session affinity: these are the shares of new clients; a client that comes again keeps its endpoint"
)


def walk_text(walk: Walk, *, is_whole: bool = False) -> str:
    """Return a walk as lines: the answer, then the rules that a packet matches, with a branch where chance decides.

    At most 200 ways; characters that could drive a terminal are shown as their codes. ``is_whole``: also the jumps
    into chains in which nothing matched.
    """
    return "\n".join(map(visible, _lines(walk, is_whole)))


def _lines(walk: Walk, is_whole: bool) -> Iterator[str]:
    ways, n_more = list(walk.ways[:MAX_WAYS]), len(walk.ways) - MAX_WAYS
    is_mixed = len({way.is_masqueraded for way in ways}) > 1
    yield f"{packet_text(walk)}: {_answer(walk)}"
    for way in ways:
        source = ", masqueraded" if is_mixed and way.is_masqueraded else ""
        yield f"{_INDENT}{chance_words(way.probability)} {_end_text(way)}{source}"
    if n_more > 0:
        yield f"{_INDENT}and {n_more:,} more ways"
    yield from (f"Note: {note}" for note in _notes(walk))
    yield "The rules that it matches:" if any(way.steps for way in ways) else "No rule matches."
    yield from _tree(ways if is_whole else [replace(way, steps=_telling(way.steps)) for way in ways])


def _notes(walk: Walk) -> dict[str, None]:
    notes = dict.fromkeys(note for way in walk for note in way.notes)
    others = {note: None for note in notes if not note.endswith(_IS_NEW)}
    return others if len(others) == len(notes) else {**others, _AFFINITY: None}


def packet_text(walk: Walk) -> str:
    """Return protocol, source and destination of a walk's packet."""
    packet = walk.packet
    port = f":{packet.destination_port}" if packet.destination_port else ""
    destination = f"[{packet.destination}]" if ":" in packet.destination else packet.destination
    return f"{packet.protocol} {packet.source} {_ARROW} {destination}{port}"


def _answer(walk: Walk) -> str:
    """Return what becomes of the packet in a few words."""
    delivered = [way for way in walk if way.fate is Fate.DELIVERED]
    if not delivered:
        return ", ".join(dict.fromkeys(str(way.fate) for way in walk))
    if not any(way.is_translated for way in walk):
        return "no rule translates it, it goes on as it is"
    masquerades = {way.is_masqueraded for way in delivered}
    source = "masqueraded where said" if len(masquerades) > 1 else _SOURCES[masquerades.pop()]
    n, chances = len(walk.ways), [way.probability for way in walk]
    even = "even" if is_even([float(chance * n) - 1 for chance in chances]) else "not even"
    return f"{n:,} endpoints, {even}; {source}" if n > 1 else f"1 endpoint; {source}"


def is_even(differences: Sequence[float]) -> bool:
    """Return whether shares differ from the fair one, relative to it, by no more than old rules' rounding.

    >>> is_even([-1e-5, 1e-5]), is_even([-0.1, 0.1])
    (True, False)
    """
    return all(abs(difference) <= EVEN * len(differences) for difference in differences)


def _telling(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return steps without the jumps into chains in which nothing matched."""
    kept: list[Step] = []
    for step in reversed(steps):
        last = step.rule.actions[-1] if step.rule.actions else None
        if not isinstance(last, Jump | Goto) or (kept and kept[-1].chain == last.chain):
            kept.append(step)
    return tuple(reversed(kept))


def _common(listed: list[tuple[Step, ...]]) -> list[Step]:
    """Return the first steps that all have."""
    columns = takewhile(lambda steps: len(set(map(_place, steps))) == 1, zip(*listed, strict=False))
    return [steps[0] for steps in columns]


def _tree(ways: list[Way]) -> Iterator[str]:
    """Yield the steps of all ways; the last ones that all have stand once, at the end."""
    n_first = len(_common([way.steps for way in ways]))
    ends = [way.steps[n_first:][::-1] for way in ways] if len(ways) > 1 else []
    last = _common(ends)
    yield from _branch(
        [replace(way, steps=way.steps[: len(way.steps) - len(last)]) for way in ways], 0, _INDENT
    )
    if last:
        yield f"{_INDENT}then, each of them:"
        yield from (f"{_INDENT * 2}{_step_text(step)}" for step in reversed(last))


def _branch(ways: Sequence[Way], depth: int, indent: str) -> Iterator[str]:
    """Yield what ways have in common from a step on, then each branch of them."""
    common = _common([way.steps[depth:] for way in ways])
    yield from (f"{indent}{_step_text(step)}" for step in common)
    depth += len(common)
    for place, group in groupby(ways if len(ways) > 1 else (), key=lambda way: _next_place(way, depth)):
        branch = list(group)
        for part in [branch] if place else [[way] for way in branch]:
            share = sum((way.probability for way in part), Fraction(0))
            end = f" {_end_text(part[0])}" if len(part) == 1 else " of the packets:"
            yield f"{indent}{percent(share)}{end}"
            yield from _branch(part, depth, indent + _INDENT)


def _place(step: Step) -> tuple[str, str, int, str]:
    return step.table, step.chain, step.rule.line, step.rule.text


def _next_place(way: Way, depth: int) -> tuple[str, str, int, str] | None:
    return _place(way.steps[depth]) if depth < len(way.steps) else None


def _step_text(step: Step) -> str:
    words = step.rule.text.removeprefix(f"-A {step.chain} ")
    if not words and isinstance(step.rule.actions[-1], Jump):
        return f"{step.table} {step.chain}: taken to jump to {step.rule.actions[-1].chain}, as on a node"
    return f"{step.table} {step.chain}, line {step.rule.line}: {words}"


def _end_text(way: Way) -> str:
    is_delivered = way.fate is Fate.DELIVERED
    return f"{_ARROW} {way.destination if is_delivered else f'{way.fate} ({way.destination})'}"


def chance_words(chance: Fraction) -> str:
    """Write a probability for people, and what it is exactly where that is another number.

    >>> chance_words(Fraction(1)), chance_words(Fraction(1, 2)), chance_words(Fraction(715827883, 2**31))
    ('100 %', '50 % (1/2)', '33.33 % (0.3333333335)')
    """
    return percent(chance) if chance == 1 else f"{percent(chance)} ({chance_text(chance)})"


def percent(chance: Fraction | float) -> str:
    """Write a probability in percent, with four digits."""
    return f"{float(chance) * 100:.4g} %"


def chance_text(chance: Fraction) -> str:
    """Write a probability: a short fraction as it is, any other with ten digits.

    >>> chance_text(Fraction(1, 3)), chance_text(Fraction(715827883, 2**31))
    ('1/3', '0.3333333335')
    """
    return str(chance) if chance.denominator < 1000 else f"{float(chance):.10f}"
