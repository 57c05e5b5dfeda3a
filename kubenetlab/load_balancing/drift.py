"""Where a node's rules do something else than the dump says they must: meaning is compared, never text.

The rules may be of any mode, layout and release; every release that the node may run is granted its own choice of
endpoints, and probabilities their rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from ipaddress import ip_address

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.kube_proxy.node_settings import proxy_settings
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.load_balancing.dispatch import reading
from kubenetlab.load_balancing.drift_comparison import Difference, Drift, compared
from kubenetlab.load_balancing.drift_promises import Promise, promises, releases_meant
from kubenetlab.load_balancing.drift_sightings import RuleEyes, ServerEyes
from kubenetlab.load_balancing.drift_strangers import Strangers
from kubenetlab.load_balancing.hooks import with_hooks
from kubenetlab.load_balancing.judgement_chains import unhooked
from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.objects.virtual_servers import VirtualServers
from kubenetlab.result import Basis, Result

Unread = Callable[[str], bool]
_OF_SERVICE_PORTS = (Drift.NO_SERVICE_PORT, Drift.STALE_SERVICE_PORT)


def drift(
    cluster: Cluster, node_name: str, rules: RuleSet | VirtualServers, settings: ProxySettings | None = None
) -> Result:
    """Compare what a node's rules do with what the dump says they must.

    Every destination of every service port is asked (ClusterIP, external IPs, load balancer IPs, node port), by a
    client outside of the cluster, and whether packets of pods and of the node come to kube-proxy's chains at all. Not
    compared: what rules do for certain pods, who is masqueraded, whether a refusal is a reject or a drop, and Services
    of which the dump's reader left something out. The selection of endpoints and the walk were checked against
    recordings of kube-proxy v1.36.2, older releases' choices against their source.

    Parameters
    ----------
    cluster
        The dump.
    node_name
        The node whose rules these are.
    rules
        As ``read_rules`` returns them; IPv6 rules are compared with the Services' IPv6 addresses.
    settings
        How kube-proxy runs there; from the dump where not given.

    Returns
    -------
    A Result; its frame has one row a difference (all text): drift (a value of ``Drift``), service_port, destination
    (all that show the difference), endpoint, where (chain, line or virtual server), found, expected, sentence.
    Without a difference it has no rows. ``because`` says first how many destinations were compared, of how many, then
    how, and what the rules could not show.

    Raises
    ------
    NotFoundError
        If the cluster has no such node.
    ManifestError
        If the rules jump in circles, or chains are nested too deep.
    """
    is_ipvs = isinstance(rules, VirtualServers)
    if settings is None:
        settings = proxy_settings(cluster, node_name, mode=_mode(rules))
    versions = _versions(rules)
    unread = _unread(cluster)
    owed = [
        promise
        for version in versions
        for promise in promises(cluster, settings, version, falls_back=is_ipvs)
        if not unread(promise.service)
    ]
    local = (*settings.node_ips, "127.0.0.1", "::1")
    strangers, unshown = Strangers(cluster, owed), []
    with reading(rules) if isinstance(rules, RuleSet) else nullcontext():
        eyes = RuleEyes(rules, local) if isinstance(rules, RuleSet) else ServerEyes(rules, local)
        found: list[Difference] = list(_stale_service_ports(cluster, owed, eyes, unread))
        found += _unhooked(rules) if isinstance(rules, RuleSet) and owed else ()
        for promise in owed:
            differences = compared(
                promise, eyes.see(promise), strangers, is_excerpt=_is_excerpt(rules, promise)
            )
            found += differences or []
            unshown += [promise.text] if differences is None else []
    if not cluster.has_endpoint_data:
        found = [difference for difference in found if difference.drift in _OF_SERVICE_PORTS]
    rows = _merged(found)
    return Result(
        title=f"Drift of node {node_name}",
        _frame=pd.DataFrame(rows, columns=list(Difference._fields), dtype="str"),
        assumptions=tuple(s for s in cluster.settings.values() if s.name == "kubernetes_version"),
        because=tuple(_because(cluster, owed, unshown, rules.missing)),
        basis=Basis.SOURCE,
    )


def _unread(cluster: Cluster) -> Unread:
    """Return a test for the names of Services of which the dump's reader left something out.

    A slice that was not read tells its Service by its name alone; rules that name no Service may be any of theirs.
    """
    words = [refusal.object.split(" ", 1) for refusal in cluster.provenance.refused]
    slices = tuple(word[1] for word in words if word[0] == "EndpointSlice" and word[1:])
    names = {word[1] for word in words if word[0] in ("Service", "Endpoints") and word[1:]}
    names |= {""} if names else set()
    return lambda service: service in names or any(name.startswith(f"{service}-") for name in slices)


def _unhooked(rules: RuleSet) -> Iterator[Difference]:
    """Yield the hooks whose jump to kube-proxy's chains is not there."""
    for remark in unhooked(with_hooks(rules)):
        where, expected = f"{remark.table} {remark.chain}", "a way to kube-proxy's chains"
        yield Difference(Drift.NO_HOOK, "", "", "", where, "none", expected, remark.sentence)


