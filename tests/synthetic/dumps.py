"""Synthetic dumps for these tests, each made once."""

import functools
import json

from kubenetlab.synthetic import synthetic_dump


@functools.cache
def items_of(platform="kubeadm-flannel", **options):
    """Decoded items of a dump's text."""
    return json.loads(synthetic_dump(platform=platform, **options).json())["items"]


def of_kind(items, kind):
    return [item for item in items if item["kind"] == kind]


def named(items, label):
    """The item of a label such as ``Service shop/web``; the namespace is absent where the kind has none."""
    kind, _, path = label.partition(" ")
    namespace, _, name = path.rpartition("/")
    found = [
        item
        for item in of_kind(items, kind)
        if item["metadata"]["name"] == name and item["metadata"].get("namespace", "") == namespace
    ]
    assert len(found) == 1, label
    return found[0]
