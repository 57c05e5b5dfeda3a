"""Rules that a packet walks through, as iptables and nftables hold them: what they ask of a packet and what they do.

Both are read into the same values, so one walk serves both. What a reader does not understand becomes ``OPAQUE`` or
``Opaque`` with its text, never a guess. Addresses are integers, with the family of the rule set.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Asks(StrEnum):
    """What a condition asks of a packet, and in which form its operand is."""

    SOURCE = "source"  # tuple of (first, last) addresses
    DESTINATION = "destination"
    PROTOCOL = "protocol"  # frozenset of lower-case names
    SOURCE_PORT = "source port"  # tuple of (first, last) ports
    DESTINATION_PORT = "destination port"
    IN_INTERFACE = "in interface"  # a name; a last "*" stands for any end
    OUT_INTERFACE = "out interface"
    MARK = "mark"  # (value, mask)
    CONNECTION_STATE = "connection state"  # frozenset of upper-case states: NEW, ESTABLISHED, DNAT …
    SOURCE_TYPE = "source type"  # frozenset of upper-case address types: LOCAL …
    DESTINATION_TYPE = "destination type"
    CHANCE = "chance"  # int q: true with probability q / 2**31
    TURN = "turn"  # (every, packet): true for one packet in `every`, in turn and not by chance
    REMEMBERED = (
        "remembered"  # (list or set name, seconds or None): whether the source is in a list of clients
    )
    IN_SET = "in set"  # (set name, tuple of Asks or None where a key part is not understood)
    OPAQUE = "opaque"  # the text that was not understood


class Condition(msgspec.Struct, frozen=True, gc=False):
    """One question to a packet; ``is_negated`` turns its answer round."""

    asks: Asks
    operand: Any
    is_negated: bool = False


class Action(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What a rule does; the kinds below."""


class Jump(Action, frozen=True):
    """Walk another chain, and come back after its last rule."""

    chain: str


class Goto(Action, frozen=True):
    """Walk another chain, and do not come back here."""

    chain: str


class Return(Action, frozen=True):
    """Go back to the chain that jumped here."""


class Accept(Action, frozen=True):
    """Accept the packet at this hook."""


class Drop(Action, frozen=True):
    """Drop the packet without a word."""


class Reject(Action, frozen=True):
    """Drop the packet and tell the sender; ``reply`` as the rule writes it, empty for the default."""

    reply: str = ""


class Dnat(Action, frozen=True):
    """Send the packet to an address, to a port, or both; ranges as (first, last), None where not changed."""

    addresses: tuple[int, int] | None
    ports: tuple[int, int] | None = None


class Masquerade(Action, frozen=True):
    """Give the packet the source address of the interface it leaves by, or those given ((first, last), SNAT)."""

    is_random: bool = False
    addresses: tuple[int, int] | None = None


class SetMark(Action, frozen=True):
    """Make the mark ``(mark & ~mask) ^ value``, as ``--set-xmark value/mask``."""

    value: int
    mask: int


class Remember(Action, frozen=True):
    """Put the source address into a list or set of clients."""

    name: str


class Choose(Action, frozen=True):
    """Take one of n actions, each as likely (``numgen random``), or in turn (``numgen inc``)."""

    outcomes: tuple[Action, ...]
    is_random: bool = True


class Look(Action, frozen=True):
    """Take the action that a map holds for a key of the packet, if it holds one.

    ``key``: the parts of the key; ``name`` of a map of the table, or empty where ``elements`` stand in the rule:
    ((key, action), …), every key a tuple like the parts.
    """

    key: tuple[Asks, ...]
    name: str = ""
    elements: tuple[tuple[tuple[Any, ...], Action], ...] = ()


class Continue(Action, frozen=True):
    """Do something that changes neither the way nor the packet (a log, a counter); the text says what."""

    text: str = ""


class Untrack(Action, frozen=True):
    """Do not track the packet's connection (NOTRACK): no nat chain sees it, and its state is UNTRACKED."""


class Opaque(Action, frozen=True):
    """An action that is not understood; the text says it."""

    text: str


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One rule of a chain.

    Attributes
    ----------
    conditions
        All must hold, in this order (a chance or a list is asked only if those before it hold).
    actions
        Done in this order; empty for a rule that only counts.
    comment
        Without quotes.
    text
        The rule as it stood in the file, without counters.
    line
        Number of its line, 1 for the first.
    packets, bytes
        Its counters; None where the file has none.
    """

    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    comment: str = ""
    text: str = ""
    line: int = 0
    packets: int | None = None
    bytes: int | None = None


class Chain(msgspec.Struct, frozen=True):
    """A chain of rules.

    ``hook`` (lower case: prerouting, input, forward, output, postrouting) and ``priority`` are of base chains only;
    ``policy`` is ACCEPT or DROP there and empty elsewhere. ``deleted`` is the number of the line that deletes the chain
    at the end of a transaction (``-X``), 0 where none does. ``properties``: of nftables, the lines that declare it.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    hook: str = ""
    priority: int = 0
    policy: str = ""
    type: str = ""  # nat, filter or route for base chains
    packets: int | None = None
    bytes: int | None = None
    line: int = 0
    deleted: int = 0
    properties: tuple[str, ...] = ()


class NamedSet(msgspec.Struct, frozen=True):
    """A named set or map of nftables.

    ``elements`` holds every key, a tuple with one part for each part of the type: an address as (first, last), a
    protocol as text, a port as int; and the action of a map, None for a set. ``flags`` and ``timeout_s`` as declared.
    ``notes`` is what stands beside a key (``expires 2h59m``, ``comment "web"``); ``properties`` are the lines that
    declare it (``type ipv4_addr``, ``size 65535``).
    """

    name: str
    type: str
    elements: dict[tuple[Any, ...], Action | None] = {}
    is_map: bool = False
    flags: tuple[str, ...] = ()
    timeout_s: int | None = None
    notes: dict[tuple[Any, ...], str] = {}
    properties: tuple[str, ...] = ()
    line: int = 0


class Table(msgspec.Struct, frozen=True):
    """A table: its chains and sets by name, in the order of the file.

    Of nftables only: ``family`` (``ip``, ``ip6``, ``inet`` …; chains of families other than these three have the family in
    front of their hook), ``properties``, the lines that declare it (``comment "…"``), and ``others``: the lines of objects
    that change no packet's way, by kind and name.
    """

    name: str
    chains: dict[str, Chain] = {}
    sets: dict[str, NamedSet] = {}
    family: str = ""
    properties: tuple[str, ...] = ()
    others: dict[str, tuple[str, ...]] = {}


class RuleSet(msgspec.Struct, frozen=True):
    """The rules of one node and address family, as one file or one paste holds them.

    Attributes
    ----------
    source
        The file's name, ``-`` for standard input.
    form
        What was read: ``iptables-save``, ``iptables-restore``, ``iptables excerpt``, ``iptables -L``, ``nft list``, ``nft commands``.
    version
        4 or 6.
    tables
        By name: nat, filter, mangle, raw; or nftables' own.
    missing
        What the text lacks, in words for a person: a chain that is jumped to and not there, a table's end. Empty where the
        text is whole.
    commands
        The nft commands in their order, where they do more than add; the tables are what is there after the last.
    notes
        What else a person should know, in words: the other family is there too, a warning of iptables-save. No rule is
        lacking for it.
    """

    source: str
    form: str
    version: int = 4
    tables: dict[str, Table] = {}
    missing: tuple[str, ...] = ()
    commands: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()
