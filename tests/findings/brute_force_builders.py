"""Builders of raw items for the examples of the brute-force rules."""

import json

API = {
    "Deployment": "apps/v1",
    "DaemonSet": "apps/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "Ingress": "networking.k8s.io/v1",
    "IngressClass": "networking.k8s.io/v1",
    "ServiceCIDR": "networking.k8s.io/v1",
    "NodeNetworkConfig": "acn.azure.com/v1alpha",
    "CiliumNode": "cilium.io/v2",
    "IPPool": "crd.projectcalico.org/v1",
    "IPAMBlock": "crd.projectcalico.org/v1",
}


def item(kind, name, spec=None, *, namespace="shop", **rest):
    """An item of any kind; ``labels`` and ``annotations`` go to its metadata."""
    metadata = {"name": name, "namespace": namespace}
    metadata |= {key: rest.pop(key) for key in ("labels", "annotations", "ownerReferences") if key in rest}
    return {"apiVersion": API.get(kind, "v1"), "kind": kind, "metadata": metadata, "spec": spec or {}, **rest}


def service(name="cart", **spec):
    return item("Service", name, {"selector": {"app": "cart"}, "ports": [{"port": 80}], **spec})


def pod(name="cart-1", phase="Running", ip=None, **spec):
    status = {"phase": phase, "podIP": ip}
    return item("Pod", name, {"containers": [], **spec}, labels={"app": "cart", "tier": "web"}, status=status)


def deployment(replicas=1, containers=(), kind="Deployment"):
    template = {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": list(containers)}}
    return item(kind, "cart", {"replicas": replicas, "template": template})


def endpoint(address, node="a", **conditions):
    return {"addresses": [address], "nodeName": node, "conditions": conditions}


def endpoint_slice(*endpoints, of="cart"):
    return item(
        "EndpointSlice", f"{of}-x", labels={"kubernetes.io/service-name": of}, endpoints=list(endpoints)
    )


def node(name="a", cidr=None, ip="192.168.1.4", runtime="containerd://2.0", **rest):
    status = {
        "addresses": [{"type": "InternalIP", "address": ip}],
        "capacity": {"pods": rest.pop("pods", "110")},
        "nodeInfo": {"containerRuntimeVersion": runtime, "kubeletVersion": rest.pop("version", "v1.34.0")},
    }
    return item("Node", name, {"podCIDR": cidr, "podCIDRs": [cidr] if cidr else None}, status=status, **rest)


def config_map(name, **data):
    return item(
        "ConfigMap", name, namespace="kube-system", data={k.replace("_", "."): v for k, v in data.items()}
    )


def kubeadm(pods="10.244.0.0/16", services="10.96.0.0/12", **rest):
    networking = {"podSubnet": pods, "serviceSubnet": services}
    text = json.dumps({"kind": "ClusterConfiguration", "networking": networking, **rest})
    return config_map("kubeadm-config", ClusterConfiguration=text)


def proxy(mode):
    return config_map("kube-proxy", config_conf=f"kind: KubeProxyConfiguration\nmode: {mode}\n")


CILIUM_INSTEAD = config_map("cilium-config") | {"data": {"kube-proxy-replacement": "true"}}


def daemon_set(name, image="x"):
    template = {
        "metadata": {"labels": {"k8s-app": name}},
        "spec": {"containers": [{"name": name, "image": image}]},
    }
    return item("DaemonSet", name, {"template": template}, namespace="kube-system")


def policy(name="p", **spec):
    return item("NetworkPolicy", name, {"podSelector": {}, **spec})


def egress(*rules, name="p", **spec):
    return policy(name, policyTypes=["Egress"], egress=list(rules), **spec)


def ingress(port=None, name="cart", annotations=None, **spec):
    backend = {"service": {"name": name, "port": port or {"number": 80}}}
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    return item("Ingress", "web", {"rules": rules, **spec}, annotations=annotations or {})


def ingress_class(name="c", default=False, controller="example.com/c"):
    marks = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return item("IngressClass", name, {"controller": controller}, annotations=marks)


FLANNEL = daemon_set("kube-flannel-ds")
DNS = item(
    "Service",
    "kube-dns",
    {"selector": {"k8s-app": "kube-dns"}, "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"]},
    namespace="kube-system",
)
UDP53 = {"protocol": "UDP", "port": 53}
NAMED_HTTP = {"ports": [{"port": 80, "targetPort": "http"}]}
LOCAL = {"type": "NodePort", "externalTrafficPolicy": "Local"}
UNEQUAL = endpoint_slice(endpoint("10.0.0.1"), endpoint("10.0.0.2"), endpoint("10.0.0.3", "b"))


def http(protocol="TCP", name="http"):
    return {"name": "c", "ports": [{"name": name, "protocol": protocol, "containerPort": 8080}]}


def node_port(name, port, protocol="TCP", **spec):
    return service(
        name, type="NodePort", ports=[{"port": 80, "nodePort": port, "protocol": protocol}], **spec
    )


def cluster_ip(number, kind="Service"):
    return item(kind, f"s{number}", {"clusterIP": f"10.96.0.{number}"})


def pods_on_node(count, **spec):
    return [pod(f"p{n}", ip=f"10.244.0.{n + 2}", nodeName="a", **spec) for n in range(count)]


def overlay_node(**rest):
    marks = {"kubernetes.azure.com/cluster": "c", "kubernetes.azure.com/podnetwork-type": "overlay"}
    return node(labels=marks, **rest)


