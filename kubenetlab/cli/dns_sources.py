"""What the verbs of ``kubenetlab dns`` share: files beside SOURCE, names, and what is said of assumptions."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.rules_sources import note, only_one
from kubenetlab.cli.sources import read
from kubenetlab.cli.tables import Table, print_tables, text_table
from kubenetlab.visible_text import visible

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.objects.corefile import Corefile
    from kubenetlab.result import Setting

_MAX_RESOLV_CONF = 1 << 20
_WIDTH = 100
#: Assumptions as people read them; others by their names.
_ASSUMED = {"n_replicas": "ready replicas of CoreDNS:", "n_nodes": "nodes with clients:", "corefile": "Corefile:",
            "outside_names": "outside the cluster", "cluster_dns": "address of the cluster's DNS",
            "host_resolv_conf": "resolv.conf of the node"}  # fmt: skip

corefile_option = click.option(
    "--corefile", metavar="FILE", multiple=True, callback=only_one,
    help="Another Corefile, or a dump with its ConfigMap.  [default: the one in SOURCE, else kubeadm's]",
)  # fmt: skip


def once(*sources: str | None) -> None:
    """Refuse to read standard input twice."""
    if sources.count("-") > 1:
        raise click.UsageError("standard input can be read once, and several arguments are -")


def read_both(source: str, corefile: str | None) -> tuple[Cluster, Corefile | None]:
    """Read SOURCE and --corefile."""
    from kubenetlab.readers.corefile import read_corefile

    return read([source], False), read_corefile(corefile) if corefile else None


def resolv_conf(source: str | None) -> str | None:
    """Return the text of a resolv.conf, if it is given."""
    from kubenetlab.readers.plan_request import bounded_source
    from kubenetlab.readers.resolv_conf import resolv_conf_from_text

    if source is None:
        return None
    name, data = bounded_source(source, _MAX_RESOLV_CONF, "a resolv.conf")
    text = data.decode("utf-8", "replace")
    resolv_conf_from_text(text, name)
    return text


def question_name(text: str) -> str:
    """Return a name that a DNS packet can hold (RFC 1035, section 2.3.4); of an address its PTR name.

    Raises
    ------
    click.BadParameter
        If it is too long, has an empty label, or characters that DNS tools do not send as they are.
    """
    from kubenetlab.dns.records.zones import reverse_name
    from kubenetlab.objects.address_text import is_address

    if is_address(text):
        return reverse_name(text)
    name = text.removesuffix(".")
    labels = name.split(".")
    rules = {
        "printable ASCII (an international name begins with xn--)": name.isascii()
        and name.isprintable()
        and " " not in name,
        f"at most 253 characters, not {len(name):,}": len(name) <= 253,
        f"labels of at most 63 characters, not {max(map(len, labels))}": max(map(len, labels)) <= 63,
        "a name without empty labels": text == "." or "" not in labels,
    }
    for expected, holds in rules.items():
        if not holds:
            raise click.BadParameter(f"found {text:.80}, expected {expected}", param_hint="NAME")
    return text


def note_assumed(assumptions: Iterable[Setting], answered_by: Collection[str] = ()) -> None:
    """Print on standard error what was assumed, a line each; of names outside only where plugin kubernetes knew not all."""
    for setting in dict.fromkeys(assumptions):
        is_needed = setting.name != "outside_names" or set(answered_by) != {"kubernetes"}
        if setting.origin not in ("read", "inferred") and is_needed:
            words = _ASSUMED.get(setting.name, setting.name.replace("_", " "))
            told = "; lookup and load: --outside NAME" * (setting.name == "outside_names")
            note(f"assumed: {f'{words} {setting.text}'.strip()} ({setting.evidence}{told})")


def head(verb: str, assumptions: Iterable[Setting], **more: Any) -> dict[str, Any]:
    """Return what stands first in the JSON of a verb."""
    assumed = [{**s._asdict(), "value": s.text} for s in dict.fromkeys(assumptions)]
    return {"schema": f"kubenetlab/dns-{verb}/v1", "kubenetlab": __version__, **more, "assumptions": assumed}


def show(
    form: str,
    tables: Sequence[Table],
    first: Mapping[str, Any],
    before: Iterable[str] = (),
    after: Iterable[str] = (),
) -> None:
    """Print tables; for a person between sentences, and all at once, so that whoever reads may stop (``| head``)."""
    if form != "table":
        print_tables(tables, form, first)
        return
    max_width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    bodies = (text_table(table.frame, max_width) if len(table.frame) else "(none)\n" for table in tables)
    titled = (f"{visible(table.title)}\n{body}" for table, body in zip(tables, bodies, strict=True))
    click.echo("\n".join(filter(None, (_lines(before), *titled, _lines(after)))), nl=False)


def _lines(texts: Iterable[str]) -> str:
    """Return sentences, a line each, wrapped."""
    return "".join(
        f"{fill(visible(text), _WIDTH, subsequent_indent='  ', break_on_hyphens=False)}\n" for text in texts
    )
