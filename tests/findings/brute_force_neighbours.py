"""Harmless neighbours of the minimal dumps: (code that must stay silent, items)."""

from tests.findings.brute_force_builders import (
    ANNOTATED,
    BOTH_BLOCKS,
    CILIUM_INSTEAD,
    COREDNS,
    DNS,
    FLANNEL,
    IP_TARGETS,
    LOCAL,
    NAMED_HTTP,
    NEAR,
    ONE_IP,
    ONE_TO_FOUR,
    OPENSHIFT_DNS,
    OVN_NODE,
    POOL,
    PROTOCOLS,
    TWO_BLOCKS,
    UDP53,
    UDP_ANY,
    UNEQUAL,
    X,
    agent,
    block,
    calico_block,
    calico_mtus,
    cluster_ip,
    cluster_ips_v6,
    config_map,
    controller_manager,
    daemon_set,
    deployment,
    dns_pod,
    egress,
    endpoint,
    endpoint_slice,
    expression,
    flannel_mtus,
    hinted,
    hinted_slice,
    http,
    ingress,
    ingress_class,
    item,
    kubeadm,
    namespaced,
    node,
    node_port,
    overlay_block,
    overlay_node,
    pod,
    pods_on_node,
    policy,
    proxy,
    service,
    zonal_nodes,
)

