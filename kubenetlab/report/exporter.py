"""``jupyter nbconvert --to kubenetlab``: any notebook as one HTML file that works offline, twice the same bytes."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from jinja2 import pass_context
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat import NotebookNode
from traitlets import Bool, default
from traitlets.config import Config

from kubenetlab.report.mathematics import MathRenderer, latex_output

_TEMPLATES = Path(__file__).parent / "templates"
_SHOWN = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/latex",
    "text/plain",
]
_HEADING = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)
_SAFE_LINK = re.compile(r"(https?:|mailto:|#|[\w./-]+(#|$))", re.IGNORECASE)
_FORBIDDEN_TAGS = ["script", "meta", "link", "base", "iframe", "frame", "object", "embed", "form"]


class Exporter(HTMLExporter):
    """Exports a notebook as self-contained HTML: no scripts, no requests, formulas as MathML, widgets as pictures."""

    export_from_notebook = "HTML that works offline (kubenetlab)"
    embed_images = Bool(True, help="Whether to embed images that lie beside the notebook.").tag(config=True)

    @default("template_name")
    def _template_name_default(self) -> str:
        return "kubenetlab"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(_TEMPLATES)]

    @default("extra_template_paths")
    def _extra_template_paths_default(self) -> list[str]:
        return [str(_TEMPLATES)]

    @property
    def default_config(self) -> Config:
        """Prefer what needs no script."""
        config = Config(super().default_config)
        config.merge(Config({"NbConvertBase": {"display_data_priority": _SHOWN}}))
        return config

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Return nbconvert's filters and ours."""
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "tex2mathml", latex_output

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return Markdown as HTML, formulas as MathML."""
        renderer = MathRenderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=self.embed_images,
            path=context.get("resources", {}).get("metadata", {}).get("path", ""),
            anchor_link_text=self.anchor_link_text,
            exclude_anchor_links=self.exclude_anchor_links,
        )
        return str(MarkdownWithMath(renderer=renderer).render(source))

    def from_notebook_node(  # type: ignore[override]  # as in HTMLExporter itself
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert a notebook; it is not changed."""
        notebook = _prepared(nb)
        name = (resources or {}).get("metadata", {}).get("name", "Notebook")
        headings = [
            match[1]
            for cell in notebook.cells
            if cell.cell_type == "markdown"
            for match in _HEADING.finditer(cell.source)
        ]
        title = str(notebook.metadata.get("title") or next(iter(headings), name))
        page = {"title": re.sub(r"[*_`]", "", title), "has_heading": bool(headings)}
        html, resources = super().from_notebook_node(
            notebook, {**(resources or {}), "kubenetlab": page}, **kwargs
        )
        return _tidied(html), resources


def _prepared(nb: NotebookNode) -> NotebookNode:
    """Return a copy without what differs from run to run or needs a script: cell ids, widgets, JavaScript."""
    notebook = copy.deepcopy(nb)
    notebook.metadata.pop("widgets", None)
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number}"
        for output in cell.get("outputs", ()):
            if "data" in output:
                _drop_scripts(output, number)
    return notebook


def _drop_scripts(output: NotebookNode, cell_number: int) -> None:
    kept = {mimetype: value for mimetype, value in output.data.items() if mimetype in _SHOWN}
    output["data"] = kept or {"text/plain": "(shown only in Jupyter)"}
    for mimetype in {"image/png", "image/jpeg"} & kept.keys():
        described = output.setdefault("metadata", {}).setdefault(mimetype, {})
        described.setdefault("alt", f"Picture that the code of cell {cell_number} draws")
        if "caption" in described:
            output["data"] = {"text/html": _figure(mimetype, output["data"][mimetype], described)}


def _figure(mimetype: str, data: str, described: Mapping[str, str]) -> str:
    """Return the stored picture of a widget, with the sentence that stands below it."""
    image = f'<img src="data:{mimetype};base64,{escape(data)}" alt="{escape(described["alt"])}">'
    note = "(A widget: where a kernel runs, its controls stand above.)"
    return f"<figure>{image}<figcaption>{escape(described['caption'])} {note}</figcaption></figure>"


def _tidied(html: str) -> str:
    """Return a page whose body can ask for nothing, with tables and pictures that a screen reader can follow."""
    soup = BeautifulSoup(html, features="html.parser")
    main = soup.main
    if main is not None:
        for tag in main.find_all(_FORBIDDEN_TAGS):
            tag.decompose()
        for link in main.select("a[href]"):
            if not _SAFE_LINK.match(str(link["href"])):
                del link["href"]
        for area in main.select("div.output_html"):
            if area.find("table"):
                area.attrs |= {"role": "region", "tabindex": "0", "aria-label": "Output: table"}
        for heading in main.find_all("th"):
            _label(heading)
    return str(soup)


def _label(heading: Tag) -> None:
    if not heading.get_text(strip=True):
        heading.name = "td"
    elif "scope" not in heading.attrs:
        heading.attrs["scope"] = "col" if heading.find_parent("thead") else "row"
