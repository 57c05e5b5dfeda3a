"""The table of faults: which code, on which platforms, how it is planted."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from kubenetlab.synthetic.draft import Draft
from kubenetlab.synthetic.faults import addresses, mtus, names, services, traffic
from kubenetlab.synthetic.platforms import PLATFORMS
from kubenetlab.synthetic.shape import Planted, Shape

Plant = Callable[[Draft], tuple[str, ...]]
_ALL = tuple(PLATFORMS)
_KUBEADM = ("kubeadm-flannel", "kubeadm-calico", "kubeadm-cilium")
_NODE_CIDRS = ("kubeadm-flannel", "gke")
_POLICIES = tuple(name for name, platform in PLATFORMS.items() if platform.enforces_policies)
_UNENFORCED = ("kubeadm-flannel", "eks", "aks-overlay", "aks-node-subnet")
_CLASSES = tuple(name for name in PLATFORMS if name not in ("gke", "openshift"))
_WITH_KUBE_PROXY = tuple(name for name in PLATFORMS if name not in ("kubeadm-cilium", "openshift"))
_POD_RANGE = tuple(name for name, platform in PLATFORMS.items() if platform.pod_cidr)
_NAMES = {
    "KNL506": tuple(name for name in PLATFORMS if name != "gke"),
    "KNL507": tuple(name for name in PLATFORMS if name not in ("gke", "openshift")),
    "KNL509": tuple(name for name in PLATFORMS if name != "openshift"),
    "KNL512": tuple(name for name in PLATFORMS if name != "gke"),
}
_MOST_RANDOM = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault.

    Attributes
    ----------
    plant
        Changes a cluster that has all its objects; returns what the findings are about.
    platforms
        Where the fault can be, and causes this finding and no other.
    ranges
        Changes the ranges before anything gets an address.
    excludes
        A name shared by faults that cannot be together.
    """

    plant: Plant
    platforms: tuple[str, ...] = _ALL
    ranges: Callable[[Draft], None] | None = None
    excludes: str = ""


#: Every fault by the code of the finding it must cause.
FAULTS: dict[str, Fault] = {
    "KNL101": Fault(plant=services.selector_matches_nothing),
    "KNL102": Fault(plant=services.no_ready_endpoints),
    "KNL103": Fault(plant=services.missing_named_port),
    "KNL104": Fault(plant=services.node_port_clash),
    "KNL105": Fault(plant=services.node_port_out_of_range, platforms=_KUBEADM),
    "KNL106": Fault(plant=services.load_balancer_pending),
    "KNL107": Fault(plant=services.external_name_is_address),
    "KNL108": Fault(plant=services.source_range_host_bits),
    "KNL109": Fault(plant=services.service_in_default),
    "KNL201": Fault(
        plant=addresses.cluster,
        platforms=_POD_RANGE,
        ranges=addresses.service_range_in_pod_range,
        excludes="ranges",
    ),
    "KNL202": Fault(plant=addresses.cluster, ranges=addresses.link_local_services, excludes="ranges"),
    "KNL203": Fault(
        plant=addresses.cluster, platforms=_KUBEADM, ranges=addresses.pods_on_docker0, excludes="ranges"
    ),
    "KNL204": Fault(plant=addresses.node_without_pod_cidr, platforms=_NODE_CIDRS),
    "KNL205": Fault(plant=addresses.same_pod_cidr, platforms=_NODE_CIDRS),
    "KNL206": Fault(plant=addresses.too_many_pods, platforms=_NODE_CIDRS),
    "KNL207": Fault(
        plant=addresses.fill_service_range, ranges=addresses.small_service_range, excludes="ranges"
    ),
    "KNL208": Fault(plant=addresses.foreign_pod_cidr, platforms=("kubeadm-flannel",)),
    "KNL209": Fault(
        plant=addresses.full_calico_pool,
        platforms=("kubeadm-calico",),
        excludes="ranges",
    ),
    "KNL210": Fault(plant=mtus.mtus_that_disagree, platforms=mtus.PLATFORMS),
    "KNL301": Fault(plant=addresses.ipvs_mode, platforms=("kubeadm-flannel", "kubeadm-calico", "eks")),
    "KNL302": Fault(plant=services.address_clash, platforms=_WITH_KUBE_PROXY),
    "KNL303": Fault(plant=services.node_without_zone, platforms=_WITH_KUBE_PROXY, excludes="zones"),
    "KNL401": Fault(plant=services.uneven_local),
    "KNL402": Fault(plant=services.crowded_zone, platforms=_WITH_KUBE_PROXY, excludes="zones"),
    "KNL403": Fault(plant=services.headless_affinity),
    "KNL501": Fault(plant=addresses.public_namespace),
    **{code: Fault(plant=plant, platforms=_NAMES.get(code, _ALL)) for code, plant in names.PLANTED.items()},
    "KNL601": Fault(plant=traffic.unenforced_policy, platforms=_UNENFORCED),
    "KNL602": Fault(plant=traffic.egress_without_dns, platforms=_POLICIES),
    "KNL603": Fault(plant=traffic.policy_host_bits, platforms=_POLICIES),
    "KNL701": Fault(plant=traffic.missing_backend),
    "KNL702": Fault(plant=traffic.missing_backend_port),
    "KNL703": Fault(plant=traffic.no_class, platforms=_CLASSES),
    "KNL704": Fault(plant=traffic.retired_controller),
    "KNL705": Fault(plant=traffic.missing_class),
}


def chosen_codes(shape: Shape) -> tuple[str, ...]:
    """Return the codes to plant.

    Raises
    ------
    ValueError
        If a code is unknown, does not fit the platform, or excludes another.
    """
    if shape.faults == "random":
        return _random_codes(shape)
    if isinstance(shape.faults, str):
        raise ValueError(f'faults are a tuple of codes or "random", not {shape.faults!r}')
    groups: dict[str, str] = {}
    for code in shape.faults:
        if code not in FAULTS:
            raise ValueError(f"unknown fault {code!r}: known are {', '.join(FAULTS)}")
        if shape.platform not in FAULTS[code].platforms:
            raise ValueError(
                f"fault {code} cannot be on {shape.platform}: {', '.join(FAULTS[code].platforms)}"
            )
        group = FAULTS[code].excludes or code
        if group in groups:
            raise ValueError(f"faults {groups[group]} and {code} cannot be together")
        groups[group] = code
    return shape.faults


def _random_codes(shape: Shape) -> tuple[str, ...]:
    rng = random.Random(f"{shape.seed}/planted")
    fitting = [code for code, fault in FAULTS.items() if shape.platform in fault.platforms]
    found: dict[str, str] = {}
    for code in rng.sample(fitting, rng.randint(2, _MOST_RANDOM)):
        found.setdefault(FAULTS[code].excludes or code, code)
    return tuple(sorted(found.values()))


def plant_ranges(draft: Draft, codes: tuple[str, ...]) -> None:
    """Change the ranges as the faults want them."""
    for code in codes:
        change = FAULTS[code].ranges
        if change:
            change(draft)


def plant_faults(draft: Draft, codes: tuple[str, ...]) -> None:
    """Plant the faults and write down what they must cause."""
    for code in codes:
        draft.planted += [Planted(code, found) for found in FAULTS[code].plant(draft)]