SILENT = [
    ("KNL101", [service()]),  # neither pods nor workloads in the dump
    ("KNL101", [service(), pod()]),
    ("KNL101", [service(), deployment()]),
    ("KNL101", [service(selector=None), pod()]),
    ("KNL101", [service(type="ExternalName", selector={"app": "x"}), pod()]),
    ("KNL102", [service(), pod()]),  # no slices in the dump
    ("KNL102", [service(), pod(), endpoint_slice(endpoint("10.0.0.1", ready=None))]),
    (
        "KNL102",
        [service(), pod(), endpoint_slice(endpoint("1.1.1.1", ready=False), endpoint("1.1.1.2", ready=True))],
    ),
    (
        "KNL102",
        [service(publishNotReadyAddresses=True), pod(), endpoint_slice(endpoint("1.1.1.1", ready=False))],
    ),
    ("KNL102", [service(selector=None), endpoint_slice(of="other")]),
    ("KNL102", [service(), deployment(replicas=0), endpoint_slice()]),
    ("KNL102", [service(), pod(phase="Failed"), endpoint_slice(endpoint("10.0.0.1", ready=False))]),  # KNL101
    ("KNL103", [service(**NAMED_HTTP), pod(containers=[http()])]),
    (
        "KNL103",
        [service(**NAMED_HTTP), pod("x", containers=[http()]), pod("y", containers=[http(name="web")])],
    ),
    ("KNL103", [service(**NAMED_HTTP), pod(initContainers=[http() | {"restartPolicy": "Always"}])]),
    ("KNL103", [service(**NAMED_HTTP)]),
    ("KNL103", [service(ports=[{"port": 80, "targetPort": 8080}]), pod(containers=[http()])]),
    (
        "KNL104",
        [service(type="NodePort", ports=[{"port": 53, "nodePort": 30001, "protocol": p} for p in PROTOCOLS])],
    ),
    ("KNL104", [node_port("x", 30001), node_port("y", 30002)]),
    ("KNL105", [node_port("x", 30000), node_port("y", 32767)]),
    (
        "KNL105",
        [
            node_port("x", 20000),
            kubeadm(apiServer={"extraArgs": [{"name": "service-node-port-range", "value": "20000-29999"}]}),
        ],
    ),
    ("KNL105", [node_port("x", 20080, clusterIP="10.96.0.9")]),  # deployed: the range is wider
    ("KNL106", [service(type="LoadBalancer")]),  # a manifest: not deployed yet
    (
        "KNL106",
        [service(type="LoadBalancer") | {"status": {"loadBalancer": {"ingress": [{"hostname": "h"}]}}}],
    ),
    ("KNL106", [service(type="NodePort") | {"status": {"loadBalancer": {}}}]),
    ("KNL107", [service(type="ExternalName", externalName="10.0.0.9.example.com")]),
    ("KNL107", [service(externalName="10.0.0.9")]),
    ("KNL108", [service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8", "10.0.0.1/32"])]),
    ("KNL109", [item("Service", "kubernetes", namespace="default"), service()]),
    ("KNL109", [item("Service", "openshift", namespace="default"), OPENSHIFT_DNS]),
    ("KNL201", [kubeadm(), node(cidr="10.244.0.0/24")]),
    ("KNL201", [kubeadm(), node(ip="10.0.0.4"), node("b", ip="10.250.0.4")]),  # far apart, but in no range
    ("KNL201", [kubeadm(pods="fd00::/48", services="10.96.0.0/12")]),
    (
        "KNL201",
        [daemon_set("aws-node"), kubeadm(pods="192.168.0.0/16"), node()],
    ),  # pods live in the nodes' subnets
    ("KNL202", [kubeadm(pods="169.253.0.0/16")]),
    ("KNL203", [kubeadm(pods="172.16.0.0/14"), node()]),
    ("KNL203", [kubeadm(pods="172.18.0.0/16"), node(runtime="docker://24.0")]),
    ("KNL214", [config_map("ovnkube-config", ovnkube_conf='cluster-subnets="100.65.0.0/16/23"'), OVN_NODE]),
    (
        "KNL214",
        [
            config_map(
                "ovnkube-config",
                ovnkube_conf='cluster-subnets="100.64.0.0/16/23"\nv4-join-subnet=100.99.0.0/16',
            ),
            OVN_NODE,
        ],
    ),
    ("KNL214", [kubeadm(pods="100.64.0.0/16"), node()]),  # not OVN-Kubernetes
    ("KNL204", [FLANNEL, node(cidr="10.244.0.0/24")]),
    ("KNL204", [daemon_set("calico-node"), node()]),
    ("KNL204", [daemon_set("aws-node"), node()]),
    ("KNL204", [config_map("cilium-config", ipam="cluster-pool"), node()]),
    ("KNL204", [node(annotations={"k8s.ovn.org/node-subnets": '{"default":"10.128.0.0/23"}'})]),
    (
        "KNL204",
        [
            node(
                labels={
                    "kubernetes.azure.com/cluster": "c",
                    "kubernetes.azure.com/podnetwork-type": "overlay",
                }
            )
        ],
    ),
    ("KNL204", [node()]),  # nobody knows the IPAM
    ("KNL205", [node("a", "10.244.0.0/24"), node("b", "10.244.1.0/24"), node("c"), node("d")]),
    ("KNL206", [FLANNEL, node(cidr="10.244.0.0/24", pods="253")]),
    ("KNL206", [config_map("cilium-config", ipam="kubernetes"), node(cidr="10.244.0.0/24", pods="252")]),
    ("KNL206", [node(pods="507", annotations={"k8s.ovn.org/node-subnets": '{"default":["10.128.0.0/23"]}'})]),
    ("KNL206", [node(cidr="10.4.0.0/24", pods="128", labels={"cloud.google.com/gke-nodepool": "p"})]),
    ("KNL206", [daemon_set("calico-node"), node(cidr="10.244.0.0/26")]),
    ("KNL206", [overlay_node(pods="250"), overlay_block("10.244.0.0/24")]),
    ("KNL207", [overlay_node(), overlay_block("10.244.0.0/24"), kubeadm()]),
    ("KNL207", [item("ServiceCIDR", "k", {"cidrs": ["10.96.0.0/28"]}), *map(cluster_ip, range(1, 12))]),
    ("KNL207", [FLANNEL, kubeadm(pods="10.244.0.0/23"), node(cidr="10.244.0.0/24")]),
    ("KNL207", [FLANNEL, node(cidr="10.244.0.0/28"), *pods_on_node(10)]),
    ("KNL207", [FLANNEL, node(cidr="10.244.0.0/28"), *pods_on_node(11, hostNetwork=True)]),
    ("KNL207", [FLANNEL, node(cidr="10.244.0.0/24")]),  # the cluster CIDR is not stated anywhere
    ("KNL301", [proxy("iptables")]),
    ("KNL301", [proxy('""')]),
    ("KNL301", [proxy("ipvs"), config_map("cilium-config", **{"kube-proxy-replacement": "true"})]),
    ("KNL302", [service("a", **ONE_IP)]),
    ("KNL302", [service("a", **ONE_IP), service("b", **ONE_IP, ports=[{"port": 81}])]),
    ("KNL302", [service("a", **ONE_IP), service("b", **ONE_IP, ports=[{"port": 80, "protocol": "UDP"}])]),
    ("KNL302", [service("a", **ONE_IP), service("b", **{**ONE_IP, "clusterIP": "None"})]),
    ("KNL303", [NEAR, hinted_slice(hinted("10.0.0.1", "z"), hinted("10.0.0.2", "y"))]),
    ("KNL303", [NEAR, hinted_slice(hinted("10.0.0.1"), hinted("10.0.0.2"))]),
    ("KNL303", [NEAR, hinted_slice(hinted("10.0.0.1", "z"), hinted("10.0.0.2", ready=False))]),
    ("KNL302", [service("a", **ONE_IP), service("b", **ONE_IP), CILIUM_INSTEAD]),
    (
        "KNL303",
        [
            service(trafficDistribution="PreferClose", clusterIP="10.96.0.8", internalTrafficPolicy="Local"),
            hinted_slice(hinted("10.0.0.1", "z"), hinted("10.0.0.2")),
        ],
    ),
    ("KNL303", [NEAR, hinted_slice(hinted("10.0.0.1", "z"), hinted("10.0.0.2")), node()]),
    ("KNL303", [NEAR, CILIUM_INSTEAD, hinted_slice(hinted("10.0.0.1", "z"), hinted("10.0.0.2"))]),
    ("KNL303", [service(), hinted_slice(hinted("10.0.0.1", "z"), hinted("10.0.0.2"))]),
    ("KNL401", [service(**LOCAL), endpoint_slice(endpoint("10.0.0.1"), endpoint("10.0.0.3", "b"))]),
    ("KNL401", [service(**LOCAL | {"externalTrafficPolicy": "Cluster"}), UNEQUAL]),
    ("KNL401", [service(**LOCAL | {"type": "ClusterIP"}), UNEQUAL]),
    (
        "KNL401",
        [
            service(**LOCAL),
            endpoint_slice(
                endpoint("10.0.0.1"), endpoint("10.0.0.2", ready=False), endpoint("10.0.0.3", "b")
            ),
        ],
    ),
    ("KNL401", [item("Service", "cart", LOCAL | {"type": "LoadBalancer"}, annotations=IP_TARGETS), UNEQUAL]),
    ("KNL402", [NEAR, ONE_TO_FOUR]),  # no nodes: nobody knows where the traffic comes from
    ("KNL402", [NEAR, ONE_TO_FOUR, *zonal_nodes(y=1, z=4)]),  # as many nodes as endpoints
    ("KNL402", [NEAR, ONE_TO_FOUR, *zonal_nodes(y=3, z=6)]),  # 5/3 of a fair share
    ("KNL402", [NEAR, ONE_TO_FOUR, *zonal_nodes(x=2)]),  # from a zone without endpoints all are used
    ("KNL402", [service(clusterIP="10.96.0.8"), ONE_TO_FOUR, *zonal_nodes(y=1, z=1)]),
    ("KNL402", [NEAR, CILIUM_INSTEAD, ONE_TO_FOUR, *zonal_nodes(y=1, z=1)]),
    ("KNL402", [NEAR | {"metadata": ANNOTATED}, ONE_TO_FOUR, *zonal_nodes(y=1, z=1)]),
    (
        "KNL402",  # one without a hint: nobody obeys the others
        [NEAR, ONE_TO_FOUR, hinted_slice(hinted("10.0.0.9")), *zonal_nodes(y=1, z=1)],
    ),
    (
        "KNL402",  # the control plane opens no connections
        [
            NEAR,
            ONE_TO_FOUR,
            node(labels={"topology.kubernetes.io/zone": "y", "node-role.kubernetes.io/control-plane": ""}),
            *zonal_nodes(z=1),
        ],
    ),
    ("KNL403", [service(clusterIP="10.96.0.8", sessionAffinity="ClientIP")]),
    ("KNL403", [service(clusterIP="None", sessionAffinity="None")]),
    ("KNL501", [item("Namespace", "com-shop"), item("Namespace", "development")]),
    ("KNL601", [FLANNEL]),
    ("KNL601", [FLANNEL, policy(), daemon_set("calico-node")]),
    ("KNL601", [daemon_set("cilium"), policy()]),
    (
        "KNL601",
        [daemon_set("kube-flannel-ds", "registry.k8s.io/networking/kube-network-policies:v1"), policy()],
    ),
    (
        "KNL601",
        [  # k3s: Flannel inside, with its own policy controller
            node(version="v1.34.1+k3s1", annotations={"flannel.alpha.coreos.com/backend-type": "vxlan"}),
            policy(),
        ],
    ),
    ("KNL601", [policy(), overlay_node(), daemon_set("azure-cns"), daemon_set("azure-npm")]),
    ("KNL601", [policy(), daemon_set("aws-node")]),
    ("KNL602", [DNS, COREDNS, egress({"to": [namespaced("kube-system")], "ports": [UDP53]})]),
    ("KNL602", [DNS, COREDNS, egress({"to": [{"namespaceSelector": {"matchLabels": {"team": "core"}}}]})]),
    ("KNL602", [OPENSHIFT_DNS, egress({"ports": [UDP53 | {"port": 5353}]})]),
    (
        "KNL602",
        [
            DNS,
            config_map("node-local-dns", Corefile="bind 169.254.20.10"),
            egress({"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": [UDP53]}),
        ],
    ),
    ("KNL602", [egress({})]),
    ("KNL602", [policy(policyTypes=["Ingress"])]),
    ("KNL602", [egress({"ports": [UDP53]})]),
    ("KNL602", [egress({"ports": [{"protocol": "UDP", "port": 1, "endPort": 100}]})]),
    ("KNL602", [egress({"ports": [{"protocol": "UDP", "port": "dns"}]})]),
    ("KNL602", [egress({"to": [{"namespaceSelector": {}}], "ports": [UDP53]})]),
    ("KNL602", [DNS, egress({"to": [{"ipBlock": {"cidr": "10.96.0.10/32"}}], "ports": [UDP53]})]),
    ("KNL602", [pod(), egress(), egress({"ports": [UDP53]}, podSelector={"matchLabels": {"app": "cart"}})]),
    (
        "KNL603",
        [policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}])],
    ),
    ("KNL701", [ingress(), service()]),
    ("KNL701", [ingress()]),  # no Services in the dump
    (
        "KNL701",
        [
            ingress({"name": "use-annotation"}, "go", {"alb.ingress.kubernetes.io/actions.go": "{}"}),
            service(),
        ],
    ),
    ("KNL701", [ingress() | {"metadata": {"name": "web", "namespace": "other"}}, service()]),
    ("KNL702", [ingress(), service()]),
    ("KNL702", [ingress({"name": "http"}), service(ports=[{"name": "http", "port": 8080}])]),
    ("KNL702", [ingress({"number": 81}, "gone"), service()]),  # KNL701
    ("KNL702", [ingress(), service(type="ExternalName", ports=[])]),
    ("KNL703", [ingress(), ingress_class(default=True)]),
    ("KNL703", [ingress(), node(labels={"cloud.google.com/gke-nodepool": "p"})]),
    ("KNL703", [ingress(), OPENSHIFT_DNS]),
    ("KNL703", [ingress(ingressClassName="c")]),
    ("KNL703", [ingress(annotations={"kubernetes.io/ingress.class": "nginx"})]),
    ("KNL704", [ingress_class(controller="nginx.org/ingress-controller")]),
    ("KNL704", [deployment(containers=[{"image": "nginx/nginx-ingress:5"}])]),
    # Less common ways past the same findings.
    ("KNL101", [service(), deployment(replicas=0)]),
    ("KNL102", [service(), deployment(replicas=0), endpoint_slice(of="other")]),
    ("KNL102", [service(), deployment(kind="Job"), endpoint_slice()]),
    (
        "KNL102",
        [
            service(),
            pod(),
            item("Endpoints", "other", subsets=[{"notReadyAddresses": [{"ip": "10.0.0.2"}]}]),
            item("Endpoints", "cart", subsets=[{"addresses": [{"ip": "10.0.0.1"}]}]),
        ],
    ),
    ("KNL103", [service(**NAMED_HTTP), deployment(replicas=0)]),
    ("KNL201", [item("IPPool", "p", {"cidr": "192.168.0.0/16", "disabled": True}), node()]),
    ("KNL201", [item("IPPool", "p", {"cidr": "192.168.0.0/16", "allowedUses": ["LoadBalancer"]}), node()]),
    ("KNL201", [config_map("ovnkube-config", ovnkube_conf='cluster-subnets="10.128.0.0/14/23"'), OVN_NODE]),
    ("KNL206", [FLANNEL, node(cidr="fd00::/125", pods="6")]),
    ("KNL207", [FLANNEL, kubeadm(pods="10.0.0.0/20"), *[node(f"n{i}", f"10.0.{i}.0/24") for i in range(12)]]),
    ("KNL207", [FLANNEL, node(cidr="10.244.0.0/27"), *pods_on_node(23)]),
    ("KNL207", [POOL, calico_block(n_used=51)]),
    ("KNL207", [node(cidr="10.4.0.0/25", labels={"cloud.google.com/gke-nodepool": "p"}), *pods_on_node(64)]),
    ("KNL207", [item("ServiceCIDR", "k", {"cidrs": ["fd00::/124"]}), *cluster_ips_v6(12)]),
    (
        "KNL401",
        [  # one pod, two families: counted once
            service(**LOCAL),
            endpoint_slice(endpoint("10.0.0.1") | X, endpoint("fd00::1") | X, endpoint("10.0.0.3", "b")),
        ],
    ),
    ("KNL601", [item("IPPool", "p", {"cidr": "10.0.0.0/16"}), FLANNEL, policy()]),
    ("KNL602", [egress({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})]),
    ("KNL602", [pod(hostNetwork=True), deployment(), egress(), egress(UDP_ANY, name="q")]),
    (
        "KNL602",
        [
            deployment(),
            egress(),
            egress(UDP_ANY, podSelector={"matchExpressions": [expression("app", "In", "cart")]}, name="q"),
        ],
    ),
    (
        "KNL602",
        [
            deployment(),
            egress(),
            egress(UDP_ANY, podSelector={"matchExpressions": [expression("app", "Exists")]}, name="q"),
        ],
    ),
    (
        "KNL602",
        [
            deployment(),
            egress(),
            egress(UDP_ANY, podSelector={"matchExpressions": [expression("zone", "NotIn", "a")]}, name="q"),
        ],
    ),
    (
        "KNL602",
        [
            deployment(),
            egress(),
            egress(UDP_ANY, podSelector={"matchExpressions": [expression("zone", "DoesNotExist")]}, name="q"),
        ],
    ),
    ("KNL602", [egress({"ports": [{"protocol": "UDP", "port": "resolve"}]}), DNS, dns_pod("UDP", "resolve")]),
    ("KNL602", [DNS, dns_pod("UDP", "dns"), egress({"to": [{"ipBlock": {"cidr": "10.244.0.5/32"}}]})]),
    ("KNL705", [ingress(ingressClassName="ghost")]),
    ("KNL705", [ingress(ingressClassName="c"), ingress_class()]),
    ("KNL705", [ingress(), ingress_class()]),
    (
        "KNL705",
        [
            ingress(annotations={"kubernetes.io/ingress.class": "x"}),
            ingress_class(controller="k8s.io/ingress-nginx"),
        ],
    ),
    ("KNL208", [controller_manager(), node(cidr="10.244.3.0/24"), node("b")]),
    ("KNL208", [controller_manager("10.244.0.0/24"), node(cidr="10.244.0.0/16")]),  # larger, but not outside
    ("KNL208", [controller_manager(allocates="false"), node(cidr="10.9.0.0/24")]),
    (
        "KNL208",
        [
            controller_manager("10.244.0.0/16", "true", "--cidr-allocator-type=CloudAllocator"),
            node(cidr="10.9.0.0/24"),
        ],
    ),
    ("KNL208", [kubeadm(), node(cidr="10.9.0.0/24")]),  # the component itself is not in the dump
    ("KNL209", [TWO_BLOCKS, BOTH_BLOCKS[0]]),
    ("KNL209", [TWO_BLOCKS, BOTH_BLOCKS[0], block("10.0.0.64/26", n_used=0)]),
    ("KNL209", [TWO_BLOCKS, *BOTH_BLOCKS, item("IPPool", "spare", {"cidr": "10.1.0.0/16"})]),
    ("KNL209", [TWO_BLOCKS | {"spec": {"cidr": "10.0.0.0/25", "disabled": True}}, *BOTH_BLOCKS]),
    ("KNL209", [TWO_BLOCKS]),
    ("KNL210", [flannel_mtus(1500, 1450)]),
    ("KNL210", [flannel_mtus(0, 1500)]),
    ("KNL210", [agent("aws-node", AWS_VPC_ENI_MTU="9001", POD_MTU="1500")]),
    ("KNL210", [TWO_BLOCKS, calico_mtus(veth_mtu="1450"), agent("calico-node", FELIX_IPINIPMTU="1410")]),
    ("KNL210", [TWO_BLOCKS, calico_mtus(veth_mtu="0"), agent("calico-node", FELIX_VXLANMTU="1410")]),
]
