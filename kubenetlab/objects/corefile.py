"""A Corefile as CoreDNS reads it: server blocks, their directives, and the lines where they stand."""

from __future__ import annotations

from typing import NamedTuple


class Directive(NamedTuple):
    """A plugin's line (``forward . /etc/resolv.conf``), or an option inside its braces, and what stands in its own braces."""

    name: str
    args: tuple[str, ...] = ()
    block: tuple[Directive, ...] = ()
    line: int = 0

    def option(self, name: str) -> Directive | None:
        """Return its last option of that name."""
        return next((option for option in reversed(self.block) if option.name == name), None)


class ServerBlock(NamedTuple):
    """What answers some zones on some ports: its keys (``.:53``, ``dns://example.org``) and directives in the file's order."""

    keys: tuple[str, ...]
    directives: tuple[Directive, ...]
    line: int = 0


class Corefile(NamedTuple):
    """A whole Corefile, imports and snippets put in; ``source`` says where it stood (a path, ``ConfigMap kube-system/coredns``).

    ``missing`` are imports (with a *) of which no file is known.
    """

    blocks: tuple[ServerBlock, ...]
    source: str = "-"
    missing: tuple[str, ...] = ()
