"""The keys of server blocks: transport, zone and port, and which of them no two blocks may share.

Source: coredns v1.13.1, core/dnsserver/register.go (``InspectServerBlocks``), core/dnsserver/address.go,
plugin/normalize.go (``SplitHostPort``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from kubenetlab.objects.corefile import ServerBlock
from kubenetlab.readers.corefile.tokens import Token

#: Ports where a key names none, by transport (plugin/pkg/transport/transport.go).
PORTS: Final = {"dns": 53, "tls": 853, "quic": 853, "grpc": 443, "https": 443, "https3": 443}
_KEY = re.compile(rf"(?:({'|'.join(PORTS)})://)?(.*?)(?::\+?(-?[0-9]{{1,9}}))?", re.DOTALL)
_DOMAIN = re.compile(r"\.|(?=.{1,253}\.?\Z)[^.]{1,63}(?:\.[^.]{1,63})*\.?", re.DOTALL)


def key_parts(key: str) -> tuple[str, str, int]:
    """Return transport, zone and port of a key.

    Examples
    --------
    >>> key_parts("tls://example.org"), key_parts("10.0.0.0/24:1053")
    (('tls', 'example.org', 853), ('dns', '10.0.0.0/24', 1053))
    """
    transport, zone, port = re.fullmatch(_KEY, key).groups()  # type: ignore[union-attr]
    return transport or "dns", zone, int(port or PORTS[transport or "dns"])


def check_keys(blocks: Sequence[ServerBlock], file: str) -> None:
    """Refuse a key that is no zone, and a zone that two blocks serve on one port; they may *bind* other addresses, or have a *view*.

    Raises
    ------
    ManifestError
        As CoreDNS says it.
    """
    seen: dict[str, set[str]] = {}
    for block in blocks:
        hosts = {host for one in block.directives if one.name == "bind" for host in one.args} or {""}
        has_view = any(directive.name == "view" for directive in block.directives)
        for key in block.keys:
            transport, zone, port = key_parts(key)
            token = Token(key, block.line, file)
            if key.endswith(":") or not _DOMAIN.fullmatch(zone) or port not in range(65536):
                raise token.refused("zone is not a valid domain name", "a zone, and a port from 0 to 65535")
            address = f"{transport}://{zone.removesuffix('.')}.:{port}"
            others = seen.setdefault(address, set())
            if others & hosts or (others and "" in others | hosts):
                raise token.refused(f"cannot serve {address} - it is already defined", "one block for it")
            others |= set() if has_view else hosts
