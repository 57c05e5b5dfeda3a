"""The EC2 instance type that a request names, and how many pods a node of a cluster can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubenetlab.ipam.aws_vpc_cni import max_pods as eni_max_pods
from kubenetlab.ipam.aws_vpc_cni import recommended_max_pods
from kubenetlab.ipam.instance_types import InstanceType
from kubenetlab.ipam.planner.given_ranges import Place
from kubenetlab.ipam.planner.platforms import IPAMS, MAX_PODS_OF_IPAM, PLATFORMS
from kubenetlab.ipam.planner.sizes import pods_of_mask
from kubenetlab.readers.plan_request import suggestion

AWS_VPC_CNI = "aws-vpc-cni"
_SMALL_INSTANCE_VCPUS = 30
_MOST_PODS = 256  # of a node of GKE


def instance_of(
    said: dict[str, Any], values: dict[str, Any], place: Place, types: Mapping[str, InstanceType]
) -> dict[str, Any]:
    """Return the EC2 instance type of a cluster, and the settings of the AWS VPC CNI.

    Raises
    ------
    ManifestError
        If the type is unknown, is missing where the AWS VPC CNI needs it, or has no prefixes.
    """
    name = str(said.get("instance_type") or "")
    is_aws = values["ipam"] == AWS_VPC_CNI
    if (name or is_aws) and name not in types:
        expected = "an EC2 instance type: " + suggestion(name, list(types))
        raise place.refused("instance_type", name or "nothing", expected)
    if not is_aws:
        return {"instance_type": name or None}
    flags = {flag: bool(said.get(flag)) for flag in ("prefix_delegation", "custom_networking")}
    if flags["prefix_delegation"] and not types[name].supports_prefixes:
        expected = f"no, or an instance type on Nitro or bare metal: {name} has no prefixes"
        raise place.refused("prefix_delegation", "yes", expected)
    return {"instance_type": name, "instance": types[name], **flags}


def max_pods_of_node(values: dict[str, Any], place: Place) -> int:
    """Return the kubelet's ``maxPods``: what is asked for, or what the platform makes of it.

    Raises
    ------
    ManifestError
        If the cluster has more pods on a node.
    """
    asked: int | None = values["max_pods"]
    found = asked or _default_max_pods(values)
    if values["pods_per_node"] > found:
        said = (
            "max_pods"
            if asked
            else f"the default of {values['instance_type']}"
            if values.get("instance")
            else "the default"
        )
        raise place.refused("pods_per_node", values["pods_per_node"], f"at most {found} ({said})")
    return found


def _default_max_pods(values: dict[str, Any]) -> int:
    """Return the platform's, what EKS recommends for the instance type, or what GKE gives a mask that is asked for."""
    ipam, mask = values["ipam"], values["node_cidr_mask_size"]
    default = MAX_PODS_OF_IPAM.get(ipam, PLATFORMS[values["platform"]].max_pods)
    if values.get("instance"):
        flags = {flag: values[flag] for flag in ("prefix_delegation", "custom_networking")}
        vcpus = values["instance"].vcpus or _SMALL_INSTANCE_VCPUS
        return recommended_max_pods(eni_max_pods(values["instance"], **flags), vcpus)
    lengths = IPAMS[ipam].node_mask
    if not (
        mask and lengths and IPAMS[ipam].mask_follows_max_pods and lengths.shortest <= mask <= lengths.longest
    ):
        return default
    room = pods_of_mask(ipam, _MOST_PODS, mask)
    return default if room // 2 < default <= room else room
