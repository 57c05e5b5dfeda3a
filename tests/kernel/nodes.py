"""Nodes for the real kernel: Services as kube-proxy sees them, and real traffic through their rules."""

import json
import sys
from ipaddress import ip_address
from pathlib import Path

from kubenetlab.kernel.loading import PROGRAMS, load, loadable, tool_for
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.network import Node, build
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, Selection, ServicePort

NODE_IP = "192.0.2.11"
SETTINGS = ProxySettings(
    node_name="worker-1",
    node_ips=(NODE_IP,),
    detect_local_mode=DetectLocalMode.CLUSTER_CIDR,
    detect_local_value="10.244.0.0/16",
)
_PROGRAM = Path(__file__).with_name("node_traffic.py")


def proxied(name, cluster_ip, addresses, ports=(80, 8080), **service):
    """A service port ``namespace/name`` with endpoints on other nodes; ``ports``: its own and theirs.

    ``service`` are fields of ServicePort.
    """
    space, _, name = name.partition("/")
    each = (NodeEndpoint(f"{address}:{ports[1]}", address, ports[1]) for address in addresses)
    endpoints = tuple(sorted(each, key=lambda endpoint: endpoint.where))
    selection = Selection(endpoints, endpoints, (), endpoints, bool(endpoints), True, False)
    of = {"port_name": "http", "protocol": "TCP"} | service
    return ProxiedPort(ServicePort(space, name, cluster_ip=cluster_ip, port=ports[0], **of), selection)


def where(port):
    """The endpoints of a service port, in the order of its rules."""
    return [endpoint.where for endpoint in port.selection.everything]


def traffic(rules, phases, *, live, tool=None, **options):
    """Real traffic through rules; of each phase the counters, conntrack's list and what clients saw.

    Parameters
    ----------
    phases
        Of each connection the client's address, ``IP:port`` of the Service, requests, and whether it stays open.
    live
        Endpoints that answer.
    options
        ``dead``: addresses where packets go, and nothing comes back; ``settings`` below /proc/sys/net; ``restores``: by
        phase, what kube-proxy gives to iptables-restore before it.
    """
    text, rule_set, _ = loadable(rules)
    tool = tool_for(rule_set, tool)
    restore = PROGRAMS[tool][4][0]
    wanted = {
        "live": live,
        "dead": options.get("dead", ()),
        "phases": phases,
        "restore": [restore, "--noflush", "--counters"],
        "restores": options.get("restores", ()),
        "save": [restore.replace("restore", "save"), "-c"],
    }
    with Namespace(300) as namespace:
        build(namespace, Node(4, int(ip_address(NODE_IP)), int(ip_address("192.0.2.12"))))
        load(namespace, text, tool, 4)
        for path, value in options.get("settings", {}).items():
            namespace.write(path, value)
        return json.loads(namespace.run(sys.executable, str(_PROGRAM), text=json.dumps(wanted)))