def _is_excerpt(rules: RuleSet | VirtualServers, promise: Promise) -> bool:
    """Return whether the text may lack the rules of a destination: iptables refuses in table filter alone."""
    table = "nat" if promise.answers[0].endpoints else "filter"
    is_absent = isinstance(rules, RuleSet) and rules.form.startswith("iptables") and table not in rules.tables
    return bool(rules.missing) or is_absent


def _mode(rules: RuleSet | VirtualServers) -> str:
    if isinstance(rules, VirtualServers):
        return "ipvs"
    return "nftables" if rules.form.startswith("nft") else "iptables"


def _versions(rules: RuleSet | VirtualServers) -> tuple[int, ...]:
    if isinstance(rules, RuleSet):
        return (rules.version,)
    return tuple(sorted({ip_address(server.address).version for server in rules.servers})) or (4,)


def _stale_service_ports(
    cluster: Cluster, owed: list[Promise], eyes: RuleEyes | ServerEyes, unread: Unread
) -> Iterator[Difference]:
    """Yield the destinations that the rules name and no Service has."""
    known = {promise.key for promise in owed}
    known |= {(p.key[0], "", p.proxied.service_port.node_port) for p in owed}
    for (protocol, address, number), port, where in eyes.named():
        is_known = (protocol, address, number) in known or _has_address(cluster, address, number)
        if is_known or unread(port.partition(":")[0]):
            continue
        known.add((protocol, address, number))
        to = f"{address or 'node port'}:{number}/{protocol}"
        uses = cluster.address_index.get(address, ())
        owners = [f"{address} is the {use.role} of {use.object}, which has no such port" for use in uses]
        who = next(iter(owners), "no Service of the dump has it")
        sentence = f"the rules take connections to {to}, but {who}"
        yield Difference(Drift.STALE_SERVICE_PORT, port, to, "", where, "a rule", "no rule", sentence)


def _has_address(cluster: Cluster, address: str, number: int) -> bool:
    """Return whether a load balancer has an address of ipMode Proxy: older releases write rules for it."""
    return any(
        place.ip == address and any(port.port == number for port in service.spec.ports)
        for service in cluster.services
        for place in service.status.load_balancer.ingress
        if address
    )


def _merged(found: list[Difference]) -> list[Difference]:
    """Join the differences that several destinations of a service port show."""
    destinations: dict[Difference, list[str]] = {}
    for difference in found:
        destinations.setdefault(difference._replace(destination=""), []).append(difference.destination)
    return [d._replace(destination=", ".join(dict.fromkeys(texts))) for d, texts in destinations.items()]


def _because(
    cluster: Cluster, owed: list[Promise], unshown: list[str], missing: tuple[str, ...]
) -> Iterator[str]:
    ports = {promise.proxied.service_port.full_name for promise in owed}
    n_seen = len(owed) - len(unshown)
    yield f"of {len(owed)} destinations of {len(ports)} service ports in the dump {n_seen} could be compared"
    yield "compared by connections from outside of the cluster, not by those of pods and nodes; masquerading is not compared"
    choosing = " or ".join(releases_meant(cluster))
    yield f"endpoints are accepted as kube-proxy {choosing} chooses them: it may be older than the API server"
    if not cluster.has_endpoint_data:
        yield "no EndpointSlices or Endpoints in this dump: only service ports were compared"
    left_out = [r.object for r in cluster.provenance.refused if r.object.startswith(("Service ", "Endpoint"))]
    if left_out:
        yield f"not compared is what the dump's reader left out: {len(left_out)}, such as {left_out[0]}"
    if unshown:
        yield f"the rules cannot show {len(unshown)} destinations, such as {unshown[0]}"
    yield from (f"the rules lack: {text}" for text in missing)
