"""Which listing a JSON object is: a table of the keys that tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from kubenetlab.objects.listings import Listings
from kubenetlab.readers.cloud import aws, azure, gcloud


class Shape(NamedTuple):
    """A listing: the command that prints it, the keys that tell it, and how it is read.

    ``read`` raises ``msgspec.ValidationError`` if a value is not what the cloud's API writes.
    """

    command: str
    keys: frozenset[str]
    read: Callable[[object], Listings]


SHAPES: tuple[Shape, ...] = (
    Shape("aws ec2 describe-subnets", frozenset(("Subnets",)), aws.subnets),
    Shape("aws ec2 describe-network-interfaces", frozenset(("NetworkInterfaces",)), aws.interfaces),
    Shape("aws ec2 describe-instance-types", frozenset(("InstanceTypes",)), aws.instance_types),
    Shape("az aks show", frozenset(("agentPoolProfiles",)), azure.cluster),
    Shape("az network vnet subnet show", frozenset(("addressPrefix", "id")), azure.subnet),
    Shape("az network vnet subnet show", frozenset(("addressPrefixes", "id")), azure.subnet),
    Shape(
        "gcloud container clusters describe", frozenset(("ipAllocationPolicy", "nodePools")), gcloud.cluster
    ),
    Shape("gcloud container clusters describe", frozenset(("clusterIpv4Cidr",)), gcloud.cluster),
    Shape("gcloud compute networks subnets describe", frozenset(("ipCidrRange",)), gcloud.subnetwork),
)

_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


def shape_of(raw: Any) -> Shape | None:
    """Return the listing that a raw JSON object is, or None.

    >>> shape_of(b'{"Subnets": []}').command, shape_of(b"7"), shape_of(b'{"a": 1}')
    ('aws ec2 describe-subnets', None, None)
    """
    try:
        keys = _keys.decode(raw).keys()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return next((shape for shape in SHAPES if shape.keys <= keys), None)
