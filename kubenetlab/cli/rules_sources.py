"""What RULES and --node mean on the command line, and what is said about how they were read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.sources import SAMPLE_PREFIX
from kubenetlab.cli.tables import FORMATS
from kubenetlab.visible_text import visible

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.kube_proxy.proxy_settings import ProxySettings
    from kubenetlab.objects.packet_rules import RuleSet
    from kubenetlab.objects.virtual_servers import VirtualServers

_WIDTH = 120
FAMILIES = {"ipv4": 4, "ipv6": 6}

family_option = click.option(
    "--family", type=click.Choice(tuple(FAMILIES)),
    help="Address family, where there are both.  [default: ipv4; of nftables that of kube-proxy's table]",
)  # fmt: skip
format_option = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print."
)


def only_one(_context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Return the one value of an option, where click would take the last and say nothing."""
    if len(given) > 1:
        raise click.UsageError(f"{option.opts[0]}: found {len(given)} of them, expected one")
    return given[0] if given else None


def read(source: str, family: str | None = None) -> RuleSet | VirtualServers:
    """Read RULES, those of a family if it is given; say on standard error what the text lacks."""
    from kubenetlab.readers.rules import read_rules
    from kubenetlab.samples import SAMPLES, sample_rules

    name = source.removeprefix(SAMPLE_PREFIX)
    if name in SAMPLES and name != source:
        raise click.UsageError(
            f"{source} is a cluster, expected rules; name a node of it: --node in rules prove, or rules write"
        )
    version = FAMILIES.get(family or "")
    rules = sample_rules(name) if name != source else read_rules(source, version)
    if version not in (None, getattr(rules, "version", version)):
        raise click.UsageError(f"{source} holds no rules of {family}")
    for words in (*rules.missing, *getattr(rules, "notes", ())):
        note(words)
    return rules


def settings_of(cluster: Cluster, node: str, mode: str = "") -> ProxySettings:
    """Return how kube-proxy runs on a node; say on standard error what the dump does not tell."""
    from kubenetlab.kube_proxy.node_settings import KNOWN_AS, settings_with_origins
    from kubenetlab.result import Origin

    settings, found = settings_with_origins(cluster, node, mode=mode)
    assumed = [s for s in found if s.origin is not Origin.READ and mode in KNOWN_AS[s.name][1]]
    for evidence, group in groupby(sorted(assumed, key=attrgetter("evidence")), key=attrgetter("evidence")):
        values = (
            f"{KNOWN_AS[s.name][0]} {s.text.lower() if isinstance(s.value, bool) else s.text or 'empty'}"
            for s in group
        )
        note(f"assumed: {', '.join(values)} ({evidence})")
    return settings


def counted(n: int, noun: str) -> str:
    """Return a number and its noun.

    >>> counted(1, "remark"), counted(2000, "remark")
    ('1 remark', '2,000 remarks')
    """
    return f"{n:,} {noun}{'s' if n != 1 else ''}"


def wrapped(text: str, indent: int) -> str:
    """Return a text in lines of 120 columns at most, those after the first indented."""
    return fill(visible(text), _WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def note_each(because: Sequence[str], rules: RuleSet | VirtualServers) -> None:
    """Print on standard error what was not said when the rules were read."""
    for words in because:
        if words.removeprefix("the rules lack: ") not in rules.missing:
            note(words)


def note(words: str) -> None:
    """Print a note on standard error."""
    click.echo(visible(f"Note: {words}"), err=True)


def head(schema: str, rules: RuleSet | VirtualServers) -> dict[str, Any]:
    """Return what stands first in the JSON of a verb that reads rules."""
    return {
        "schema": f"kubenetlab/{schema}/v1",
        "kubenetlab": __version__,
        "rules": {
            "source": rules.source,
            "form": getattr(rules, "form", "ipvsadm"),
            "missing": list(rules.missing),
        },
    }
