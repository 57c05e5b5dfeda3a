"""How nftables mode spreads a service port's connections: a random map, or chains of endpoints with affinity.

Source: Kubernetes v1.36.2, pkg/proxy/nftables/proxier.go, writeServiceToEndpointRules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubenetlab.kube_proxy.chain_names import nftables_base
from kubenetlab.kube_proxy.nftables_table import NftablesTable
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, ServicePort


def want_endpoints(table: NftablesTable, proxied: ProxiedPort) -> None:
    """Ask for what each reachable endpoint needs: its chain with affinity, and masquerade of its calls to itself."""
    port, chosen = proxied
    for endpoint in chosen.reachable:
        if port.affinity_s is not None:
            table.rewrite_chain(f"endpoint-{_endpoint_base(port, endpoint)}")
        if endpoint.is_local:
            place = f"{endpoint.address} . {endpoint.address} . {port.protocol.lower()} . {endpoint.port}"
            table.add_element("hairpin-connections", place)


def write_balancing(table: NftablesTable, ip: str, proxied: ProxiedPort, base: str) -> None:
    """Write the rules of the chains that hold a service port's endpoints; ``ip`` is ``ip`` or ``ip6``."""
    port, chosen = proxied
    lists = [(f"service-{base}", chosen.cluster), (f"local-{base}", chosen.local)]
    if port.affinity_s is None:
        for chain, endpoints in lists:
            if endpoints:
                table.add_rule(chain, _random_map(ip, port.protocol.lower(), endpoints))
        return
    names = {endpoint.where: _endpoint_base(port, endpoint) for endpoint in chosen.reachable}
    properties = f"{{ type ip{'v4' if ip == 'ip' else 'v6'}_addr ; flags dynamic,timeout ; timeout {port.affinity_s}s ; }}"
    for name in names.values():
        table.rewrite_set(f"affinity-{name}", properties)
    for chain, endpoints in lists:
        for rule in _affinity_rules(ip, [names[endpoint.where] for endpoint in endpoints]):
            table.add_rule(chain, rule)
    for endpoint, name in zip(chosen.reachable, names.values(), strict=True):
        table.add_rule(f"endpoint-{name}", f"update @affinity-{name} {{ {ip} saddr }}")
        table.add_rule(f"endpoint-{name}", f"meta l4proto {port.protocol.lower()} dnat to {endpoint.where}")


def _endpoint_base(port: ServicePort, endpoint: NodeEndpoint) -> str:
    return nftables_base(port.namespace, port.name, port.protocol, port.port_name, endpoint.where)


def _random_map(ip: str, protocol: str, endpoints: Sequence[NodeEndpoint]) -> str:
    places = (f"{endpoint.address} . {endpoint.port}" for endpoint in endpoints)
    return (
        f"meta l4proto {protocol} dnat {ip} addr . port to numgen random mod {len(endpoints)}"
        f" map {{ {_numbered(places)} }}"
    )


def _affinity_rules(ip: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    remembered = [f"{ip} saddr @affinity-{name} goto endpoint-{name}" for name in names]
    jumps = _numbered(f"goto endpoint-{name}" for name in names)
    return [*remembered, f"numgen random mod {len(names)} vmap {{ {jumps} }}"]


def _numbered(values: Iterable[str]) -> str:
    return " , ".join(f"{index} : {value}" for index, value in enumerate(values))
