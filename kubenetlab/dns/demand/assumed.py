"""What a prediction of DNS load leaves out, said where it plays a part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubenetlab.dns.demand.flows import Caches
from kubenetlab.dns.demand.setup import DnsSetup
from kubenetlab.result import Origin, Setting

#: By plugin or option of a Corefile (CoreDNS 1.13.1, plugin/cache).
_LEFT_OUT = {
    "prefetch": "what is asked often is fetched again before its end: more queries upstream, fewer waits",
    "serve_stale": "old answers are given out where the server behind is silent: fewer failures",
}
_LOSS = (
    "between a pod and CoreDNS, or a server outside; each packet by itself. None is lost between a pod and NodeLocal DNSCache, "
    "over TCP, or between a server and its upstream"
)


def assumed(setup: DnsSetup, caches: Caches, unknown: Sequence[str], n_stand_ins: int) -> Iterator[Setting]:
    """Yield what a prediction assumes beside the sizes.

    ``unknown`` namespaces of the inventory are not in the dump, ``n_stand_ins`` have no pod there.
    """
    if unknown:
        names = ", ".join(unknown[:5]) + ", …" * (len(unknown) > 5)
        yield Setting(
            "namespaces", names, Origin.DEFAULT, "not in the dump; the inventory says that they have pods"
        )
    if setup.loss:
        yield Setting("loss", setup.loss, Origin.DEFAULT, _LOSS)
    for corefile in filter(None, (caches.coredns, caches.node)):
        directives = [one for block in corefile.blocks for one in block.directives]
        options = [option for one in directives for option in one.block if option.name in _LEFT_OUT]
        for name, found in {option.name: option for option in options}.items():
            words = f"{corefile.source} line {found.line}: {_LEFT_OUT[name]}"
            yield Setting(name, "not modelled", Origin.UNKNOWN, words)
        if n_stand_ins and not caches.node and any(one.name == "autopath" for one in directives):
            words = f"{n_stand_ins:,} namespaces have no pod in the dump; one is invented, so that autopath knows them"
            yield Setting("clients", "pods", Origin.DEFAULT, words)
