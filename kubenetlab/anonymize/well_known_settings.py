"""Words of components' flags, configuration files and Corefiles that stay, because models read them. Tables only."""

import re

from kubenetlab.anonymize.well_known import words

#: Command-line flags that stay with their values' words (addresses in them are replaced).
FLAGS = words("""
    allocate-node-cidrs cluster-cidr service-cluster-ip-range service-cidr node-cidr-mask-size node-cidr-mask-size-ipv4
    node-cidr-mask-size-ipv6 service-node-port-range proxy-mode cidr-allocator-type configure-cloud-routes
    cloud-provider feature-gates max-pods cluster-dns cluster-domain detect-local-mode pod-bridge-interface
    pod-interface-name-prefix masquerade-all iptables-masquerade-bit nodeport-addresses ipvs-scheduler
    ipvs-strict-arp iface ip-masq kube-subnet-mgr ingress-class controller-class watch-ingress-without-class
    bind-address advertise-address secure-port authorization-mode leader-elect v config conf ip-forward
    enable-ipv4 enable-ipv6 nodeip-interface conntrack-max-per-core localhost-nodeports iptables-localhost-nodeports
    pod-cidr domain enable-pod-eni enable-network-policy election-id publish-service
""")

#: Words in the values of those flags, of configuration files and of environment variables.
CONFIGURATION = words("""
    true false yes no iptables nftables ipvs userspace rr wrr lc wlc sed nq sh dh mh aws azure gce external openstack
    vsphere RangeAllocator CloudAllocator IPAMFromCluster ClusterCIDR NodeCIDR BridgeInterface InterfaceNamePrefix
    eth0 ens5 Node RBAC Webhook kubernetes kubernetes-host-scope cluster-pool cluster-pool-v2beta multi-pool eni alibabacloud
    delegated-plugin crd calico host-local calico-ipam whereabouts azure-vnet-ipam azure-cns dhcp static vxlan host-gw wireguard
    udp ipip ipsec geneve tunnel disabled native strict partial probe always default bird snat dsr hybrid random maglev
    config-map cluster-node-network autodetect_both first-found k8s none primary all ENABLE DISABLE
""")

#: Environment variables that stay, with the words of their values treated like those of flags.
VARIABLES = re.compile(
    r"(?:AWS_VPC_[A-Z0-9_]+|WARM_[A-Z_]+|MINIMUM_IP_TARGET|MAX_ENI|ENABLE_[A-Za-z0-9_]+|DISABLE_[A-Z_]+|"
    r"ENI_CONFIG_[A-Z_]+|CALICO_[A-Z0-9_]+|FELIX_[A-Z0-9_]+|IP6?|IP6?_AUTODETECTION_METHOD|CLUSTER_TYPE|"
    r"POD_SUBNET|POD_MTU|CONTROL_PLANE_ENDPOINT|IPALLOC_RANGE|KUBERNETES_SERVICE_(?:HOST|PORT)|CNI_MTU|NODENAME)"
)

#: ConfigMaps whose settings models read.
CONFIG_MAPS = words("""
    kubeadm-config kubelet-config kube-proxy kube-proxy-config coredns rke2-coredns coredns-custom kube-flannel-cfg
    cilium-config calico-config canal-config rke2-canal-config ovnkube-config config kube-router-cfg aws-auth amazon-vpc-cni azure-ip-masq-agent-config ip-masq-agent antrea-config dns-default node-local-dns kube-dns
""")

#: Keys of their data, and of the YAML and JSON in them, that stay; others are left out.
CONFIG_KEYS = words("""
    apiVersion kind name value
    ClusterConfiguration networking podSubnet serviceSubnet dnsDomain kubernetesVersion controllerManager apiServer
    scheduler extraArgs featureGates clusterName controlPlaneEndpoint
    config config.conf mode clusterCIDR bindAddress nodePortAddresses iptables ipvs nftables conntrack masqueradeAll
    masqueradeBit localhostNodePorts minSyncPeriod syncPeriod strictARP excludeCIDRs maxPerCore min tcpBeLiberal
    detectLocal detectLocalMode bridgeInterface interfaceNamePrefix tcpTimeout udpTimeout tcpFinTimeout
    kubelet clusterDNS clusterDomain maxPods podCIDR config.yaml extendedArguments ovnkube.conf
    Corefile Corefile.base stubDomains upstreamNameservers
    net-conf.json cni-conf.json Network IPv6Network SubnetLen SubnetMin SubnetMax IPv6SubnetLen IPv6SubnetMin
    IPv6SubnetMax EnableIPv4 EnableIPv6 EnableNFTables Backend Type VNI Port MTU DirectRouting
    cniVersion plugins type delegate hairpinMode isDefaultGateway capabilities portMappings ipam subnet ranges mtu
    assign_ipv4 assign_ipv6 ipv4_pools ipv6_pools policy cni_network_config calico_backend veth_mtu typha_service_name
    cluster-pool-ipv4-cidr cluster-pool-ipv4-mask-size cluster-pool-ipv6-cidr cluster-pool-ipv6-mask-size enable-ipv4
    enable-ipv6 kube-proxy-replacement routing-mode tunnel tunnel-protocol ipv4-native-routing-cidr
    ipv6-native-routing-cidr native-routing-cidr enable-policy enable-endpoint-routes bpf-lb-algorithm bpf-lb-mode
    bpf-lb-maglev-table-size bpf-lb-sock enable-node-port cni-chaining-mode cni-exclusive enable-ipv4-masquerade
    enable-ipv6-masquerade auto-direct-node-routes k8s-require-ipv4-pod-cidr k8s-require-ipv6-pod-cidr
    ipam-default-ip-pool enable-l7-proxy enable-hubble identity-allocation-mode cluster-name cluster-id
    enable-bpf-masquerade bpf-masquerade ipv4-range ipv6-range enable-wireguard enable-ipsec underlay-protocol
    enable-network-policy-controller enable-windows-ipam enable-windows-prefix-delegation warm-prefix-target
    warm-ip-target minimum-ip-target branch-eni-cooldown
    ip-masq-agent nonMasqueradeCIDRs masqLinkLocal resyncInterval ip-masq-agent-reconciled
    antrea-agent.conf serviceCIDR serviceCIDRv6 trafficEncapMode tunnelType noSNAT
""")

#: Settings of ovnkube.conf that stay.
OVN_SETTINGS = words("cluster-subnets service-cidrs mtu routable-mtu encap-port nodeport mode")
