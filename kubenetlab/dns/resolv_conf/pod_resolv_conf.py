"""The resolv.conf of a pod: what the kubelet decides, and what the container runtime writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.dns import cluster_dns as dns
from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.objects import Pod
from kubenetlab.objects.pod import PodDnsConfig

MAX_NAMESERVERS = 3
MAX_SEARCH_DOMAIN = 253
_MISSING = (
    'kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. '
    'Falling back to "Default" policy.'
)
_NO_DNS = "the kubelet has no clusterDNS"
_NODE = "the node's resolv.conf"
#: Where the lines come from, by the policy that the kubelet follows.
_SOURCES = {
    "None": ("", "", ""),
    "Default": (_NODE, _NODE, _NODE),
    "ClusterFirst": ("clusterDNS", f"metadata.namespace, clusterDomain and {_NODE}", "the kubelet"),
}


#: Whether ExpandedDNSConfig is on (alpha 1.22, beta 1.26, GA 1.28): most search domains, most characters of their list.
LIMITS = {True: (32, 2048), False: (6, 256)}


class DnsEvent(NamedTuple):
    """An event that the kubelet records: its reason and its text."""

    reason: str
    text: str


class PodResolvConf(NamedTuple):
    """A pod's resolv.conf: its parts, its text, the kubelet's events, and the fields that decided each line."""

    nameservers: tuple[str, ...]
    searches: tuple[str, ...]
    options: tuple[str, ...]
    text: str
    events: tuple[DnsEvent, ...] = ()
    because: tuple[str, ...] = ()


class _Parts(NamedTuple):
    """Nameservers, searches, and options: whole texts by name."""

    nameservers: tuple[str, ...]
    searches: tuple[str, ...]
    options: dict[str, str]


def pod_resolv_conf(  # noqa: PLR0913 - each is a setting of the kubelet
    pod: Pod,
    *,
    cluster: Cluster | None = None,
    cluster_dns: Iterable[str] = (),
    cluster_domain: str | None = None,
    host_resolv_conf: str | None = "",
    expanded: bool = True,
) -> PodResolvConf:
    """Return the resolv.conf that a pod gets.

    Parameters
    ----------
    pod
        The pod. For the pods that a workload would make, ``Pod(metadata=Metadata(name, namespace), spec=template.spec)``.
    cluster
        Whose settings ``cluster_dns`` and ``cluster_domain`` hold where the arguments do not say them.
    cluster_dns
        The kubelet's ``clusterDNS``; where nothing says it, pods with the policy ClusterFirst get the node's file.
    cluster_domain
        The kubelet's ``clusterDomain``: ``""`` for none, None for the cluster's setting, else ``cluster.local``.
    host_resolv_conf
        The text of the file that the kubelet's ``resolvConf`` names; None where that setting is empty.
    expanded
        Whether the limits are those of 1.26 and later: 32 domains and 2,048 characters, before 6 and 256.

    Raises
    ------
    ManifestError
        If a ``nameserver`` line of the node's file holds no address: the kubelet refuses it, and the pod does not start.

    Notes
    -----
    The kubelet keeps options that it merges in a map, so that their order is random; here it is that of the fields.
    The text has the order of containerd and CRI-O: search, nameserver, options; dockershim wrote nameservers first.
    Where all three are empty, the runtime copies the node's file. Not modelled: Windows.

    References
    ----------
    .. [1] kubernetes, pkg/kubelet/network/dns/dns.go; options lines add up since PR 112414, before the last one won.
    .. [2] containerd, internal/cri/server, parseDNSOptions; CRI-O, ParseDNSOptions.
    """
    domain = dns.cluster_domain(cluster) if cluster_domain is None else cluster_domain
    servers = tuple(cluster_dns) or dns.dns_addresses(cluster)
    host = _parsed(host_resolv_conf or "")
    policy, because = _acting_policy(pod, servers)
    events = list(_host_events(host.searches, *LIMITS[expanded], reserved=3 if domain else 0))
    if because.endswith(_NO_DNS):
        events.append(DnsEvent("MissingClusterDNS", _MISSING))
    node = _no_file(pod) if host_resolv_conf is None and policy == "Default" else host
    parts = _by_policy(policy, pod, node, servers, domain)
    if pod.spec.dns_config:
        parts = _merged(parts, pod.spec.dns_config)
    nameservers, searches = parts.nameservers[:MAX_NAMESERVERS], _fitting(parts.searches, *LIMITS[expanded])
    events += _omissions(parts, nameservers, searches)
    options = tuple(parts.options.values())
    text = _text(nameservers, searches, options) or host_resolv_conf or ""
    return PodResolvConf(
        nameservers, searches, options, text, tuple(events), (because, *_reasons(policy, pod))
    )


def _parsed(text: str) -> _Parts:
    """Read the node's file as parseResolvConf does: searches overrule, nameservers and options add up."""
    nameservers: list[str] = []
    searches: list[str] = []
    options: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        keyword, *words = line.split() or [""]
        if keyword == "nameserver":
            if not words:
                place = Refusal("resolv.conf of the node", f"line {number}", keyword, "nothing", "an address")
                raise ManifestError(place)
            nameservers.append(words[0])
        elif keyword == "search":
            searches = [word.removesuffix(".") for word in words if word != "."]
        elif keyword == "options":
            options |= {word.partition(":")[0]: word for word in words}
    return _Parts(tuple(nameservers), tuple(searches), options)


