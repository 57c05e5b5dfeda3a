"""What to type for clusters of the clouds: commands that make the subnets, and the cluster in them.

Sources: eksctl schema (ClusterConfig), AWS CLI (ec2 create-subnet), Amazon VPC CNI (ENIConfig), gcloud reference
(container clusters create), Azure CLI reference (az aks create). Basis: *docs*.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import netaddr

from kubenetlab.ipam.planner.planned_cluster import PlannedCluster, SettingsText, yaml_text
from kubenetlab.ipam.planner.platforms import GOOGLE_SERVICES, NODES, PODS, SERVICES
from kubenetlab.ipam.planner.sizes import n_parts, subnets

_AKS_POOL = 1_000
_AKS_FLAGS = {
    "azure-overlay": ("--network-plugin-mode overlay",),
    "azure-pod-subnet": ('--pod-subnet-id "$POD_SUBNET_ID"',),
    "azure-pod-subnet-static": ('--pod-subnet-id "$POD_SUBNET_ID"', "--pod-ip-allocation-mode StaticBlock"),
}


def _command(*parts: str) -> str:
    return " \\\n  ".join(parts) + "\n"


def eks(cluster: PlannedCluster) -> Iterator[SettingsText]:
    """Yield the commands for VPC and subnets, eksctl's file, and ENIConfigs where pods have subnets of their own."""
    yield cluster.text("AWS CLI", "vpc.sh", "".join(_aws_commands(cluster)))
    yield cluster.text("eksctl", "cluster.yaml", yaml_text(_eksctl(cluster)))
    if cluster.needs.custom_networking:
        yield cluster.text("Amazon VPC CNI", "eniconfigs.yaml", yaml_text(*_eni_configs(cluster)))


class _Subnet(NamedTuple):
    """A subnet of a role, its zone, and a name that no other one has."""

    zone: str
    name: str
    network: netaddr.IPNetwork


def _subnets(cluster: PlannedCluster, role: str) -> list[_Subnet]:
    """Return the subnets of a role: of one range, a part for each zone; several are subnets that are there, zone by zone."""
    ranges, n_zones = cluster.ranges.get(role, ()), cluster.needs.zones
    parts = [part for network in ranges for part in subnets(network, n_parts(cluster.needs, role, ranges))]
    zones = [f"ZONE-{number % n_zones + 1}" for number in range(len(parts))]
    names = [zone if number < n_zones else f"{zone}-{number + 1}" for number, zone in enumerate(zones)]
    return [_Subnet(*found) for found in zip(zones, names, parts, strict=True)]


def _aws_commands(cluster: PlannedCluster) -> Iterator[str]:
    """Yield what makes a network of each range; of several there are subnets already, and nothing is to be made."""
    for role in (NODES, PODS) if cluster.needs.custom_networking else (NODES,):
        ranges = cluster.ranges[role]
        if len(ranges) > 1:
            yield f"# The subnets of the {role} are there already: {', '.join(map(str, ranges))}\n"
        elif role == NODES:
            yield f"aws ec2 create-vpc --cidr-block {ranges[0]}\n"
        else:
            yield f'aws ec2 associate-vpc-cidr-block --vpc-id "$VPC_ID" --cidr-block {ranges[0]}\n'
        for subnet in _subnets(cluster, role) if len(ranges) == 1 else ():
            tag = f"'ResourceType=subnet,Tags=[{{Key=Name,Value={cluster.name}-{role}-{subnet.zone}}}]'"
            yield _command(
                f'aws ec2 create-subnet --vpc-id "$VPC_ID" --cidr-block {subnet.network}',
                f"--availability-zone {subnet.zone} --tag-specifications {tag}",
            )


def _eksctl(cluster: PlannedCluster) -> dict[str, Any]:
    needs = cluster.needs
    group: dict[str, Any] = {
        "name": "nodes", "instanceType": needs.instance_type or "INSTANCE-TYPE", "desiredCapacity": needs.nodes,
        "maxSize": needs.nodes_at_horizon, "maxPodsPerNode": needs.max_pods, "privateNetworking": True,
    }  # fmt: skip
    return {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": cluster.name, "region": "REGION"},
        "kubernetesNetworkConfig": {"ipFamily": "IPv4", "serviceIPv4CIDR": cluster.texts(SERVICES)[0]},
        "vpc": _eksctl_vpc(cluster),
        "managedNodeGroups": [group],
        **_addons(cluster),
    }


def _eksctl_vpc(cluster: PlannedCluster) -> dict[str, Any]:
    """Return the VPC; its range where the plan makes it. eksctl takes several subnets of a zone by other names."""
    is_made = len(cluster.ranges[NODES]) == 1
    private = {
        subnet.name: {"id": f"SUBNET-ID-{subnet.name}", "cidr": str(subnet.network)}
        | ({} if is_made else {"az": subnet.zone})
        for subnet in _subnets(cluster, NODES)
    }
    cidr = {"cidr": cluster.texts(NODES)[0]} if is_made else {}
    return {"id": "VPC-ID", **cidr, "subnets": {"private": private}}


def _addons(cluster: PlannedCluster) -> dict[str, Any]:
    """Return eksctl's add-ons: without the AWS VPC CNI where another plugin takes its place."""
    if cluster.needs.cni != "aws-vpc-cni":
        others = [{"name": name} for name in ("coredns", "kube-proxy")]
        return {"addonsConfig": {"disableDefaultAddons": True}, "addons": others}
    values = json.dumps({"env": _vpc_cni_values(cluster)})
    has_values = cluster.needs.prefix_delegation or cluster.needs.custom_networking
    return {"addons": [{"name": "vpc-cni", "configurationValues": values}]} if has_values else {}


