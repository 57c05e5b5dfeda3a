"""Runs the command line as a user's shell does: another process, real pipes, real exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "kubenetlab.cli")

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "cart", "namespace": "shop", "labels": {"app": "cart"}},
    "spec": {"nodeName": "worker-1", "containers": [{"name": "cart"}]},
    "status": {
        "phase": "Running",
        "podIP": "10.244.1.7",
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "worker-1"},
    "spec": {"podCIDR": "10.244.1.0/24"},
    "status": {"addresses": [{"type": "InternalIP", "address": "192.168.1.11"}]},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "cart", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.7.7", "selector": {"app": "cart"}, "ports": [{"port": 80}]},
}


def dump(*items):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)})


def changed(item, path, value):
    """A copy of an item with one field replaced; ``path`` is its keys and indices."""
    copy = json.loads(json.dumps(item))
    *way, last = path
    place = copy
    for key in way:
        place = place[key]
    place[last] = value
    return copy


def environment(**variables):
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def run(*arguments, stdin="", cwd=None, variables=None, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd or ROOT,
        env=environment(**(variables or {})),
        timeout=120,
        check=False,
        **options,
    )
