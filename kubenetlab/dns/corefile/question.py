"""What walks a chain of plugins: a question, what a plugin did with it, and what plugins lean on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.dns.records.zones import normalized, zone_of
from kubenetlab.errors import KubenetlabError
from kubenetlab.objects.corefile import Directive, ServerBlock
from kubenetlab.objects.dns_message import Answer, Rcode, Reply, Upstream
from kubenetlab.visible_text import visible


class NotModelledError(KubenetlabError):
    """A plugin may answer, and kubenetlab does not know what; the text names plugin and line."""

    def __init__(self, directive: Directive, reason: str) -> None:
        self.directive = directive
        super().__init__(visible(f"Corefile line {directive.line}: {directive.name}: {reason}; not modelled"))


class Step(NamedTuple):
    """What one plugin did with a question: ``passes on``, ``answers``, ``rewrites to …``; and why."""

    name: str
    plugin: str
    line: int
    did: str
    because: str


class Question(NamedTuple):
    """A name and type on their way through a chain, who asked, and the steps so far (a list that is written to)."""

    name: str
    type: str
    source: str
    steps: list[Step]

    @property
    def lower(self) -> str:
        """The name in lower case: what plugins compare."""
        return self.name.lower()


class Acted(NamedTuple):
    """What a plugin did instead of passing the question on."""

    did: str
    because: str
    reply: Reply

    @classmethod
    def answers(cls, because: str, answer: Answer = Answer(Rcode.SERVFAIL)) -> Acted:  # noqa: B008 - frozen
        """Return that it answers; without an answer that it fails."""
        return cls("answers", because, Reply(answer))


Next = Callable[[Question], Reply]
#: A plugin in a chain; a text says why it passes the question on.
Plugin = Callable[[Question, Next], Acted | str]


class Server(NamedTuple):
    """What a plugin sees of the server it runs in: its server block and zones, the cluster, files, and whom it may ask."""

    block: ServerBlock
    zones: tuple[str, ...]
    cluster: Cluster
    look_up: Upstream  # a question that the server asks itself
    forwarded: Callable[[Directive, Question], Reply]  # a line of plugin forward, and what is sent there
    files: Mapping[str, str]
    own_search: tuple[str, ...]

    def zones_of(self, given: Sequence[str]) -> tuple[str, ...]:
        """Return the zones that a plugin's line names, else those of its server block."""
        return normalized(given) or self.zones

    def text(self, path: str, directive: Directive) -> str:
        """Return the text of a file of the server.

        Raises
        ------
        NotModelledError
            If nobody gave it.
        """
        if path not in self.files:
            raise NotModelledError(directive, f"the file {path} is not known (argument files)")
        return self.files[path]


def falls_through(directive: Directive, name: str) -> bool:
    """Return whether ``fallthrough [ZONE…]`` lets a name pass on; without zones all names (CoreDNS, plugin/pkg/fall)."""
    option = directive.option("fallthrough")
    return option is not None and bool(zone_of(normalized(option.args or (".",)), name))
