"""How the recordings of Services, node ports, Calico and the AWS VPC CNI are split and answered; rows in golden_models."""

from kubenetlab.ipam.aws_vpc_cni import INSTANCE_TYPES, warm_addresses, warm_prefixes
from kubenetlab.ipam.calico_blocks import IpPool, fnv32
from kubenetlab.ipam.node_ports import NodePorts
from kubenetlab.ipam.service_ips import ServiceCidr

_CALICO_INPUTS = {"pool", "blockSize", "host"}
_AWS_OUTPUTS = {"doc_enis", "doc_ips", "doc_prefixes", "model", "agrees"}


def _only(fields, names):
    return {name: value for name, value in fields.items() if name in names}


def _without(fields, names):
    return {name: value for name, value in fields.items() if name not in names}


def _texts(bounds):
    return None if bounds is None else [str(address) for address in bounds]


def split_service_bands(recording):
    """Inputs: the range."""
    row = recording.document["rows"][recording.index]
    return row["cidr"], _without(row, {"cidr"})


def service_bands(cidr):
    """The bands of a Service range, and the two addresses that are known beforehand."""
    service_cidr = ServiceCidr(cidr)
    well_known = {
        "kubernetes_service_ip": service_cidr.kubernetes_service_ip,
        "dns_ip_kubeadm": service_cidr.dns_ip,
    }
    return {
        "usable": service_cidr.usable,
        "static_band_size": service_cidr.static_band_size,
        "static": _texts(service_cidr.static),
        "dynamic": _texts(service_cidr.dynamic),
        "dynamic_size": service_cidr.usable - service_cidr.static_band_size,
    } | {name: None if address is None else str(address) for name, address in well_known.items()}


def split_node_port_bands(recording):
    """Inputs: the range."""
    row = recording.document["rows"][recording.index]
    return row["range"], _without(row, {"range"})


def node_port_bands(port_range):
    """The bands of a node port range."""
    ports = NodePorts(port_range)
    return {
        "size": ports.size,
        "offset": ports.static_band_size,
        "static": ports.static and list(ports.static),
        "dynamic": list(ports.dynamic),
    }


def split_calico_first_block(recording):
    """Inputs: pool, block size and host."""
    row = recording.document[recording.index]
    return _only(row, _CALICO_INPUTS), _without(row, _CALICO_INPUTS)


def calico_first_block(inputs):
    """The block that a host tries first."""
    pool = IpPool(inputs["pool"], inputs["blockSize"])
    return {
        "fnv32": fnv32(inputs["host"]),
        "numBlocks": str(pool.n_blocks),
        "startIndex": str(pool.first_block_index(inputs["host"])),
        "firstBlock": str(next(pool.blocks(inputs["host"]))),
    }


def split_aws_warm_cases(recording):
    """Inputs: instance type, pods, targets. Where a row says that its document is wrong, its correction counts."""
    row = recording.document["rows"][recording.index]
    corrected = row["model"] if isinstance(row["model"], list) else [row["model"]]
    documented = [row[name] for name in sorted(_AWS_OUTPUTS - {"model", "agrees"}) if name in row]
    recorded = {
        "documented": documented if row["agrees"] else corrected,
        "corrected": corrected,
        "mark_is_right": (documented == corrected) is row["agrees"],
    }
    known = _AWS_OUTPUTS | {
        "mode", "type", "pods", "WARM_ENI_TARGET", "WARM_PREFIX_TARGET", "WARM_IP_TARGET", "MINIMUM_IP_TARGET"
    }  # fmt: skip
    return _without(row, _AWS_OUTPUTS), recorded | _without(row, known)


def aws_warm_cases(inputs):
    """Interfaces and secondary addresses, or prefixes, that a node holds."""
    targets = {name.lower(): value for name, value in inputs.items() if name.isupper() and value is not None}
    instance = INSTANCE_TYPES[inputs["type"]]
    if inputs["mode"] == "prefix":
        held = [warm_prefixes(instance, inputs["pods"], **targets).attached]
    else:
        held = list(warm_addresses(instance, inputs["pods"], **targets)[:2])
    return {"documented": held, "corrected": held, "mark_is_right": True}
