"""Builders of items and dumps as kubectl prints them."""

import json

from kubenetlab.readers import read_bytes


def item(kind, name="a", namespace="shop", api_version="v1", **fields):
    """An API object."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def pod(name="a", port=80, namespace="shop", **fields):
    """A pod with one container port."""
    spec = {"containers": [{"name": "c", "ports": [{"containerPort": port}]}]}
    return item("Pod", name, namespace, spec=spec | fields.pop("spec", {}), **fields)


def node(name="n1", pod_cidr="10.244.0.0/24", address="10.0.0.1", **fields):
    """A node with one address and one pod CIDR."""
    spec = {"podCIDR": pod_cidr, "podCIDRs": [pod_cidr]} if pod_cidr else {}
    status = {"addresses": [{"type": "InternalIP", "address": address}]} | fields.pop("status", {})
    return item("Node", name, "", spec=spec | fields.pop("spec", {}), status=status, **fields)


def service(name="s", cluster_ip="10.96.0.5", namespace="shop"):
    """A ClusterIP Service."""
    return item("Service", name, namespace, spec={"clusterIP": cluster_ip, "ports": [{"port": 80}]})


def config_map(name, namespace="kube-system", **data):
    """A ConfigMap; an underscore in a key stands for a dot."""
    return item("ConfigMap", name, namespace, data=data)


def workload(kind, name="web", group="apps/v1", metadata=None, template=None, **spec):
    """A workload whose pods have the label app."""
    pods = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c"}]} | (template or {})}
    selector = {"matchLabels": {"app": name}}
    return item(
        kind,
        name,
        "shop",
        group,
        metadata=metadata or {},
        spec={"selector": selector, "template": pods, **spec},
    )


def as_list(*items, kind="List"):
    """The list that kubectl prints, as text."""
    return json.dumps({"apiVersion": "v1", "items": list(items), "kind": kind}, indent=4)


def cluster(*items, strict=False):
    """A Cluster of items."""
    return read_bytes("dump.json", as_list(*items).encode(), strict)
