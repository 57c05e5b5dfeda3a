"""How people call kinds: the API's name, its plural, kubectl's short names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from kubenetlab.errors import NotFoundError
from kubenetlab.objects import KINDS, Kind

#: kubectl's short names (``kubectl api-resources``).
SHORT_NAMES: Mapping[str, str] = {
    "no": "Node",
    "ns": "Namespace",
    "po": "Pod",
    "svc": "Service",
    "ep": "Endpoints",
    "netpol": "NetworkPolicy",
    "ing": "Ingress",
    "ip": "IPAddress",
    "cm": "ConfigMap",
    "deploy": "Deployment",
    "sts": "StatefulSet",
    "ds": "DaemonSet",
    "rs": "ReplicaSet",
    "cj": "CronJob",
    "cn": "CiliumNode",
    "nnc": "NodeNetworkConfig",
}
_PLURALS = frozenset(kind.plural for kind in KINDS)


def kind_called(word: str) -> Kind | None:
    """Return the kind of a word, or None: ``pods``, ``Pod``, ``po``, ``endpoint_slices``, ``endpointslices``.

    >>> kind_called("netpol").plural
    'network_policies'
    """
    return _kinds_by_word().get(_plain(word))


def plural_called(word: str) -> str:
    """Return the plural, which is the name of a Cluster's attribute, of the kind that a word means.

    Raises
    ------
    NotFoundError
        If it means no kind.
    """
    if word in _PLURALS:
        return word
    kind = kind_called(str(word))
    if kind is None:
        raise NotFoundError(
            f"{word!r} is not a kind that kubenetlab reads; there are {', '.join(sorted(_PLURALS))}"
        )
    return kind.plural


@cache
def _kinds_by_word() -> Mapping[str, Kind]:
    by_name = {kind.kind: kind for kind in KINDS}
    short = {word: by_name[name] for word, name in SHORT_NAMES.items()}
    return short | {_plain(name): kind for kind in KINDS for name in (kind.kind, kind.plural)}


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")
