"""MTUs that disagree, or fit: KNL210."""

import json

from kubenetlab.synthetic.draft import Draft


def mtus_that_disagree(draft: Draft) -> tuple[str, ...]:
    """KNL210: pods get the network's MTU, without room for headers."""
    _STATED[draft.platform.name](draft, 1500, 1500)
    return ("Cluster",)


def mtus_that_fit(draft: Draft) -> None:
    """KNL210: everything is stated, and pods leave room for the headers."""
    _STATED[draft.platform.name](draft, 1500, 1450)


def _flannel(draft: Draft, network: int, pods: int) -> None:
    data = draft.get("ConfigMap", "kube-flannel-cfg", "kube-flannel")["data"]
    net_conf, cni = json.loads(data["net-conf.json"]), json.loads(data["cni-conf.json"])
    net_conf["Backend"]["MTU"] = network
    cni["plugins"][0]["delegate"] = {"hairpinMode": True, "isDefaultGateway": True, "mtu": pods}
    data |= {"net-conf.json": json.dumps(net_conf, indent=2), "cni-conf.json": json.dumps(cni, indent=2)}


def _calico(draft: Draft, network: int, pods: int) -> None:
    """State the MTU of pods, and that of Felix's VXLAN device, which carries packets of the network's size less 50."""
    draft.get("ConfigMap", "calico-config", "kube-system")["data"]["veth_mtu"] = str(pods)
    agent = next(workload for workload in draft.workloads if workload.name == "calico-node")
    agent.env["FELIX_VXLANMTU"] = str(network - 50)


_STATED = {"kubeadm-flannel": _flannel, "kubeadm-calico": _calico}

#: Where MTUs can be stated.
PLATFORMS = tuple(_STATED)
