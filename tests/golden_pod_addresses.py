"""How the recordings of host-local, Flannel and OVN-Kubernetes are split and answered; rows in golden_models."""

import json

from kubenetlab.ipam import flannel
from kubenetlab.ipam.host_local import HostLocal, HostLocalError
from kubenetlab.ipam.host_local_config import load_config
from kubenetlab.ipam.ovn_kubernetes import SubnetAllocator, SubnetsError

_LABELS = {"name", "description", "oracle"}
_HOST_LOCAL_CALL = {"cmd", "id", "CNI_ARGS", "args", "runtimeConfig"}
_OVN_RANGE = {"network", "hostSubnetLength"}
_OVN_STEP = {"op", "owner", "cidr"}


def _without(fields, names):
    return {name: value for name, value in fields.items() if name not in names}


def split_host_local(recording):
    """Inputs: what each call of the plug-in gets, its configuration as the text on standard input."""
    document = recording.document
    steps = [_host_local_call(document["config"], step) for step in document["steps"]]
    recorded = _without(document, _LABELS | {"config"})
    recorded["steps"] = [_without(step, _HOST_LOCAL_CALL) for step in document["steps"]]
    return {"steps": steps}, recorded


def _host_local_call(config, step):
    stdin = config | {name: step[name] for name in ("args", "runtimeConfig") if name in step}
    return {
        "command": step["cmd"],
        "container": step["id"],
        "cni_args": step.get("CNI_ARGS", ""),
        "stdin": json.dumps(stdin),
    }


def host_local(inputs):
    """Every answer, and the files left behind; the recording has one line end between container and interface."""
    node = HostLocal()
    steps = [_host_local_step(node, step) for step in inputs["steps"]]
    last = "last_reserved_ip."
    files = {name: content.replace("\r\n", "\n") for name, content in node.files.items()}
    return {
        "steps": steps,
        "final_last_reserved": {
            name.removeprefix(last): text for name, text in files.items() if name.startswith(last)
        },
        "final_reservations": {name: text for name, text in files.items() if not name.startswith(last)},
    }


def _host_local_step(node, step):
    try:
        config = load_config(json.loads(step["stdin"]), step["cni_args"])
        answer = _HOST_LOCAL_COMMANDS[step["command"]](node, config, step["container"])
    except (HostLocalError, ValueError) as error:
        return {"rc": 1, "error": {"code": HostLocalError.code, "msg": str(error)}}
    return {"rc": 0} | answer


def _host_local_add(node, config, container):
    allocations = node.add(config, container)
    ips = [{"address": str(allocation), "gateway": str(allocation.gateway)} for allocation in allocations]
    return {"ips": ips} | ({"routes": list(config.routes)} if config.routes else {})


def _nothing(_):
    return {}


_HOST_LOCAL_COMMANDS = {
    "ADD": _host_local_add,
    "DEL": lambda node, _, container: _nothing(node.delete(container)),
    "CHECK": lambda node, _, container: _nothing(node.check(container)),
}


def split_flannel(recording):
    """Inputs: the text of net-conf.json."""
    case = recording.document[recording.index]
    return json.dumps(case["config"]), _without(case, _LABELS | {"config"})


def flannel_config(text):
    """The completed configuration, or the refusal; usable subnets were recorded for IPv4."""
    try:
        config = flannel.parse_config(text)
    except ValueError as error:
        return {"error": str(error)}
    answer = {"BackendType": config.backend_type}
    for prefix, subnets in (("", config.ipv4), ("IPv6", config.ipv6)):
        if subnets:
            answer[f"{prefix}SubnetLen"] = subnets.subnet_length
            answer[f"{prefix}SubnetMin"] = str(subnets.subnet_min)
            answer[f"{prefix}SubnetMax"] = str(subnets.subnet_max)
    return answer | ({"usable_subnets": config.ipv4.capacity} if config.ipv4 else {})


def split_ovn_kubernetes(recording):
    """Inputs: the range, and the steps, or how many subnets are asked for and whether all of them are written."""
    case = recording.document[recording.index]
    recorded = _without(case, _LABELS | _OVN_RANGE)
    inputs = {"range": [case["network"], case["hostSubnetLength"]]}
    if "sequence" in case:
        inputs["steps"] = [
            {name: step[name] for name in _OVN_STEP & step.keys()} for step in case["sequence"]
        ]
        return inputs, recorded | {"sequence": [_without(step, _OVN_STEP) for step in case["sequence"]]}
    return inputs | {"samples": "first8" in case, "asked": len(case.get("allocations", []))}, recorded


def ovn_kubernetes(inputs):
    """The whole sequence; or the first subnets, those at the recorder's places, and how many there are."""
    allocator = SubnetAllocator()
    allocator.add_network_range(*inputs["range"])
    if "steps" in inputs:
        return {"sequence": [_ovn_step(allocator, step) for step in inputs["steps"]]}
    count = sum(allocator.count)
    if not inputs["samples"]:
        names = [f"node-{number}" for number in range(inputs["asked"])]
        return {"count": count, "allocations": [_allocated(allocator, name) for name in names]}
    subnets = [_allocated(allocator, f"node-{number}") for number in range(count)]
    answer = {"count": count, "first8": subnets[:8], "at": {str(n): subnets[n] for n in (255, 256, 257)}}
    return answer | ({"at512": subnets[512]} if count > 512 else {})


def _allocated(allocator, owner):
    try:
        return str(allocator.allocate(owner)[0])
    except SubnetsError as error:
        return f"error: {error}"


def _ovn_step(allocator, step):
    try:
        if step["op"] == "allocate":
            return {"result": str(allocator.allocate(step["owner"])[0])}
        return _nothing(allocator.release(step["owner"], step["cidr"]))
    except SubnetsError as error:
        return {"error": str(error)}
