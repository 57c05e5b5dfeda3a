"""What the text of a rule can hold of a service port: more, and it could be read as another rule.

Source: Kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateService); names are DNS-1123 labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.kube_proxy.service_port import ProxiedPorts, ServicePort
from kubenetlab.visible_text import visible

PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LABEL_TEXT: Final = "at most 63 of a-z, 0-9 and -"
_MAX_AFFINITY_S: Final = 86400
#: What of a service port stands in rules: its field, the API's, whether it may be so, and what it should be.
_CHECKS: Final[tuple[tuple[str, str, Callable[[Any], Any], str], ...]] = (
    ("namespace", "metadata.namespace", _LABEL.fullmatch, _LABEL_TEXT),
    ("name", "metadata.name", _LABEL.fullmatch, _LABEL_TEXT),
    ("port_name", "spec.ports[].name", lambda name: not name or _LABEL.fullmatch(name), _LABEL_TEXT),
    ("protocol", "spec.ports[].protocol", PROTOCOLS.__contains__, "TCP, UDP or SCTP"),
    ("affinity_s", "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
     lambda seconds: seconds is None or 0 < seconds <= _MAX_AFFINITY_S, f"1 to {_MAX_AFFINITY_S} seconds"),
)  # fmt: skip


def check_ports(ports: ProxiedPorts) -> None:
    """Refuse what the API would have refused, before a rule is written of it.

    Raises
    ------
    ManifestError
        If a name, protocol or timeout is not one that the API allows.
    """
    for port, _ in ports:
        refusal = port_refusal(port)
        if refusal:
            raise ManifestError(refusal)


def port_refusal(port: ServicePort) -> Refusal | None:
    """Return what a rule cannot hold of a service port, or None."""
    for name, field, is_right, expected in _CHECKS:
        value = getattr(port, name)
        if not is_right(value):
            about = visible(f"Service {port.namespace:.253}/{port.name:.253}")
            return Refusal("dump", about, field, visible(f"{value!r:.80}"), expected)
    return None
