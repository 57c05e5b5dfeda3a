"""The /etc/hosts of a pod, which its resolver reads before it asks anybody."""

from __future__ import annotations

from collections import defaultdict

from kubenetlab.objects import Pod

_LOOPBACK = "127.0.0.1 localhost ::1 localhost ::1 ip6-localhost ::1 ip6-loopback"
_ALWAYS = f"{_LOOPBACK} fe00:: ip6-localnet fe00:: ip6-mcastprefix fe00::1 ip6-allnodes fe00::2 ip6-allrouters".split()
_LONGEST = 63


def pod_hosts(pod: Pod, cluster_domain: str) -> dict[str, tuple[str, ...]]:
    """Return the addresses in the file that the kubelet writes, by name in lower case.

    It holds the pod's own name for each of its addresses, with ``subdomain`` also the long one, and ``hostAliases``. A pod on
    the host's network has the node's own file with the aliases: of that only localhost is known.

    References
    ----------
    .. [1] kubernetes, pkg/kubelet/kubelet_pods.go, managedHostsFileContent, GeneratePodHostNameAndDomain.
    """
    spec = pod.spec
    name = (spec.hostname or pod.metadata.name)[:_LONGEST].rstrip("-.")
    long = f"{name}.{spec.subdomain}.{pod.metadata.namespace}.svc.{cluster_domain}"
    entries = list(zip(_ALWAYS[1::2], _ALWAYS[::2], strict=True))
    for ip in () if spec.host_network else pod.ips:
        entries += [(own, ip) for own in ([long, name] if spec.subdomain else [name])]
    entries += [(alias, entry.ip) for entry in spec.host_aliases for alias in entry.hostnames]
    by_name: dict[str, dict[str, None]] = defaultdict(dict)
    for known, ip in entries:
        by_name[known.lower()][ip] = None
    return {known: tuple(ips) for known, ips in by_name.items()}