def overlay_block(block, of="a"):
    containers = [{"primaryIP": block, "subnetAddressSpace": "10.244.0.0/16"}]
    return item("NodeNetworkConfig", of, namespace="kube-system", status={"networkContainers": containers})


POOL = item("IPPool", "p", {"cidr": "10.244.0.0/26"})


def calico_block(n_used):
    return item(
        "IPAMBlock", "b", {"cidr": "10.244.0.0/26", "allocations": [0] * n_used + [None] * (64 - n_used)}
    )


OVN_NODE = node(annotations={"k8s.ovn.org/node-subnets": '{"default":["10.128.0.0/23"]}'})
UDP_ANY = {"ports": [{"protocol": "UDP"}]}
X = {"targetRef": {"kind": "Pod", "name": "x"}}


def expression(key, operator, *values):
    return {"key": key, "operator": operator, "values": list(values) or None}


def dns_pod(protocol, port_name):
    ports = [{"name": port_name, "protocol": protocol, "containerPort": 53}]
    status = {"phase": "Running", "podIP": "10.244.0.5"}
    spec = {"containers": [{"name": "coredns", "ports": ports}]}
    return item("Pod", "dns", spec, namespace="kube-system", labels={"k8s-app": "kube-dns"}, status=status)


def cluster_ips_v6(count):
    return [item("Service", f"s{n}", {"clusterIPs": [f"fd00::{n:x}"]}) for n in range(1, count + 1)]


CART = {"app": "cart"}
PROTOCOLS = ("TCP", "UDP")
COREDNS = dns_pod("UDP", "dns")
IP_TARGETS = {"service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip"}
FOR_CART = policy(
    "q", policyTypes=["Egress"], egress=[{"ports": [UDP53]}], podSelector={"matchLabels": {"app": "cart"}}
)
OPENSHIFT_DNS = item(
    "Pod",
    "dns",
    {"containers": [{"ports": [{"name": "dns", "protocol": "UDP", "containerPort": 5353}]}]},
    namespace="openshift-dns",
    labels={"dns.operator.openshift.io/daemonset-dns": "default"},
)


def checked_service(number):
    """A load balancer with a health check node port."""
    return service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=number)


def idle_daemon_set():
    """A DaemonSet that no node is for."""
    return deployment(kind="DaemonSet") | {"status": {"desiredNumberScheduled": 0}}


def namespaced(text):
    """A peer: the namespace of that name."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": text}}}


def controller_manager(cidrs="10.244.0.0/16", allocates="true", *more):
    """The pod of a kube-controller-manager with its flags."""
    flags = [f"--allocate-node-cidrs={allocates}", f"--cluster-cidr={cidrs}", *more]
    containers = [{"name": "kube-controller-manager", "command": ["kube-controller-manager", *flags]}]
    return item("Pod", "kube-controller-manager-a", {"containers": containers}, namespace="kube-system")


def block(cidr, n_used=1, **spec):
    """A Calico block of 64 addresses."""
    allocations = [0] * n_used + [None] * (64 - n_used)
    return item("IPAMBlock", cidr.replace("/", "-"), {"cidr": cidr, "allocations": allocations, **spec})


TWO_BLOCKS = item("IPPool", "two", {"cidr": "10.0.0.0/25", "vxlanMode": "Always"})
BOTH_BLOCKS = (block("10.0.0.0/26"), block("10.0.0.64/26"))


def flannel_mtus(network, pods, kind="vxlan"):
    """Flannel's ConfigMap with the network's MTU and that of pods."""
    net_conf = json.dumps({"Network": "10.244.0.0/16", "Backend": {"Type": kind, "MTU": network}})
    cni = json.dumps({"plugins": [{"type": "flannel", "delegate": {"mtu": pods}}]})
    found = config_map("kube-flannel-cfg")
    return found | {"data": {"net-conf.json": net_conf, "cni-conf.json": cni}}


def agent(name, **variables):
    """The DaemonSet of a network plugin's agent with variables."""
    found = daemon_set(name)
    env = [{"name": key, "value": value} for key, value in variables.items()]
    found["spec"]["template"]["spec"] |= {"hostNetwork": True}
    found["spec"]["template"]["spec"]["containers"][0]["env"] = env
    return found


def calico_mtus(**data):
    """Calico's ConfigMap."""
    return config_map("calico-config") | {"data": data}


NEAR = service(trafficDistribution="PreferClose", clusterIP="10.96.0.8")
ANNOTATED = {
    "name": "cart",
    "namespace": "shop",
    "annotations": {"service.kubernetes.io/topology-mode": "Auto"},
}
ONE_IP = {"clusterIP": "10.96.0.7", "externalIPs": ["198.51.100.7"]}


def hinted_slice(*endpoints):
    """A slice of the Service cart that kube-proxy looks at."""
    return endpoint_slice(*endpoints) | {"ports": [{"port": 8080}]}


def hinted(address, zone="", **conditions):
    """An endpoint for a zone, or for none."""
    return endpoint(address, **conditions) | ({"hints": {"forZones": [{"name": zone}]}} if zone else {})


def zonal_nodes(**zones):
    """So many nodes of each zone."""
    return [
        node(f"{zone}{n}", labels={"topology.kubernetes.io/zone": zone})
        for zone, count in zones.items()
        for n in range(count)
    ]


#: One endpoint in zone y, four in zone z.
ONE_TO_FOUR = hinted_slice(hinted("10.0.0.1", "y"), *(hinted(f"10.0.0.{n}", "z") for n in range(2, 6)))
