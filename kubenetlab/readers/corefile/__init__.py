"""Corefiles: read as CoreDNS reads them, and written back.

Source: coredns/caddy v1.1.1, caddyfile/parse.go; coredns v1.13.1, core/dnsserver/register.go. Not modelled: environment
variables (there is no environment to read them from: refused), files to import that nobody handed in (refused; a glob
that matches none of them is fine, as in CoreDNS).
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.corefile import Corefile, Directive
from kubenetlab.readers.cluster_reader import read_bytes
from kubenetlab.readers.corefile.keys import check_keys
from kubenetlab.readers.corefile.parse import DIRECTIVES, Parser
from kubenetlab.readers.corefile.tokens import quoted
from kubenetlab.readers.plan_request import bounded_source

__all__ = ["DIRECTIVES", "corefile_from_text", "corefile_of_config_map", "format_corefile", "read_corefile"]

MAX_BYTES = 4 << 20  # a ConfigMap holds 1 MiB at most
_OBJECTS = re.compile(r"^[\s{]*\"?(?:kind|apiVersion|items|metadata|data)\"?\s*:", re.MULTILINE)


def read_corefile(source: str | os.PathLike[str], *, imports: Mapping[str, str] | None = None) -> Corefile:
    """Read a Corefile.

    Parameters
    ----------
    source
        A file, ``-`` for standard input: a Corefile, or a dump (JSON, YAML) with the ConfigMap that holds it.
    imports
        As in ``corefile_from_text``; of a dump the ConfigMap ``coredns-custom`` (k3s, AKS) answers too.

    Raises
    ------
    UnreadableError
        If it cannot be read, is too large (4 MiB), or a dump has no Corefile or several.
    ManifestError
        If CoreDNS refuses it; it names the line.
    """
    name, data = bounded_source(source, MAX_BYTES, "a Corefile")
    text = data.decode("utf-16" if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8", "replace")
    if not _OBJECTS.search(text):
        return corefile_from_text(text, name, imports=imports)
    maps = {found.metadata.full_name: found.data for found in read_bytes(name, data).config_maps}
    holders = [found for found in maps if "Corefile" in maps[found]]
    if len(holders) != 1:
        raise UnreadableError(f"{name}: found {len(holders)} ConfigMaps with a Corefile, expected one")
    return corefile_of_config_map(holders[0], maps, imports=imports)


def corefile_of_config_map(
    name: str, config_maps: Mapping[str, Mapping[str, str]], *, imports: Mapping[str, str] | None = None
) -> Corefile:
    """Read the Corefile of a ConfigMap.

    Parameters
    ----------
    name, config_maps
        ``namespace/name`` of the ConfigMap, and the data of all by such names: ``coredns-custom`` (k3s, AKS) beside it holds
        what the Corefile imports.
    imports
        As in ``corefile_from_text``.

    Raises
    ------
    ManifestError
        If CoreDNS refuses it; it names the line.
    """
    custom = config_maps.get(name.partition("/")[0] + "/coredns-custom", {})
    text = config_maps[name]["Corefile"]
    return corefile_from_text(text, f"ConfigMap {name}", imports={**custom, **(imports or {})})


def corefile_from_text(text: str, name: str = "-", *, imports: Mapping[str, str] | None = None) -> Corefile:
    r"""Read a Corefile from its text.

    Parameters
    ----------
    text, name
        The Corefile, and what messages call it.
    imports
        Texts that ``import`` finds, by path or by the last part of it (``log.override``).

    Returns
    -------
    The Corefile with imports put in place; what was imported from a text has the line of its ``import``.

    Raises
    ------
    ManifestError
        If CoreDNS refuses it (``found`` is its own text), or it is too large.

    Examples
    --------
    >>> corefile_from_text(".:53 {\n  cache 30\n}").blocks[0].directives[0]
    Directive(name='cache', args=('30',), block=(), line=2)
    """
    parser = Parser(text, name, imports or {})
    blocks = parser.blocks()
    check_keys(blocks, name)
    return Corefile(blocks, name, tuple(parser.missing))


def format_corefile(corefile: Corefile) -> str:
    r"""Return the text of a Corefile: a directive a line, four spaces for each pair of braces.

    Raises
    ------
    ValueError
        If a word of it is one that no Corefile can hold, such as a brace.

    Examples
    --------
    >>> print(format_corefile(corefile_from_text("example.org\nwhoami")))
    example.org {
        whoami
    }
    <BLANKLINE>
    """
    lines: list[str] = []
    for block in corefile.blocks:
        *keys, last = block.keys
        head = " ".join([*(quoted(f"{key},") for key in keys), quoted(last, "{"), "{"])
        lines += [*[""] * bool(lines), head, *_lines(block.directives, 1), "}"]
    return "\n".join([*lines, ""])


def _lines(directives: Iterable[Directive], depth: int) -> Iterator[str]:
    for directive in directives:
        words = " ".join(map(quoted, (directive.name, *directive.args)))
        yield "    " * depth + words + " {" * bool(directive.block)
        if directive.block:
            yield from _lines(directive.block, depth + 1)
            yield "    " * depth + "}"
