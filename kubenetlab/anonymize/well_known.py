"""Words that belong to Kubernetes, not to a user: they stay, because models read them. Tables only."""

import re


def words(text: str) -> frozenset[str]:
    """Return the words of a text: how the tables below are written."""
    return frozenset(text.split())


#: Names that stay as they are, as a whole name or as one label of a DNS name.
NAMES = words("""
    default kubernetes kube-system kube-public kube-node-lease kube-dns kube-proxy kube-flannel kube-flannel-cfg
    kubeadm-config kubelet-config coredns coredns-custom nodelocaldns node-local-dns dns-default cilium cilium-config
    calico-config calico-system calico-apiserver tigera-operator aws-node amazon-vpc-cni metallb-system ingress-nginx
    ingress-nginx-controller openshift-dns openshift-ovn-kubernetes openshift-ingress openshift-sdn
    kube-root-ca.crt cluster-dns azure-cns azure-ip-masq-agent-config ip-masq-agent antrea-config
    default-ipv4-ippool default-ipv6-ippool weave-net kindnet kube-router canal canal-config
    rke2-coredns-rke2-coredns rke2-canal-config kube-router-cfg ovnkube-config aws-auth azure-ip-masq-agent-config-reconciled openshift-apiserver
    openshift-kube-controller-manager kindnet-cni weave cns-container azure-cns netd ovnkube-controller ovn-controller
    kubedns gke-release svc pod true false
""")

#: Names of components: what follows them after a dash (a node, a hash) is replaced.
COMPONENTS = words("""
    kube-apiserver kube-controller-manager kube-scheduler etcd kube-proxy kube-flannel kube-flannel-ds coredns kindnet
    calico-node calico-typha calico-kube-controllers calico-apiserver canal cilium-envoy cilium-operator cilium-agent
    aws-node azure-cns azure-cni azure-npm azure-ip-masq-agent weave-net antrea-agent antrea-controller kube-router
    ovnkube-node ovnkube-control-plane ovnkube-master sdn dns-default node-local-dns nodelocaldns anetd netd
    ip-masq-agent konnectivity-agent ingress-nginx ingress-nginx-controller nginx-ingress-controller metallb-speaker
    kubelet-config rke2-canal rke2-coredns speaker kube-dns openshift-dns openshift-ovn-kubernetes cloud-node-manager cilium flannel tigera-operator
""")

#: Words inside of names that stay: they say which C library an image has.
LIBRARIES = words("alpine musl")

#: Ends of DNS names that stay.
SUFFIXES = (
    "svc.cluster.local",
    "pod.cluster.local",
    "cluster.local",
    "amazonaws.com",
    "in-addr.arpa",
    "ip6.arpa",
)

#: Domains whose label and annotation keys, controllers and classes stay as they are.
DOMAINS = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:kubernetes\.io|k8s\.io|projectcalico\.org|cilium\.io|k8s\.ovn\.org|k8s\.aws|"
    r"eks\.amazonaws\.com|k8s\.amazonaws\.com|kubernetes\.azure\.com|cloud\.google\.com|networking\.gke\.io|"
    r"openshift\.io|k3s\.io|rke\.cattle\.io|rke2\.io|flannel\.alpha\.coreos\.com|metallb\.universe\.tf|metallb\.io|"
    r"antrea\.io|kube-router\.io|minikube\.k8s\.io|io\.cilium)\Z"
)

#: Label keys without a domain that everyone uses.
KEYS = words("""
    app k8s-app component tier name version role pod-template-hash controller-revision-hash pod-template-generation
    control-plane
""")

#: Roles of the keys ``node-role.kubernetes.io/ROLE``; others are replaced.
ROLES = words("master control-plane worker infra etcd controlplane")

