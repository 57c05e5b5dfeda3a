"""Plugin forward: names that somebody else answers."""

from __future__ import annotations

from kubenetlab.dns.corefile.question import Acted, Plugin, Question, Server
from kubenetlab.dns.records.zones import normalized, zone_of
from kubenetlab.objects.corefile import Directive


def forward(directive: Directive, server: Server) -> Plugin:
    """Return plugin forward: what is below its first argument, but not ``except``, goes to the first server named.

    Not modelled: which of several servers is asked (``policy``), dead servers, and ``max_concurrent``, above which it
    answers REFUSED. Source: CoreDNS 1.13.1, plugin/forward.
    """
    origin, *targets = directive.args
    origins = normalized([origin])
    kept_here = normalized(
        arg for option in directive.block if option.name == "except" for arg in option.args
    )

    def serve(question: Question, _: object) -> Acted | str:
        if not zone_of(origins, question.lower):
            return f"{question.name} is not below {origin}"
        if zone_of(kept_here, question.lower):
            return f"except {zone_of(kept_here, question.lower)}"
        asked = " or ".join(targets)
        return Acted(f"asks {asked}", f"forward {origin} {asked}", server.forwarded(directive, question))

    return serve