def _vpc_cni_values(cluster: PlannedCluster) -> dict[str, str]:
    """Return the environment of aws-node that differs from its defaults."""
    flags = {
        "ENABLE_PREFIX_DELEGATION": cluster.needs.prefix_delegation,
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": cluster.needs.custom_networking,
    }
    values = {name: "true" for name, is_set in flags.items() if is_set}
    return values | (
        {"ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone"} if cluster.needs.custom_networking else {}
    )


def _eni_configs(cluster: PlannedCluster) -> Iterator[dict[str, Any]]:
    for _, name, network in _subnets(cluster, PODS):
        yield {
            "apiVersion": "crd.k8s.amazonaws.com/v1alpha1",
            "kind": "ENIConfig",
            "metadata": {"name": name.lower(), "annotations": {"kubenetlab/range": str(network)}},
            "spec": {"subnet": f"POD-SUBNET-ID-{name}", "securityGroups": ["SECURITY-GROUP-ID"]},
        }


def gke(cluster: PlannedCluster) -> Iterator[SettingsText]:
    """Yield gcloud's commands for a subnet with two secondary ranges, and a VPC-native cluster in it."""
    name = cluster.name
    pods = {
        f"{name}-pods{f'-{n}' if n > 1 else ''}": text for n, text in enumerate(cluster.texts(PODS), start=1)
    }
    services = _own_services(cluster)
    ranges = pods | services
    secondary = [f"{own}={text}" for own, text in ranges.items()]
    subnet = _command(
        f"gcloud compute networks subnets create {name}-nodes",
        f'--network="$NETWORK" --region="$REGION" --range={cluster.texts(NODES)[0]}',
        f"--secondary-range={','.join(secondary)}",
    )
    create = _command(
        f"gcloud container clusters create {name}",
        f'--region="$REGION" --network="$NETWORK" --subnetwork={name}-nodes --enable-ip-alias',
        f"--cluster-secondary-range-name={name}-pods"
        + "".join(f" --services-secondary-range-name={own}" for own in services),
        f"--default-max-pods-per-node={cluster.needs.max_pods}",
    )
    more = list(pods)[1:]
    update = _command(
        f"gcloud container clusters update {name}",
        f'--region="$REGION" --additional-pod-ipv4-ranges={",".join(more)}',
    )
    yield cluster.text("gcloud", "gke.sh", subnet + create + (update if more else ""))


def _own_services(cluster: PlannedCluster) -> dict[str, str]:
    """Return the secondary range for Services by its name; none where it is Google's own, which Google manages."""
    network = cluster.ranges[SERVICES][0]
    is_google = network in netaddr.IPNetwork(GOOGLE_SERVICES)
    return {} if is_google else {f"{cluster.name}-services": str(network)}


def aks(cluster: PlannedCluster) -> Iterator[SettingsText]:
    """Yield az's commands for the subnets and the cluster in them."""
    commands = [_azure_subnet(cluster, NODES)]
    if cluster.needs.ipam.startswith("azure-pod-subnet"):
        commands.append(_azure_subnet(cluster, PODS))
    yield cluster.text("az", "aks.sh", "".join((*commands, _aks_create(cluster), *_aks_pools(cluster))))


def _aks_pools(cluster: PlannedCluster) -> Iterator[str]:
    """Yield the pools after the first, which holds 1,000 nodes at most (azure-aks-docs, quotas-skus-regions)."""
    needs = cluster.needs
    pod_subnet = ' --pod-subnet-id "$POD_SUBNET_ID"' if needs.ipam.startswith("azure-pod-subnet") else ""
    for number, first in enumerate(range(_AKS_POOL, needs.nodes, _AKS_POOL), start=2):
        yield _command(
            f'az aks nodepool add --resource-group "$GROUP" --cluster-name {cluster.name} --name pool{number}',
            f'--vnet-subnet-id "$NODE_SUBNET_ID"{pod_subnet}',
            f"--max-pods {needs.max_pods} --node-count {min(_AKS_POOL, needs.nodes - first)}",
        )


def _azure_subnet(cluster: PlannedCluster, role: str) -> str:
    return _command(
        f'az network vnet subnet create --resource-group "$GROUP" --vnet-name "$VNET" --name {cluster.name}-{role}',
        f"--address-prefixes {' '.join(cluster.texts(role))}",
    )


def _aks_create(cluster: PlannedCluster) -> str:
    needs = cluster.needs
    is_dual = len(needs.families) > 1
    plural = "s" if is_dual else ""
    overlay = (f"--pod-cidr{plural} {cluster.joined(PODS)}",) if needs.ipam == "azure-overlay" else ()
    return _command(
        f'az aks create --resource-group "$GROUP" --name {cluster.name} --vnet-subnet-id "$NODE_SUBNET_ID"',
        " ".join(("--network-plugin azure", *_AKS_FLAGS.get(needs.ipam, ()))),
        *overlay,
        f"--service-cidr{plural} {cluster.joined(SERVICES)} --dns-service-ip {cluster.cluster_dns}",
        f"--max-pods {needs.max_pods} --node-count {min(_AKS_POOL, needs.nodes)}"
        + (" --ip-families IPv4,IPv6" if is_dual else ""),
    )
