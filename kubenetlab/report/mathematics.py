"""TeX in a notebook becomes MathML, which browsers draw without a script."""

from html import escape
from typing import Any

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer


def mathml(tex: str, display: str = "inline") -> str:
    """Return MathML for a formula, or the formula as code where it cannot be read.

    Parameters
    ----------
    tex
        The formula without dollar signs.
    display
        ``inline`` or ``block``.
    """
    try:
        return str(convert(tex.strip(), display=display))
    except Exception:  # latex2mathml raises many kinds for what it does not know
        return f"<code>{escape(tex)}</code>"


def latex_output(tex: str) -> str:
    """Return MathML for the text of a ``text/latex`` output, with or without its dollar signs."""
    return mathml(tex.strip().strip("$"), "block")


class MathRenderer(IPythonRenderer):
    """nbconvert's renderer of Markdown, with formulas as MathML."""

    def block_math(self, body: str) -> str:
        """Return a formula on lines of its own."""
        return mathml(body, "block")

    def inline_math(self, body: str) -> str:
        """Return a formula inside a line."""
        return mathml(body)

    def latex_environment(self, name: str, body: str) -> str:
        r"""Return what stands between ``\begin{name}`` and ``\end{name}``."""
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def block_mermaidjs(self, code: str) -> Any:
        """Return a Mermaid diagram as its source: drawing it needs a script."""
        return f"<pre>{escape(code)}</pre>"
