"""Lookups of real resolvers against a real CoreDNS (tests/golden/README.md), as inventories of one name."""

import functools
import gzip
import json
from pathlib import Path

from kubenetlab.dns.corefile.upstream import outside_names
from kubenetlab.objects.name_inventory import NameInventory, NameRate
from kubenetlab.readers.cluster_reader import read_bytes
from kubenetlab.readers.corefile import corefile_from_text

_FOLDER = Path(__file__).parents[2] / "golden" / "resolvers"
_COREFILE = """.:53 {
    %s
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods verified
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . 192.0.2.53
}
"""
COREFILES = {
    "plain": corefile_from_text(_COREFILE % ""),
    "autopath": corefile_from_text(_COREFILE % "autopath @kubernetes"),
}
#: What the recording's upstream server knew.
UPSTREAM = outside_names(
    {
        "example.com": ["192.0.2.1"],
        "www.example.com": ["192.0.2.2", "2001:db8::2"],
        "api.eu.example.com": ["192.0.2.4"],
        "short.example.com": ["192.0.2.3"],
    }
)


@functools.cache
def cases():
    recording = json.loads(gzip.decompress((_FOLDER / "e2e-coredns.json.gz").read_bytes()))
    return recording["cases"]


@functools.cache
def cluster():
    items = json.loads((_FOLDER / "e2e-objects.json").read_bytes())["objects"]
    return read_bytes("e2e", json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode())


def inventory(found):
    """An entry of one lookup per second for each of some recorded cases."""
    fields = ("name", "resolver", "family")
    # queries reached CoreDNS from one address in all sets, that of the pod app/client
    entries = (
        NameRate(rate_per_s=1, namespace="app", **{key: case[key] for key in fields}) for case in found
    )
    return NameInventory(entries=tuple(entries))


def options(case):
    return {
        "corefile": COREFILES[case["corefile"]],
        "upstream": UPSTREAM,
        "resolv_conf": case["resolv_conf"],
    }


def set_of(corefile, resolv):
    return [case for case in cases() if (case["corefile"], case["resolv"]) == (corefile, resolv)]


def by_lookup(found):
    return {(case["name"], case["resolver"], case["family"]): case for case in found}
