"""A cluster in, one self-contained HTML file out: no scripts, no requests, the same bytes for the same input and seed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

import kubenetlab
from kubenetlab.cluster import Cluster
from kubenetlab.new_file import replace_file
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Section
from kubenetlab.report.sections import SECTIONS
from kubenetlab.visible_text import visible

# A word that may be wider than a column, and where a name may go on in the next line: after "/" and "-", and after
# "." beside a letter. Short names and CIDRs stay whole.
_LONG_WORD = re.compile(r"\S{15,}")
_BREAK = re.compile(r"(?<=\w)(/(?=[^\W\d])|(?<=[^\W\d])/(?=\w)|-(?=\w)|\.(?=[^\W\d])|(?<=[^\W\d])\.(?=\w))")


def write_report(cluster: Cluster, path: str | Path, seed: int = 1, title: str | None = None) -> Path:
    """Write a report on a cluster as one HTML file.

    Parameters
    ----------
    cluster
        The cluster.
    path
        The file to write. It is replaced at once when the report is complete; if anything fails, it stays.
    seed
        Seed of everything random in the report.
    title
        Title of the page; None names the files that were read.

    Returns
    -------
    The path.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    return replace_file(Path(path), report_html(cluster, seed, title).encode("utf-8"))


def report_html(cluster: Cluster, seed: int = 1, title: str | None = None) -> str:
    """Return a report on a cluster as the text of an HTML file (see ``write_report``)."""
    evidence = Evidence(cluster, seed)
    sections = [found for section in SECTIONS if (found := section(evidence))]
    colophon = {
        "SHA-256 of the input": cluster.provenance.digest,
        "Seed": str(seed),
        "kubenetlab": kubenetlab.__version__,
    }
    return page_html(title or _default_title(cluster), sections, colophon)


def page_html(
    title: str, sections: Sequence[Section], colophon: Mapping[str, str], kind: str = "network report"
) -> str:
    """Return a page of sections as the text of an HTML file.

    Parameters
    ----------
    title
        Title of the page.
    sections
        Its parts in reading order; the first has the anchor ``summary``.
    colophon
        What the page was made from, and ``kubenetlab``: the version.
    kind
        What kind of page it is, in two words.
    """
    template = _environment().get_template("report.html.j2")
    return template.render(title=title, sections=sections, colophon=colophon, kind=kind)


def _default_title(cluster: Cluster) -> str:
    names = [Path(file.name).name for file in cluster.provenance.files]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return "Network report" + (f": {', '.join(names[:3])}{more}" if names else "")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,  # every text of a dump is untrusted
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(text: str) -> Markup:
    """Return a text that breaks between the words of a name; what is copied from the page stays the text."""
    html = str(escape(_finalize(text)))
    return Markup(_LONG_WORD.sub(lambda word: _BREAK.sub(r"\1<wbr>", word[0]), html))


def _finalize(value: Any) -> Any:
    return visible(value, kept="\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value
