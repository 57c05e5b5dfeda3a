"""What the actions of rules do with a packet on its walk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from kubenetlab.load_balancing.packet import Fate
from kubenetlab.load_balancing.passage import Passage, address_text, endpoint_text, is_nowhere
from kubenetlab.load_balancing.walk_questions import element_of, is_vague, key_of
from kubenetlab.objects import packet_rules as to
from kubenetlab.objects.packet_rules import Action, Asks, NamedSet

if TYPE_CHECKING:
    from kubenetlab.load_balancing.chain_walk import ChainWalk

GOES_ON, ENDS, ACCEPTED = "goes on", "ends", "accepted"  # verdicts besides the fates
IN_TURN: Final = "taken in turn, not by chance: the probability is the share in the long run"
IN_STEP: Final = "several rules take packets in turn: which of them take the same ones is not known"
NOWHERE: Final = (
    "translated to an address to which the kernel sends nothing from outside, unless it is set up to"
)
FROM_RANGE: Final = "the kernel picks from a range, for one client always the same"
UNTRACKED: Final = "a rule leaves the connection untracked (NOTRACK): no nat chain sees it"
Path = tuple[str, ...]
Outcomes = list[tuple[Passage, str]]  # each with a verdict


def do(walk: ChainWalk, action: Action, passage: Passage, path: Path) -> Outcomes:
    """Return what an action makes of a packet, each outcome with a verdict."""
    return DEEDS[type(action)](walk, action, passage, path)


def _enter(walk: ChainWalk, action: to.Jump | to.Goto, passage: Passage, path: Path) -> Outcomes:
    """Walk another chain: after its end, or where the text lacks it, a jump goes on here and a goto does not."""
    then = GOES_ON if isinstance(action, to.Jump) else ENDS
    outcomes = walk.chain(action.chain, passage, path)
    return [(after, then if verdict in (ENDS, GOES_ON) else verdict) for after, verdict in outcomes]


def _dnat(walk: ChainWalk, action: to.Dnat, passage: Passage, path: Path) -> Outcomes:
    addresses = action.addresses or (passage.destination,) * 2
    ports = action.ports or (passage.port,) * 2
    given = {Asks.DESTINATION: action.addresses, Asks.DESTINATION_PORT: action.ports}
    kept = tuple(span for span in passage.spans if given[span[0]] is None)
    spans = tuple((asks, (ends,)) for asks, ends in given.items() if ends and ends[0] != ends[1])
    first, last = (endpoint_text(walk.sight.version, *end) for end in zip(addresses, ports, strict=True))
    text = f"{first} to {last}" if spans else ""
    passage = passage.noted(FROM_RANGE) if text else passage
    if is_nowhere(walk.sight.version, addresses[0]) and not walk.sight.is_from_here:
        passage = passage.doubted(NOWHERE)
    if Asks.DESTINATION_PORT in dict(kept) and not text:
        text = address_text(walk.sight.version, addresses[0])
    passage = passage._replace(destination=addresses[0], port=ports[0], destination_text=text)
    return [(passage._replace(is_translated=True, spans=spans + kept), ACCEPTED)]


def in_turn(passage: Passage, rule: int | None) -> Passage:
    """Return a packet that a rule takes in turn; rules that count the same packets are in step, not by chance."""
    is_in_step = None in passage.turned or rule in passage.turned
    passage = passage.doubted(IN_STEP) if is_in_step else passage.noted(IN_TURN)
    return passage._replace(turned=(*passage.turned, rule))


def _choose(walk: ChainWalk, action: to.Choose, passage: Passage, path: Path) -> Outcomes:
    passage = passage.times(1, len(action.outcomes))
    passage = passage if action.is_random else in_turn(passage, None)
    return [result for outcome in action.outcomes for result in do(walk, outcome, passage, path)]


def _look(walk: ChainWalk, action: to.Look, passage: Passage, path: Path) -> Outcomes:
    key, named = key_of(action.key, walk.sight, passage), walk.table.sets.get(action.name)
    held = named or NamedSet("", "", dict(action.elements), flags=("interval",))
    if key is None or (action.name and named is None) or is_vague(held.elements, key):
        return [(passage.doubted(f"map {action.name} could not be asked"), GOES_ON)]
    element = element_of(held, key)
    found = None if element is None else held.elements[element]
    return [(passage, GOES_ON)] if found is None else do(walk, found, passage, path)


def _opaque(walk: ChainWalk, action: to.Opaque, passage: Passage, path: Path) -> Outcomes:
    return [(walk.doubted((action,), passage, f"not understood: {action.text}"), GOES_ON)]


def _then(verdict: str, **changes: Any) -> Callable[..., Outcomes]:
    return lambda _, action, passage, path: [(passage._replace(**changes), verdict)]


DEEDS: Final[dict[type[Action], Callable[[Any, Any, Passage, Path], Outcomes]]] = {
    to.Jump: _enter,
    to.Goto: _enter,
    to.Return: _then(ENDS),
    to.Accept: _then(ACCEPTED),
    to.Drop: _then(Fate.DROPPED),
    to.Reject: _then(Fate.REJECTED),
    to.Dnat: _dnat,
    to.Masquerade: _then(ACCEPTED, is_masqueraded=True),
    to.SetMark: lambda _, to, passage, path: [
        (passage._replace(mark=passage.mark & ~to.mask ^ to.value), GOES_ON)
    ],
    to.Untrack: lambda _, __, passage, *___: [
        (passage.noted(UNTRACKED)._replace(is_untracked=True), GOES_ON)
    ],
    to.Remember: _then(GOES_ON),
    to.Continue: _then(GOES_ON),
    to.Choose: _choose,
    to.Look: _look,
    to.Opaque: _opaque,
}
