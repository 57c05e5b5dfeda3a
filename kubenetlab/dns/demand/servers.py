"""Who looks names up, and who answers: pods with their resolv.conf, CoreDNS without its caches, servers outside."""

from collections.abc import Hashable
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import cluster_domain, dns_addresses
from kubenetlab.dns.corefile.cluster_servers import ASSUMED_DNS, cluster_servers
from kubenetlab.dns.corefile.upstream import outside_names, public_names
from kubenetlab.dns.demand.setup import DnsSetup
from kubenetlab.dns.records.udp import PLAIN_BYTES, answer_bytes
from kubenetlab.dns.resolv_conf.pod_resolv_conf import pod_resolv_conf
from kubenetlab.dns.resolvers.candidates import candidates_of
from kubenetlab.dns.resolvers.configuration import literal, read_configuration
from kubenetlab.dns.resolvers.lookups import HostAddresses, Lookup, lookup
from kubenetlab.dns.resolvers.resolvers import rules_of
from kubenetlab.objects import Metadata, Pod
from kubenetlab.objects.corefile import Corefile
from kubenetlab.objects.dns_message import Answer, Ask, Reply, Sent, Upstream
from kubenetlab.objects.name_inventory import NameInventory, NameRate
from kubenetlab.objects.pod import PodDnsConfig, PodSpec, PodStatus

#: dnsPolicy and hostNetwork of pods that ask other servers than the cluster's: the node's, or those that the pod names (None).
_ELSEWHERE = {
    ("ClusterFirst", True),
    *((policy, on_host) for policy in ("Default", "None") for on_host in (False, True)),
}
_ADDRESSES = ("192.0.2.1", "2001:db8::1")  # for documentation: RFC 5737, RFC 3849
_STAND_INS = int(ip_address("240.0.0.1"))  # addresses that nobody has: RFC 1112, section 4
_SEES_CLIENTS = ("autopath", "template")  # plugins whose answers depend on who asks
_REPLY_S = 0.001  # any time does: that of caches and networks is added where it is known


class Client(NamedTuple):
    """What decides a lookup.

    ``source`` is empty where CoreDNS sees no pod's address; ``is_outside``: whether the pod asks other servers than the cluster's.
    """

    name: str
    resolv_conf: str
    resolver: str
    family: str
    source: str
    is_outside: bool

    def look_up(self, ask: Ask) -> Lookup:
        """Return its lookup at a server."""
        host, by = HostAddresses(address=self.source), self.resolver
        return lookup(self.name, self.resolv_conf, resolver=by, ask=ask, family=self.family, host=host)


def client_of(cluster: Cluster, entry: NameRate, setup: DnsSetup) -> Client:
    """Return the client that stands for an entry's pods, of which the cluster has some (`with_clients`)."""
    text, kind = setup.resolv_conf, (entry.dns_policy, entry.host_network)
    if text is None:
        dns = dns_addresses(cluster) or (ASSUMED_DNS,)
        about = entry.namespace, kind, entry.dns_config
        text = _resolv_conf(dns, cluster_domain(cluster), setup.host_resolv_conf, about)
    is_outside = setup.resolv_conf is None and kind in _ELSEWHERE
    source = "" if setup.node_local or entry.host_network else _addresses(cluster).get(entry.namespace, "")
    text = f"{text.rstrip()}\n{setup.more_resolv_conf}"
    return Client(entry.name, text, entry.resolver, entry.family, source, is_outside)


@lru_cache(maxsize=256)
def _resolv_conf(
    dns: tuple[str, ...], domain: str, host: str, about: tuple[str, tuple[str, bool], PodDnsConfig | None]
) -> str:
    namespace, (policy, is_on_host), config = about
    spec = PodSpec(dns_policy=policy, host_network=is_on_host, dns_config=config)
    pod = Pod(metadata=Metadata(name="client", namespace=namespace), spec=spec)
    return pod_resolv_conf(pod, cluster_dns=dns, cluster_domain=domain, host_resolv_conf=host).text


@lru_cache(maxsize=2)
def _addresses(cluster: Cluster) -> dict[str, str]:
    """Return the address of some pod by namespace: autopath knows the namespace by it."""
    pods = (pod for pod in reversed(cluster.pods) if not (pod.has_finished or pod.is_terminating))
    return {pod.metadata.namespace: pod.ips[0] for pod in pods if pod.ips and not pod.spec.host_network}


@lru_cache(maxsize=1)
def with_clients(cluster: Cluster, namespaces: frozenset[str]) -> Cluster:
    """Return a cluster in which every one of some namespaces has a pod: an invented one where the dump shows none."""
    missing = sorted(namespaces - _addresses(cluster).keys())
    about = (Metadata(name="client", namespace=namespace) for namespace in missing)
    addresses = (PodStatus(pod_ip=str(ip_address(_STAND_INS + at))) for at in range(len(missing)))
    stand_ins = (Pod(metadata=one, status=status) for one, status in zip(about, addresses, strict=True))
    return cluster.with_(pods=(*cluster.pods, *stand_ins)) if missing else cluster


