"""Which Service ranges a component of Kubernetes knows: the API server all of them, kube-controller-manager those of its flag.

Source: kubernetes, pkg/controller/nodeipam/ipam/range_allocator.go (filterOutServiceRange takes
``--service-cluster-ip-range``); pkg/registry/core/service/ipallocator/cidrallocator.go (Services get addresses of every
ServiceCIDR object that is ready). Basis: *source*.
"""

from __future__ import annotations

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.addresses import setting_ranges
from kubenetlab.objects.address_pools import ServiceCIDR
from kubenetlab.readers.settings.clues import cidrs
from kubenetlab.result import Origin

_OF_THE_FLAG = "kubernetes"  # the ServiceCIDR that the API server makes of its flag


def controller_service_ranges(cluster: Cluster) -> tuple[str, ...]:
    """Return the ranges of ``--service-cluster-ip-range``; empty where the dump states none.

    Where only ServiceCIDR objects state them, those of the one called ``kubernetes`` are the flag's.
    """
    setting = cluster.settings.get("service_cidr")
    if setting is None or not setting.value or setting.origin is Origin.INFERRED:
        return ()
    by_name = {value.metadata.name: _normal(value) for value in cluster.service_cidrs}
    of_the_flag = by_name.pop(_OF_THE_FLAG, None)
    if of_the_flag is None:
        return setting_ranges(setting)
    added = {text for texts in by_name.values() for text in texts} - set(of_the_flag)
    return tuple(text for text in setting_ranges(setting) if text not in added)


def api_server_service_ranges(cluster: Cluster) -> tuple[str, ...]:
    """Return every range that Services get addresses of: those of the flag, and those of further ServiceCIDR objects."""
    added = (text for value in cluster.service_cidrs for text in _normal(value))
    return tuple(dict.fromkeys((*controller_service_ranges(cluster), *added)))


def _normal(value: ServiceCIDR) -> tuple[str, ...]:
    """Return the ranges as settings write them, without host bits."""
    return cidrs([text for text in value.spec.cidrs if text])
