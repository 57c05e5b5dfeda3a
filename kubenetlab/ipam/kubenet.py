"""Which address a pod gets from kubenet, the kubelet's own network plug-in until Kubernetes 1.24; AKS still has one.

Source: kubernetes, pkg/kubelet/dockershim/network/kubenet/kubenet_linux.go (NET_CONFIG_TEMPLATE, Event: the bridge cbr0
has the first address of the pod CIDR); azure-aks-docs fb060ab, concepts-network-azure-cni-overlay (400 nodes). Basis:
*source*. It is the plug-in ``bridge`` with host-local, one range set for each pod CIDR of the node.
"""

from collections.abc import Iterable, Iterator

from kubenetlab.ipam import host_local
from kubenetlab.ipam.aks_node_subnet import most_pods
from kubenetlab.ipam.bridge import Bridge
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: Most nodes of an AKS cluster with kubenet: as many routes as a route table holds.
MAX_AKS_NODES = 400

_SOURCE = "azure-aks-docs fb060ab, concepts-network-azure-cni-overlay"


def kubenet(pod_cidrs: Iterable[str]) -> Bridge:
    """Return the bridge ``cbr0`` of a node with these pod CIDRs.

    Raises
    ------
    ValueError
        With host-local's own text where it refuses a pod CIDR.

    Examples
    --------
    >>> node = kubenet(["10.244.3.0/24"])
    >>> str(node.add("a")[0]), node.addresses, node.capacity
    ('10.244.3.2/24', ('10.244.3.1/24',), 253)
    """
    ranges = [[{"subnet": cidr}] for cidr in pod_cidrs]
    ipam = {"type": "host-local", "ranges": ranges}
    return Bridge({"name": "kubenet", "type": "bridge", "bridge": "cbr0", "isGateway": True, "ipam": ipam})


def aks_limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a pod CIDR of kube-controller-manager, and their pods; and AKS' limit of nodes.

    Kubenet outside AKS has the limits of `host_local.limits` alone.

    Raises
    ------
    ValueError
        As `host_local.limits` does, or if ``max_pods`` is less than AKS accepts.

    Examples
    --------
    >>> [(limit.name, limit.n) for limit in aks_limits(SetUp(ipam="azure-kubenet", pod_cidrs=("10.244.0.0/16",)))]
    [('cluster CIDR', 256), ('node mask', 253), ('AKS', 250), ('AKS', 400)]
    """
    yield from host_local.limits(set_up)
    yield most_pods(set_up, _SOURCE)
    words = f"An AKS cluster with kubenet has at most {MAX_AKS_NODES} nodes."
    yield Limit(Quantity.NODES, MAX_AKS_NODES, "AKS", words, Basis.DOCS, _SOURCE)
