"""The parts of a name that CoreDNS' kubernetes plugin tells apart: ``endpoint.service.namespace.svc``, ``_port._proto.…``.

Source: CoreDNS 1.13.1, plugin/kubernetes/parse.go.
"""

from collections.abc import Sequence
from typing import NamedTuple

Keys = tuple[str, str, str]
ANY: Keys = ("", "", "")


class NameParts(NamedTuple):
    """The parts of a name below its zone, in lower case; ``keys`` are endpoint, protocol and port."""

    kind: str = ""
    namespace: str = ""
    service: str = ""
    keys: Keys = ANY


def name_parts(labels: Sequence[str]) -> NameParts | None:
    """Return the parts of the labels below a zone, None where no name has such a form.

    >>> name_parts(["_http", "_tcp", "web", "shop", "svc"]).keys
    ('', 'tcp', 'http')
    """
    kind, namespace, service, *rest = (*reversed(labels), *[""] * (3 - len(labels)))
    if kind not in ("", "svc", "pod") or len(rest) > 2:
        return None
    endpoint, protocol, port = ("", *rest) if len(rest) == 2 else (*rest, "", "", "")[:3]
    keys = endpoint, protocol.removeprefix("_"), port.removeprefix("_")
    return NameParts(kind if namespace else "", namespace, service, keys)
