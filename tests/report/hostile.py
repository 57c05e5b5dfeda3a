"""A dump in which every text that somebody else chose tries to become part of a page."""

import itertools
import json

from kubenetlab.readers import read_cluster

_SHAPES = (
    '"><script>alert({n})</script>',
    "javascript:alert({n})",
    "'onmouseover='alert({n})",
    "<img src=x onerror=alert({n})>",
)
_LONG = "a" * 250  # names may have 253 characters


class HostileDump:
    """The dump as a dict, and the texts that a report must show."""

    def __init__(self):
        self._numbers = itertools.count(1)
        self.shown = []
        self.node, self.service = self.text(tail=_LONG), self.text(tail=_LONG)
        self.namespace = self.text()
        self.external = self.text()
        self.corefile = self.text()

    def text(self, *, shown=True, tail=""):
        number = next(self._numbers)
        text = _SHAPES[number % len(_SHAPES)].format(n=number) + tail
        if shown:
            self.shown.append(text)
        return text

    def hidden(self):
        return self.text(shown=False)

    def metadata(self, name, *, namespaced=True, **labels):
        about = {
            "name": name,
            "labels": {self.hidden(): self.hidden(), **labels},
            "annotations": {self.hidden(): self.hidden()},
        }
        return {**about, "namespace": self.namespace} if namespaced else about

    def items(self):
        selector = {self.hidden(): self.hidden()}
        address = {"type": "InternalIP", "address": "10.0.0.4"}
        ports = [{"name": self.hidden(), "port": 80, "targetPort": self.hidden()}]
        yield self.item(
            "Node",
            self.node,
            spec={"podCIDR": "10.244.0.0/24"},
            status={"addresses": [address], "capacity": {"pods": "110"}},
        )
        yield self.item("Namespace", self.namespace)
        pod_spec = {"nodeName": self.node, "containers": [{"name": self.hidden(), "image": self.hidden()}]}
        yield self.item(
            "Pod", self.hidden(), spec=pod_spec, status={"podIP": "10.244.0.5", "phase": "Running"}
        )
        yield self.item(
            "Service", self.service, spec={"clusterIP": "10.96.0.10", "ports": ports, "selector": selector}
        )
        yield self.item(
            "Service", self.external, spec={"type": "ExternalName", "externalName": self.hidden()}
        )
        backend = {"service": {"name": self.text(), "port": {"name": self.hidden()}}}
        path = {"path": self.hidden(), "backend": backend}
        yield self.item(
            "Ingress", self.text(), spec={"rules": [{"host": self.hidden(), "http": {"paths": [path]}}]}
        )
        yield self.item(
            "NetworkPolicy",
            self.hidden(),
            spec={"podSelector": {"matchLabels": selector}, "policyTypes": ["Egress"]},
        )
        yield self.item(
            "ConfigMap", "coredns", data={"Corefile": self.corefile, self.hidden(): self.hidden()}
        )
        yield self.item(self.text(), self.hidden())  # a kind of nobody's

    def item(self, kind, name, **fields):
        versions = {"Ingress": "networking.k8s.io/v1", "NetworkPolicy": "networking.k8s.io/v1"}
        namespaced = kind not in ("Node", "Namespace")
        return {
            "apiVersion": versions.get(kind, "v1"),
            "kind": kind,
            "metadata": self.metadata(name, namespaced=namespaced),
            **fields,
        }

    def refused(self):
        bad = self.item("Service", self.text(), spec={"clusterIP": self.text(), "ports": [{"port": 80}]})
        return [bad]

    def read(self, folder):
        path = folder / "dump.json"
        path.write_text(
            json.dumps({"apiVersion": "v1", "kind": "List", "items": [*self.items(), *self.refused()]})
        )
        return read_cluster(path)