#: Label keys whose values stay: machine words of Kubernetes and the clouds.
VALUE_KEYS = words("""
    kubernetes.io/os kubernetes.io/arch beta.kubernetes.io/os beta.kubernetes.io/arch kubernetes.io/cluster-service
    node.kubernetes.io/instance-type beta.kubernetes.io/instance-type node.kubernetes.io/windows-build
    endpointslice.kubernetes.io/managed-by service.kubernetes.io/headless endpoints.kubernetes.io/managed-by
    service.kubernetes.io/service-proxy-name apps.kubernetes.io/pod-index pod-template-generation
    kubernetes.azure.com/podnetwork-type kubernetes.azure.com/network-policy kubernetes.azure.com/azure-cni-overlay
    kubernetes.azure.com/ebpf-dataplane kubernetes.azure.com/mode
    cloud.google.com/gke-max-pods-per-node cloud.google.com/gke-os-distribution cloud.google.com/gke-netd-ready
    cloud.google.com/gke-container-runtime eks.amazonaws.com/capacityType node.openshift.io/os_id
    ipaddress.kubernetes.io/managed-by ipaddress.kubernetes.io/ip-family
    flannel.alpha.coreos.com/backend-type flannel.alpha.coreos.com/kube-subnet-manager
    ingressclass.kubernetes.io/is-default-class service.kubernetes.io/topology-mode
    service.kubernetes.io/topology-aware-hints node.alpha.kubernetes.io/ttl
    service.beta.kubernetes.io/azure-load-balancer-internal service.beta.kubernetes.io/aws-load-balancer-internal
    service.beta.kubernetes.io/aws-load-balancer-type service.beta.kubernetes.io/aws-load-balancer-scheme
    networking.gke.io/load-balancer-type cloud.google.com/load-balancer-type
""")

#: The values of those keys that stay; others are replaced.
VALUES = re.compile(
    r"|linux|windows|amd64|arm64|arm|ppc64le|s390x|386|true|false|overlay|vnet|vnetblock|azure|calico|cilium|none|system|user|"
    r"cos|cos_containerd|ubuntu|containerd|ON_DEMAND|SPOT|rhel|rhcos|vxlan|host-gw|wireguard|udp|ipsec|Auto|auto|Hints|IPv4|IPv6|"
    r"external|internet-facing|internal|Internal|nlb|nlb-ip|\d{1,5}|(?:[a-z-]+\.)?k8s\.io|"
    r"[a-z]{1,4}\d{1,2}[a-z-]{0,6}\.(?:nano|micro|small|medium|large|metal|\d{0,2}xlarge)|Standard_[A-Z]{1,2}\d{1,3}[a-z]{0,6}(?:_v\d)?|"
    r"[a-z]\d[a-z]?-(?:standard|highmem|highcpu|medium|micro|small)(?:-\d{1,3})?",
    re.ASCII,
)

#: Annotations that are kept, besides those of ``VALUE_KEYS``; their names and addresses are replaced. Others go.
ANNOTATIONS = words("""
    kubernetes.io/ingress.class flannel.alpha.coreos.com/public-ip flannel.alpha.coreos.com/public-ipv6
    projectcalico.org/IPv4Address projectcalico.org/IPv6Address projectcalico.org/IPv4IPIPTunnelAddr
    projectcalico.org/IPv4VXLANTunnelAddr cni.projectcalico.org/podIP cni.projectcalico.org/podIPs
    k8s.ovn.org/node-subnets k8s.ovn.org/host-cidrs k8s.ovn.org/node-primary-ifaddr kube-router.io/pod-cidr
    metallb.universe.tf/address-pool metallb.io/address-pool metallb.universe.tf/loadBalancerIPs metallb.io/loadBalancerIPs
    network.cilium.io/ipv4-pod-cidr network.cilium.io/ipv6-pod-cidr io.cilium.network.ipv4-pod-cidr
""")

#: Annotations whose key alone tells the platform; their values go.
PLATFORM_ANNOTATIONS = ("k3s.io/", "rke2.io/", "kubeadm.alpha.kubernetes.io/")

#: Values of enumerations, kept in the fields of ``ENUMERATED``.
ENUMERATIONS = words("""
    ClusterIP NodePort LoadBalancer ExternalName None ClientIP Cluster Local TCP UDP SCTP IPv4 IPv6 FQDN VIP Proxy
    SingleStack PreferDualStack RequireDualStack Ingress Egress In NotIn Exists DoesNotExist True False Unknown
    Pending Running Succeeded Failed ClusterFirst ClusterFirstWithHostNet Default Always OnFailure Never
    Exact Prefix ImplementationSpecific PreferClose PreferSameZone PreferSameNode Auto linux windows
    InternalIP ExternalIP Hostname InternalDNS ExternalDNS CrossSubnet
    Ready PodScheduled Initialized ContainersReady PodReadyToStartContainers DisruptionTarget MemoryPressure
    DiskPressure PIDPressure NetworkUnavailable
    Node Namespace Pod Service EndpointSlice Endpoints Deployment StatefulSet DaemonSet ReplicaSet Job CronJob
    ReplicationController http https h2c grpc
    ndots timeout attempts single-request single-request-reopen use-vc no-tld-query rotate edns0 inet6
    NoSchedule PreferNoSchedule NoExecute Equal SecurityGroupsForPods CustomNetworking eniid
""")

