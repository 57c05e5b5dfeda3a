"""CoreDNS servers for tests: a small cluster, a Corefile, and questions."""

from functools import cache

import yaml

from kubenetlab.dns.corefile.core_dns import CoreDns
from kubenetlab.dns.corefile.upstream import outside_names
from kubenetlab.objects.dns_message import Sent
from kubenetlab.readers.cluster_reader import read_bytes
from kubenetlab.readers.corefile import corefile_from_text

CLUSTER = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- {apiVersion: v1, kind: Namespace, metadata: {name: redis}}
- {apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: shop}
  spec: {clusterIP: 10.96.0.20, clusterIPs: [10.96.0.20], ports: [{name: http, port: 80}]}
- apiVersion: v1
  kind: Service
  metadata: {name: ext, namespace: shop}
  spec: {type: ExternalName, externalName: www.example.com}
- apiVersion: v1
  kind: Service
  metadata: {name: kube-dns, namespace: kube-system}
  spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ports: [{name: dns, port: 53, protocol: UDP}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: client, namespace: shop}
  status: {phase: Running, podIP: 10.244.1.5, podIPs: [{ip: 10.244.1.5}]}
"""
OUTSIDE = outside_names({"www.example.com": ["192.0.2.7", "2001:db8::7"]})


@cache
def cluster(*more):
    """The cluster above, with more objects as YAML."""
    items = yaml.safe_load(CLUSTER)["items"] + [yaml.safe_load(text) for text in more]
    return read_bytes(
        "cluster.yaml", yaml.safe_dump({"kind": "List", "apiVersion": "v1", "items": items}).encode()
    )


def server(text, **given):
    return CoreDns(corefile_from_text(text), cluster(), **{"upstream": OUTSIDE} | given)


def ask(text, name, type="A", source="", **given):
    """The reply of a server with this Corefile."""
    return server(text, **given).ask(Sent(name, type, transport="tcp", source=source))


def block(*lines):
    """A Corefile of one server block for everything."""
    return "\n".join([".:53 {", *lines, "}"])


def data(reply):
    return [(record.name, record.type, record.data) for record in reply.answer.answer]
