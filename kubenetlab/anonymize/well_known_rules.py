"""Words of rule texts that stay: iptables, ipset, nft, ipvsadm, and kube-proxy's own comments. Tables only."""

import re

from kubenetlab.anonymize.well_known import words

#: Chains that every node has, and those of known tools; kube-proxy's hashed ones are computed anew.
CHAINS = re.compile(
    r"PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING|DOCKER(?:-[A-Z0-9-]+)?|FLANNEL-(?:POSTRTG|FWD)|CNI-(?:ADMIN|FORWARD|HOSTPORT-[A-Z]+)|"
    r"KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|NODE-PORT|POSTROUTING|MARK-MASQ|MARK-DROP|FORWARD|FIREWALL|PROXY-FIREWALL|"
    r"SOURCE-RANGES-FIREWALL|LOAD-BALANCER|FIREWALL|IPVS-FILTER|IPVS-OUT-FILTER|PROXY-CANARY|KUBELET-CANARY|IPTABLES-HINT|"
    r"CLUSTER-IP|LOOP-BACK|EXTERNAL-IP|LOAD-BALANCER-[A-Z-]+|NODE-PORT-[A-Z-]+|EXTERNAL-IP-LOCAL|HEALTH-CHECK-NODE-PORT)"
)

#: The words of iptables, ipset, nft and ipvsadm, and of kube-proxy's own comments.
RULE_WORDS = words("""
    ACCEPT DROP REJECT RETURN MARK DNAT SNAT MASQUERADE LOG NFLOG CT NOTRACK REDIRECT TPROXY TCPMSS CONNMARK NETMAP
    COMMIT nat filter mangle raw security NEW ESTABLISHED RELATED INVALID UNTRACKED LOCAL UNICAST BROADCAST
    MULTICAST SYN RST FIN ACK PSH URG ALL NONE icmp-port-unreachable icmp-host-prohibited icmp6-port-unreachable
    icmp6-adm-prohibited icmp-admin-prohibited tcp-reset
    tcp udp sctp icmp icmpv6 ipv6-icmp esp ah igmp ipencap all comment statistic recent addrtype conntrack mark state
    set multiport nfacct random nth physdev pkttype rpfilter limit hashlimit iprange mac owner length ttl u32
    localhost_nps_accepted_pkts ct_state_invalid_dropped_pkts src dst srcip dstip dport sport lo eth0 ens5 cni0 cbr0
    docker0 flannel.1 kube-bridge kube-ipvs0 nodelocaldns vxlan.calico cali+ veth+ azv+ eni+ cali* veth* azv* eni* tunl0 cilium_host
    second minute hour day m rr wrr lc wlc lblc lblcr sh dh sed nq mh mh-fallback mh-port
    add delete create insert replace flush list table chain rule map element inet ip ip6 arp bridge netdev
    kube-proxy filter-prerouting-pre-dnat filter-output-pre-dnat filter-input filter-forward filter-output
    nat-prerouting nat-output nat-postrouting nodeport-endpoints-check service-endpoints-check firewall-check services
    mark-for-masquerade endpoints-check firewall firewall-allow firewall-allow-check filter-prerouting
    masquerading cluster-ips-check hairpin-connections cluster-ips nodeport-ips no-endpoint-services
    no-endpoint-nodeports firewall-ips service-ips service-nodeports reject-chain
    type hook prerouting input forward output postrouting ingress priority dstnat srcnat policy accept drop reject
    return continue queue jump goto meta l4proto th saddr daddr ct status state new established related invalid
    untracked dnat snat to masquerade fully-random persistent redirect numgen inc mod map vmap elements
    ipv4_addr ipv6_addr inet_proto inet_service verdict ifname mark_t flags dynamic timeout interval constant expires
    size counter counters packets bytes fib local iifname oifname iif oif xor and or not with icmp_type code port addr update
    xt target handle gc-interval auto-merge last log prefix quota over burst rate bitwise proto nfproto ipv4
    # of comments
    rules for kube-proxy kubernetes service portals postrouting externally-visible health check ports node nodeports
    nodeport NOTE NOTE: this must be the last rule in load balancer firewall forwarding conntrack cluster IP external
    loadbalancer has no endpoints traffic not accepted by requiring SNAT block incoming localnet connections masquerade
    destinations pod clusterIP route from outside other will dropped KUBE-PROXY-FIREWALL
    helper hairpin Active ClusterIPs IPs that accept NodePort packets are subject LoadBalancerSourceRanges ClusterIP
    ExternalIP LoadBalancer Reject unallocated Drop ports short-circuit / -> ; ,
""")

#: Extensions of iptables and their words (iptables 1.8.9, iptables-extensions(8)); they stay after the options below.
EXTENSIONS = words("""
    addrtype ah bpf cgroup cluster comment connbytes connlabel connlimit connmark conntrack cpu dccp devgroup dscp dst
    ecn esp eui64 frag hashlimit hbh helper hl icmp icmp6 icmpv6 ipcomp iprange ipv6header ipvs length limit mac mark mh
    multiport nfacct osf owner physdev pkttype policy quota rateest realm recent rpfilter rt sctp set socket srh state
    statistic string tcp tcpmss time tos ttl u32 udp unclean
    ACCEPT AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK CT DNAT DNPT DROP DSCP ECN HL HMARK IDLETIMER LED LOG
    MARK MASQUERADE NETMAP NFLOG NFQUEUE NOTRACK QUEUE RATEEST REDIRECT REJECT RETURN SECMARK SET SNAT SNPT SYNPROXY TCPMSS
    TCPOPTSTRIP TEE TOS TPROXY TRACE TTL ULOG
    bm kmp random nth srcip srcport dstip dstport ORIGINAL REPLY in out none ipsec tunnel transport strict
    emerg alert crit error warning notice info debug Mon Tue Wed Thu Fri Sat Sun
    echo-request echo-reply destination-unreachable network-unreachable host-unreachable protocol-unreachable
    port-unreachable fragmentation-needed source-quench redirect time-exceeded ttl-exceeded parameter-problem
    router-solicitation router-advertisement neighbour-solicitation neighbour-advertisement neighbor-solicitation
    neighbor-advertisement packet-too-big icmp-net-unreachable icmp-host-unreachable icmp-proto-unreachable
    icmp-net-prohibited icmp-admin-prohibited icmp6-no-route icmp6-addr-unreachable icmp6-port-unreachable
""")

#: The options that such words follow.
EXTENSION_OPTIONS = (
    "-m", "--match", "-j", "--jump", "-g", "--goto", "--algo", "--mode", "--hashlimit-mode", "--dir", "--pol", "--ctdir",
    "--log-level", "--weekdays", "--icmp-type", "--icmpv6-type", "--reject-with",
)  # fmt: skip
