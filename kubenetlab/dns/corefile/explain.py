"""Which plugin answers a name, and why: the way of one question through a server block."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.dns.corefile.cluster_servers import cluster_servers
from kubenetlab.dns.corefile.core_dns import Link
from kubenetlab.dns.corefile.plugins import block_for
from kubenetlab.dns.corefile.question import NotModelledError, Question, Step
from kubenetlab.dns.corefile.upstream import assumed_outside, is_assumed
from kubenetlab.dns.records.zones import absolute
from kubenetlab.objects.corefile import Corefile
from kubenetlab.objects.dns_message import Answer, Reply, Upstream
from kubenetlab.result import Basis, Result

#: Plugins whose answers were compared with recordings of CoreDNS 1.13.1.
RAN = frozenset(("kubernetes", "forward", "autopath"))


def basis_of(plugins: Collection[str], addresses: Collection[str], upstream: Upstream | None) -> Basis:
    """Return how far answers were checked, from the plugins that made them; addresses that are assumed were not."""
    if is_assumed(addresses, upstream):
        return Basis.UNCHECKED
    return Basis.RAN if plugins and RAN.issuperset(plugins) else Basis.SOURCE


class Explained(NamedTuple):
    """The reply, None where it cannot be known, and the steps that led to it."""

    reply: Reply | None
    result: Result

    @property
    def answer(self) -> Answer | None:
        """The answer with its records, None where it cannot be known."""
        return self.reply.answer if self.reply else None


def explain_query(  # noqa: PLR0913 - each is something that a dump leaves open
    cluster: Cluster,
    name: str,
    type: str = "A",
    *,
    corefile: Corefile | None = None,
    client: str = "",
    upstream: Upstream | None = None,
) -> Explained:
    """Return what CoreDNS answers to a question, and what each plugin of its server block does with it.

    Parameters
    ----------
    cluster
        The snapshot; its Corefile is read from its ConfigMap, else kubeadm's is assumed.
    name, type
        The question; the name counts as absolute, as a server sees it.
    corefile
        Another Corefile.
    client
        Who asks: a pod (``namespace/name``) or an address; plugin autopath looks at it.
    upstream
        What servers outside answer; without it a name of a public top-level domain is taken to exist.

    Returns
    -------
    The reply, and a Result with one row a plugin of the chain, or several where autopath walks a search list: name (as
    the plugin sees it), plugin, line, did (``passes on``, ``answers``, ``rewrites to …``, ``is not asked``, ``cannot be
    known``), because.

    Examples
    --------
    >>> from kubenetlab.samples import sample
    >>> explained = explain_query(sample("shop"), "missing.default.svc.cluster.local")
    >>> explained.reply.answered_by, explained.answer.verdict
    ('kubernetes', 'NXDOMAIN')
    """
    outside, setting = assumed_outside(name, cluster)
    servers = cluster_servers(cluster, corefile, upstream or outside)
    source = next(iter(cluster.find("pods", client).ips), "") if "/" in client else client
    question = Question(absolute(name), type.upper(), source, [])
    reply, because = None, ""
    links: tuple[Link, ...] = ()
    try:
        block = block_for(servers.core_dns.corefile, question.name)
        links = servers.core_dns.links(block) if block else ()
        reply = servers.core_dns.walk(question)
        because = reply.because
    except NotModelledError as error:
        because = str(error)
        if not question.steps:
            where = error.directive
            question.steps.append(Step(question.name, where.name, where.line, "cannot be known", ""))
    asked = {(step.plugin, step.line) for step in question.steps}
    rest = [Step("", n, line, "is not asked", "") for n, line, _ in links if (n, line) not in asked]
    verdict = f"{reply.answer.verdict} by {reply.answered_by}" if reply else "not known"
    acting = {step.plugin for step in question.steps if step.did != "passes on"}
    result = Result(
        title=f"{question.name} {question.type}: {verdict}",
        _frame=pd.DataFrame([*question.steps, *rest], columns=list(Step._fields)),
        assumptions=(*servers.assumptions, *([] if upstream else [setting])),
        because=(because, *(map(str, reply.answer.answer) if reply else ())),
        basis=basis_of(acting, reply.answer.addresses if reply else (), upstream),
    )
    return Explained(reply, result)