def _acting_policy(pod: Pod, servers: tuple[str, ...]) -> tuple[str, str]:
    """The policy that the kubelet follows, and why."""
    policy = pod.spec.dns_policy
    if policy == "ClusterFirst" and pod.spec.host_network:
        return "Default", "hostNetwork: true: dnsPolicy ClusterFirst acts as Default"
    if policy not in ("None", "Default") and not servers:
        return "Default", f"dnsPolicy {policy} acts as Default: {_NO_DNS}"
    return policy, f"dnsPolicy {policy}"


def _no_file(pod: Pod) -> _Parts:
    """What stands for no file: a loopback address for each of the node's addresses."""
    ips = [entry.ip for entry in pod.status.host_ips] or [pod.status.host_ip]
    return _Parts(tuple("::1" if ":" in ip else "127.0.0.1" for ip in ips), (".",), {})


def _by_policy(policy: str, pod: Pod, node: _Parts, servers: tuple[str, ...], domain: str) -> _Parts:
    if policy in ("None", "Default"):
        return node if policy == "Default" else _Parts((), (), {})
    own = (f"{pod.metadata.namespace}.svc.{domain}", f"svc.{domain}", domain)
    searches = tuple(dict.fromkeys((*own, *node.searches))) if domain else node.searches
    return _Parts(servers, searches, {"ndots": "ndots:5"})


def _merged(parts: _Parts, config: PodDnsConfig) -> _Parts:
    """Append dnsConfig without duplicates; of an option the pod's value wins."""
    options = {name: text.partition(":")[2] for name, text in parts.options.items()}
    options |= {option.name: option.value for option in config.options}
    return _Parts(
        tuple(dict.fromkeys((*parts.nameservers, *config.nameservers))),
        tuple(dict.fromkeys((*parts.searches, *config.searches))),
        {name: f"{name}:{value}" if value else name for name, value in options.items()},
    )


def _fitting(searches: tuple[str, ...], most: int, n_characters: int) -> tuple[str, ...]:
    """Keep the first domains, none that is too long, and of these as many as fit a line."""
    kept = [name for name in searches[:most] if len(name) <= MAX_SEARCH_DOMAIN]
    while len(" ".join(kept)) > n_characters:
        kept.pop()
    return tuple(kept)


def _omissions(parts: _Parts, nameservers: tuple[str, ...], searches: tuple[str, ...]) -> Iterator[DnsEvent]:
    lines = (
        ("Nameserver limits were exceeded, some nameservers", "nameserver", parts.nameservers, nameservers),
        ("Search Line limits were exceeded, some search paths", "search", parts.searches, searches),
    )
    for what, line, wanted, kept in lines:
        if kept != wanted:
            text = f"{what} have been omitted, the applied {line} line is: {' '.join(kept)}"
            yield DnsEvent("DNSConfigForming", text)


def _host_events(
    searches: tuple[str, ...], most: int, n_characters: int, *, reserved: int
) -> Iterator[DnsEvent]:
    """Yield what the kubelet records of the node's file when it starts: the first limit that is exceeded."""
    longest, most = max(map(len, searches), default=0), most - reserved
    if len(searches) > most:
        what = f"search line consisting of more than {most} domains!"
    elif longest > MAX_SEARCH_DOMAIN:
        what = f"a search path which length is more than allowed {MAX_SEARCH_DOMAIN} chars!"
    elif len(" ".join(searches)) > n_characters:
        what = f"search line which length is more than allowed {n_characters} chars!"
    else:
        return
    yield DnsEvent("CheckLimitsForResolvConf", f"Resolv.conf file contains {what}")


def _reasons(policy: str, pod: Pod) -> Iterator[str]:
    """Yield which fields decided each line."""
    sources = _SOURCES.get(policy, _SOURCES["ClusterFirst"])
    for field, source in zip(("nameservers", "searches", "options"), sources, strict=True):
        added = f"dnsConfig.{field}" if pod.spec.dns_config and getattr(pod.spec.dns_config, field) else ""
        yield f"{field}: {' and '.join(filter(None, (source, added))) or 'none'}"


def _text(nameservers: tuple[str, ...], searches: tuple[str, ...], options: tuple[str, ...]) -> str:
    lines = [f"search {' '.join(searches)}"] if searches else []
    lines += [f"nameserver {address}" for address in nameservers]
    lines += [f"options {' '.join(options)}"] if options else []
    return "".join(f"{line}\n" for line in lines)
