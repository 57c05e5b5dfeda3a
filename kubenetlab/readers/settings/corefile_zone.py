"""The cluster domain in a Corefile: the zone of the kubernetes plugin."""

from __future__ import annotations

_REVERSE = (".arpa", ".arpa.")


def cluster_zone(corefile: str) -> str | None:
    r"""Return the first forward zone of the kubernetes plugin, or of the server block around it; None without one.

    Source: coredns plugin/kubernetes/setup.go (zones default to those of the server block).

    Examples
    --------
    >>> cluster_zone(".:53 {\n  kubernetes cluster.local in-addr.arpa ip6.arpa {\n    pods insecure\n  }\n}")
    'cluster.local'
    """
    depth = 0
    header: list[str] = []
    for line in corefile.splitlines():
        words = line.partition("#")[0].split()
        if depth == 0 and words:
            header = words
        if depth == 1 and words[:1] == ["kubernetes"]:
            return _first_zone(words[1:]) or _first_zone(header)
        depth += words.count("{") - words.count("}")
    return None


def _first_zone(words: list[str]) -> str | None:
    zones = (word.strip(",").partition("://")[2] or word.strip(",") for word in words if word not in "{}")
    names = (zone.partition(":")[0].rstrip(".") for zone in zones)
    return next((name for name in names if name and not f"{name}.".endswith(_REVERSE)), None)
