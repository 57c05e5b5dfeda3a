"""Builders of listings, as items of our own, and of what stands beside them in a dump."""

from tests.findings.brute_force_builders import agent, block, item, node, pod


def cloud(**document):
    """What a cloud's command line prints, as an item."""
    return {"kind": "CloudListing", "document": document}


def aws_subnet(n_left, cidr="10.0.1.0/24", *, subnet="subnet-a", vpc="vpc-1"):
    """``aws ec2 describe-subnets`` with one subnet and how many addresses it has left."""
    found = {"SubnetId": subnet, "CidrBlock": cidr, "VpcId": vpc}
    return cloud(Subnets=[found if n_left is None else found | {"AvailableIpAddressCount": n_left}])


def aws_interface(*addresses, subnet="subnet-a", prefixes=()):
    """``aws ec2 describe-network-interfaces`` with one interface."""
    held = [{"PrivateIpAddress": text} for text in addresses]
    delegated = [{"Ipv4Prefix": text} for text in prefixes]
    interface = {"SubnetId": subnet, "PrivateIpAddresses": held, "Ipv4Prefixes": delegated}
    return cloud(NetworkInterfaces=[interface])


def azure_subnet(n_used, cidr="10.0.1.0/24"):
    """``az network vnet subnet show``."""
    name = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/nodes"
    return cloud(
        id=name, addressPrefix=cidr, ipConfigurations=[{"id": f"c{number}"} for number in range(n_used)]
    )


def host_local(*addresses, network="cbr0"):
    """host-local's data directory, as an item."""
    return {"kind": "HostLocalListing", "network": network, "addresses": list(addresses)}


VPC_NODE = node(ip="10.0.1.9")
VPC_AGENT = agent("aws-node")
PREFIX_AGENT = agent("aws-node", ENABLE_PREFIX_DELEGATION="true")
#: An address in each /28 of 10.0.1.0/24: 235 are left, and no prefix.
SCATTERED = aws_interface(*(f"10.0.1.{16 * number + 8}" for number in range(16)))
FLANNEL_NODE = node(cidr="10.244.0.0/28")
OTHER_POD = item("Pod", "other", {"containers": []}, namespace="kube-system", status={"phase": "Succeeded"})
CALICO = agent("calico-node")


def placed_pod(ip="10.244.0.2", node="a", name="cart-1", **spec):
    """A running pod on a node."""
    return pod(name, ip=ip, nodeName=node, **spec)


def owned_block(cidr, node, n_used=1, **spec):
    """A Calico block of a node."""
    return block(cidr, n_used, affinity=f"host:{node}", **spec)