class UncachedServer:
    """CoreDNS with empty caches: the same question of the same client has always the same answer."""

    def __init__(self, cluster: Cluster, corefile: Corefile, upstream: Upstream) -> None:
        self.corefile = corefile
        self._upstream = upstream
        self._sent_on: set[tuple[str, str]] = set()
        self._core_dns = cluster_servers(cluster, corefile, self._counted).core_dns
        plugins = {one.name for block in corefile.blocks for one in block.directives}
        self._sees_clients = not plugins.isdisjoint(_SEES_CLIENTS)
        self._said: dict[Sent, tuple[Reply, int]] = {}
        self._lookups: dict[Client, Lookup] = {}
        self._shapes: dict[Client, Hashable] = {}
        self._finds: dict[Hashable, bool] = {}

    def answers_as(self, corefile: Corefile) -> bool:
        """Return whether a Corefile makes the same answers: it is this one, but for its caches."""
        return _cacheless(corefile) == _cacheless(self.corefile)

    def say(self, sent: Sent, is_outside: bool = False) -> tuple[Reply, int]:
        """Return what it says, and how many queries it sends upstream for that, without those for questions of its own.

        ``is_outside``: the server outside was asked instead.
        """
        if is_outside:
            return Reply(self._upstream(sent.name, sent.type), _REPLY_S, "outside"), 0
        source = sent.source if self._sees_clients else ""
        whole = Sent(sent.name, sent.type, transport="tcp", source=source)
        question = whole._replace(transport=sent.transport, has_edns=sent.has_edns)
        if question not in self._said:
            said = self.say(whole) if question != whole else None
            fits = said and answer_bytes(said[0].answer, sent.name) <= PLAIN_BYTES
            self._said[question] = said if said and fits else self._asked(question)
        return self._said[question]

    def _asked(self, question: Sent) -> tuple[Reply, int]:
        self._sent_on.clear()
        reply = self._core_dns.ask(question)._replace(after_s=_REPLY_S)
        n_upstream = len(self._sent_on)
        own = sum(self.say(Sent(*asked))[1] for asked in reply.answer.internal_queries)
        return reply, n_upstream - own

    def ask_of(self, client: Client) -> Ask:
        """Return what a client's queries reach."""
        return lambda sent: self.say(sent, client.is_outside)[0]

    def lookup(self, client: Client) -> Lookup:
        """Return a client's lookup; each is made once."""
        if client not in self._lookups:
            self._lookups[client] = client.look_up(self.ask_of(client))
        return self._lookups[client]

    def shape(self, client: Client) -> Hashable:
        """Return what decides a client's lookup: those with the same ask as often, wait as long, and find something or not."""
        rules, configuration = (
            rules_of(client.resolver),
            read_configuration(client.resolv_conf, client.resolver),
        )
        has_edns = "edns0" in configuration.flags
        is_known = client.name.lower() == "localhost" or literal(client.name, rules)
        told: list[str | bool] = [client.name] if is_known else []
        for candidate, is_as_is in candidates_of(client.name, configuration, rules):
            for type in ("A", "AAAA"):
                sent = Sent(candidate, type, source=client.source, has_edns=has_edns)
                answer = self.say(sent, client.is_outside)[0].answer
                has_address = any(record.type == type for record in answer.answer)
                told += is_as_is, answer.verdict, has_address, answer.is_truncated
        return client.resolver, client.family, configuration._replace(search=()), *told

    def finds(self, client: Client) -> bool:
        """Return whether a client's lookup finds an address."""
        if (shape := self._shapes.get(client)) is None:
            shape = self._shapes[client] = self.shape(client)
        if shape not in self._finds:
            self._finds[shape] = bool(self.lookup(client).addresses)
        return self._finds[shape]

    def _counted(self, name: str, type: str) -> Answer:
        self._sent_on.add((name, type))
        return self._upstream(name, type)


def _cacheless(corefile: Corefile) -> Corefile:
    blocks = (
        block._replace(directives=tuple(one for one in block.directives if one.name != "cache"))
        for block in corefile.blocks
    )
    return corefile._replace(blocks=tuple(blocks))


def inventory_upstream(cluster: Cluster, inventory: NameInventory) -> Upstream:
    """Return an upstream server that knows the inventory's names: those that exist have an A and an AAAA record.

    Where an entry does not say whether its name exists, `public_names` do, targets of ExternalNames among them.
    """
    targets = [one.spec.external_name for one in cluster.services if one.spec.external_name]
    public = public_names([*(entry.name for entry in inventory.entries), *targets], cluster)
    exists = (
        (one.name, one.name in public if one.exists is None else one.exists) for one in inventory.entries
    )
    known = {name: _ADDRESSES for name in targets if name in public}
    return outside_names(known | {name: _ADDRESSES for name, is_there in exists if is_there})
