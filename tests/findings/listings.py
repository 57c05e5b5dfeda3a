"""Items with listings among them, as a Cluster: listings are read as the clouds' command lines and grep print them."""

import copy
import json

from kubenetlab.objects.listings import Listings
from kubenetlab.readers import read_bytes
from kubenetlab.readers.host_local_files import files_in_text
from tests.findings.brute_force_dump import CLUSTER_SCOPED


def read_items(items):
    """Read items of Kubernetes, of a cloud (``CloudListing``) and of nodes (``HostLocalListing``)."""
    items = copy.deepcopy(list(items))
    for one in items:
        if one["kind"] in CLUSTER_SCOPED:
            one["metadata"].pop("namespace", None)
    documents = [one["document"] for one in items if one["kind"] == "CloudListing"]
    kept = [one for one in items if one["kind"] not in ("CloudListing", "HostLocalListing")]
    text = "\n".join(map(json.dumps, [{"kind": "List", "items": kept}, *documents]))
    cluster = read_bytes("test", text.encode())
    directories = (one for one in items if one["kind"] == "HostLocalListing")
    host_local = tuple(found for one in directories for found in files_in_text("x", printed(one).encode()))
    return cluster.with_(listings=cluster.listings.plus(Listings(host_local=host_local)))


def printed(directory):
    """What ``grep -r .`` prints of a data directory."""
    folder = f"/var/lib/cni/networks/{directory['network']}"
    return "".join(
        f"{folder}/{address}:{number:064x}\r\n{folder}/{address}:eth0\n"
        for number, address in enumerate(directory["addresses"])
    )
