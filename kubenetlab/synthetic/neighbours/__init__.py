"""The table of harmless neighbours: what looks like a fault and must not be found."""

from collections.abc import Callable
from dataclasses import dataclass

from kubenetlab.synthetic.draft import Draft
from kubenetlab.synthetic.faults import mtus, names
from kubenetlab.synthetic.faults.addresses import small_service_range
from kubenetlab.synthetic.faults.table import FAULTS
from kubenetlab.synthetic.neighbours import addresses, services, traffic
from kubenetlab.synthetic.platforms import PLATFORMS

Change = Callable[[Draft], object]
_KUBEADM = ("kubeadm-flannel", "kubeadm-calico", "kubeadm-cilium")
_POD_RANGE = tuple(name for name, platform in PLATFORMS.items() if platform.pod_cidr)
_POLICIES = tuple(name for name, platform in PLATFORMS.items() if platform.enforces_policies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Something harmless that looks like a fault.

    Attributes
    ----------
    add
        Adds it to a cluster that has all its objects.
    ranges
        Changes the ranges before anything gets an address.
    platforms
        Where it is harmless.
    """

    add: Change = lambda draft: None
    ranges: Change = lambda draft: None
    platforms: tuple[str, ...] = tuple(PLATFORMS)


#: The neighbours of every fault, by the code that must not be found (and a word, where there is a second one).
NEIGHBOURS: dict[str, Neighbour] = {
    "KNL101": Neighbour(add=services.no_selector),
    "KNL102": Neighbour(add=services.one_pod_not_ready),
    "KNL103": Neighbour(add=services.port_of_a_sidecar),
    "KNL104": Neighbour(add=services.node_port_of_other_protocol),
    "KNL105": Neighbour(add=services.node_ports_at_the_edges),
    "KNL105-deployed": Neighbour(add=services.node_port_of_a_wider_range),
    "KNL106": Neighbour(add=services.host_name_only),
    "KNL107": Neighbour(add=services.name_that_starts_like_an_address),
    "KNL108": Neighbour(add=services.aligned_source_ranges),
    "KNL109": Neighbour(add=services.service_named_default),
    "KNL109-openshift": Neighbour(add=services.openshift_service, platforms=("openshift",)),
    "KNL201": Neighbour(ranges=addresses.services_beside_pods, platforms=_POD_RANGE),
    "KNL202": Neighbour(ranges=addresses.services_beside_link_local),
    "KNL203": Neighbour(ranges=addresses.pods_beside_docker0, platforms=_KUBEADM),
    "KNL203-containerd": Neighbour(ranges=addresses.pods_on_docker0_without_docker, platforms=_KUBEADM),
    "KNL204": Neighbour(add=addresses.unused_pod_cidr, platforms=("kubeadm-calico",)),
    "KNL205": Neighbour(add=addresses.next_pod_cidr, platforms=("kubeadm-flannel", "gke")),
    "KNL206": Neighbour(add=addresses.as_many_pods_as_fit, platforms=("kubeadm-flannel", "gke")),
    "KNL207": Neighbour(add=addresses.busy_service_range, ranges=small_service_range),
    "KNL208": Neighbour(add=addresses.foreign_pod_cidr_of_others, platforms=("kubeadm-flannel",)),
    "KNL209": Neighbour(add=addresses.one_free_block, platforms=("kubeadm-calico",)),
    "KNL210": Neighbour(add=mtus.mtus_that_fit, platforms=mtus.PLATFORMS),
    "KNL301": Neighbour(add=addresses.nftables_mode, platforms=FAULTS["KNL301"].platforms),
    "KNL302": Neighbour(add=services.shared_address),
    "KNL303": Neighbour(add=services.hints_for_all),
    "KNL401": Neighbour(add=services.even_local),
    "KNL401-pods": Neighbour(add=services.local_of_pods, platforms=("eks",)),
    "KNL402": Neighbour(add=services.pods_where_the_nodes_are),
    "KNL403": Neighbour(add=services.affinity_of_an_address),
    "KNL501": Neighbour(add=addresses.private_namespace),
    **{code: Neighbour(add=add, platforms=FAULTS[code].platforms) for code, add in names.HARMLESS.items()},
    "KNL601": Neighbour(add=traffic.enforced_policy, platforms=_POLICIES),
    "KNL601-npm": Neighbour(add=traffic.enforced_by_npm, platforms=("aks-overlay", "aks-node-subnet")),
    "KNL602": Neighbour(add=traffic.egress_with_dns_elsewhere, platforms=_POLICIES),
    "KNL603": Neighbour(add=traffic.aligned_blocks, platforms=_POLICIES),
    "KNL701": Neighbour(add=traffic.resource_backend),
    "KNL702": Neighbour(add=traffic.backend_port_by_name),
    "KNL703": Neighbour(add=traffic.class_by_default_or_annotation),
    "KNL704": Neighbour(add=traffic.other_nginx),
    "KNL705": Neighbour(add=traffic.class_that_the_controller_knows),
}


def chosen_neighbours(platform: str, codes: tuple[str, ...]) -> tuple[Neighbour, ...]:
    """Return the neighbours of the codes.

    Raises
    ------
    ValueError
        If a code is unknown or its neighbour is not harmless on the platform.
    """
    for code in codes:
        if code not in NEIGHBOURS:
            raise ValueError(f"unknown neighbour {code!r}: known are {', '.join(NEIGHBOURS)}")
        if platform not in NEIGHBOURS[code].platforms:
            raise ValueError(
                f"neighbour {code} cannot be on {platform}: {', '.join(NEIGHBOURS[code].platforms)}"
            )
    return tuple(NEIGHBOURS[code] for code in codes)