#: Fields that hold such values.
ENUMERATED = words("""
    type protocol phase status operator kind ipMode pathType sessionAffinity externalTrafficPolicy
    internalTrafficPolicy ipFamilyPolicy ipFamilies policyTypes dnsPolicy restartPolicy addressType operatingSystem
    trafficDistribution effect clusterIP clusterIPs ipipMode vxlanMode appProtocol
""")

#: Fields that hold versions and dates; they stay where they look like one.
VERSIONED = words("""
    kubeletVersion kubeProxyVersion containerRuntimeVersion osImage deletionTimestamp creationTimestamp pods memory
    nodeSubnetSize
""")
VERSION = re.compile(
    r"v?\d+(?:\.\d+)+(?:[-+](?:eks|gke|k3s|rke2r|minimal|eksbuild|fips|distroless|alpha|beta|rc|hash|rhaos|[0-9a-f]{6,12})?[\d.]*)*"
    r"|\d{4}-\d\d-\d\dT[\d:.]+Z|\d+(?:[km]|[MG]i?)?",
    re.ASCII,
)

#: What stands before the version of a container runtime, and the start of a version that somebody's word follows.
RUNTIME = re.compile(r"(?:containerd|docker|cri-o)://")
VERSION_START = re.compile(r"v?\d{1,5}(?:\.\d{1,5}){0,2}(?![\w.])", re.ASCII)

#: Operating systems, as nodes report them.
OPERATING_SYSTEM = re.compile(
    r"(?:Ubuntu|Debian GNU/Linux|Amazon Linux|Bottlerocket OS|Talos|Flatcar Container Linux|Fedora CoreOS|Alpine Linux|"
    r"Red Hat Enterprise Linux(?: CoreOS)?|CentOS Linux|Rocky Linux|Container-Optimized OS from Google|Azure Linux|"
    r"CBL-Mariner/Linux|Windows Server|SUSE Linux Enterprise Server|openSUSE Leap)[\d. v-]*(?:LTS)?(?: ?\([A-Za-z ]{3,20}\))?",
    re.ASCII,
)

#: Registries that everyone uses.
REGISTRIES = words("""
    registry.k8s.io k8s.gcr.io docker.io index.docker.io quay.io gcr.io ghcr.io mcr.microsoft.com gke.gcr.io public.ecr.aws
    registry.redhat.io
""")

#: Repositories, by their last parts, whose names and versions stay.
REPOSITORIES = tuple(
    sorted(
        words("""
    kube-proxy kube-apiserver kube-controller-manager kube-scheduler etcd pause coredns coredns/coredns
    oss/kubernetes/kube-proxy oss/kubernetes/coredns oss/v2/kubernetes/coredns
    eks/kube-proxy eks/coredns amazon-k8s-cni amazon-k8s-cni-init k8s-dns-node-cache dns/k8s-dns-node-cache
    k8s-dns-kube-dns dns/k8s-dns-kube-dns flannel/flannel flannel-io/flannel flannel rancher/mirrored-flannelcni-flannel
    calico/node calico/cni calico/kube-controllers calico/typha calico/apiserver tigera/operator
    cilium/cilium cilium/operator cilium/operator-generic cilium/operator-aws cilium/cilium-envoy
    kindest/kindnetd kindnetd weaveworks/weave-kube antrea/antrea-ubuntu antrea/antrea-agent-ubuntu
    cloudnativelabs/kube-router containernetworking/azure-cns containernetworking/azure-cni azure-cns
    oss/azure/ip-masq-agent-v2 netd anetd ingress-nginx/controller nginx-ingress-controller
    metallb/speaker metallb/controller kubernetes-ingress-controller/nginx-ingress-controller kube-router
    ovn-kubernetes
"""),
        key=lambda repository: (-len(repository), repository),
    )
)

#: Cloud providers, as the scheme of a node's providerID.
PROVIDERS = words("aws azure gce kind k3s openstack vsphere digitalocean hcloud metal3 ibm oci linode")

#: Fields (and the field above) called ``name`` that hold enumerations.
ENUMERATED_NAMES = frozenset((("options", "name"), ("features", "name"), ("features", "value")))

#: Fields that are texts, not names: a mere number in them stays.
TEXTS = words("value path nodeSelector handle_id reason addresses address")
