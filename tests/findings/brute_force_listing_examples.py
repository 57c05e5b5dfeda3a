"""Minimal dumps and listings on which KNL211 to KNL213 fire, and near neighbours on which they are silent."""

from tests.findings.brute_force_builders import block, config_map, item, kubeadm, node, pod
from tests.findings.brute_force_listing_builders import (
    CALICO,
    FLANNEL_NODE,
    OTHER_POD,
    PREFIX_AGENT,
    SCATTERED,
    VPC_AGENT,
    VPC_NODE,
    agent,
    aws_interface,
    aws_subnet,
    azure_subnet,
    host_local,
    owned_block,
    placed_pod,
)

AZURE_NODE = node(ip="10.0.1.9", labels={"kubernetes.azure.com/cluster": "c"})
FLANNEL = agent("kube-flannel")
HOST_LOCAL_OF_CALICO = config_map("calico-config") | {
    "data": {"cni_network_config": '{"plugins": [{"ipam": {"type": "host-local"}}]}'}
}
IN_POD_SUBNET = placed_pod("10.0.2.7")
CUSTOM = agent("aws-node", ENABLE_PREFIX_DELEGATION="true", AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG="true")
FIRES = [
    ("KNL211", [VPC_AGENT, VPC_NODE, aws_subnet(50)], "Subnet subnet-a"),
    ("KNL211", [VPC_AGENT, VPC_NODE, IN_POD_SUBNET, aws_subnet(9, "10.0.2.0/24")], "Subnet subnet-a"),
    ("KNL211", [VPC_NODE, aws_subnet(50)], "Subnet subnet-a"),  # the plugin is not in the dump, the nodes are
    (
        "KNL211",
        [
            VPC_AGENT,
            VPC_NODE,
            aws_subnet(None),
            aws_interface(prefixes=["10.0.1.0/25", "10.0.1.128/26", "10.0.1.192/28"]),
        ],
        "Subnet subnet-a",
    ),  # nothing but interfaces tells what is in use
    ("KNL211", [AZURE_NODE, azure_subnet(220)], "Subnet nodes"),
    ("KNL211", [PREFIX_AGENT, VPC_NODE, aws_subnet(235), SCATTERED], "Subnet subnet-a"),
    (
        "KNL211",
        [
            PREFIX_AGENT,
            VPC_NODE,
            aws_subnet(236),
            aws_interface(*(f"10.0.1.{16 * n + 8}" for n in range(15))),
        ],
        "Subnet subnet-a",
    ),  # nobody has anything of the last /28, but AWS keeps its last address
    ("KNL211", [PREFIX_AGENT, VPC_NODE, aws_subnet(10)], "Subnet subnet-a"),
    (
        "KNL211",
        [CUSTOM, VPC_NODE, placed_pod("10.0.1.8"), aws_subnet(235), SCATTERED],
        "Subnet subnet-a",
    ),  # pods are in this subnet, too
    (
        "KNL211",
        [
            VPC_AGENT,
            VPC_NODE,
            IN_POD_SUBNET,
            aws_subnet(9),
            aws_subnet(200, "10.0.2.0/24", subnet="b"),
            aws_subnet(9, subnet="other", vpc="vpc-2"),
        ],
        "Subnet subnet-a",
    ),  # the range is that of another network's subnet, too, which holds less of the cluster
    ("KNL212", [FLANNEL_NODE, placed_pod(), OTHER_POD, host_local("10.244.0.2", "10.244.0.3")], "Node a"),
    (
        "KNL212",
        [FLANNEL_NODE, FLANNEL, OTHER_POD, pod(), host_local("10.244.0.3")],
        "Node a",
    ),
    (
        "KNL212",
        [
            FLANNEL_NODE,
            FLANNEL,
            OTHER_POD,
            placed_pod(None),
            host_local("10.244.0.3", "10.244.0.4"),
        ],
        "Node a",
    ),  # one of the two may be the new pod's, the other cannot
    (
        "KNL212",
        [
            FLANNEL_NODE,
            placed_pod(),
            placed_pod("10.244.0.3", name="done", phase="Succeeded"),
            OTHER_POD,
            host_local("10.244.0.2", "10.244.0.3"),
        ],
        "Node a",
    ),
    (
        "KNL213",
        [CALICO, node("b"), owned_block("10.0.0.0/26", "b"), owned_block("10.0.0.64/26", "old")],
        "Cluster",
    ),
    (
        "KNL213",
        [
            CALICO,
            node("b"),
            owned_block("10.0.0.0/26", "b"),
            owned_block("10.0.0.64/26", "old", 0),
            placed_pod(node="old", phase="Failed"),
        ],
        "Cluster",
    ),
]
SILENT = [
    ("KNL211", [VPC_AGENT, VPC_NODE, aws_subnet(51)]),  # 200 of 251: 79.7 %
    ("KNL211", [VPC_AGENT, VPC_NODE, aws_subnet(9, "10.0.2.0/24")]),  # nobody of this cluster is there
    ("KNL211", [VPC_AGENT, VPC_NODE, aws_subnet(None)]),
    ("KNL211", [AZURE_NODE, azure_subnet(200)]),
    ("KNL211", [VPC_AGENT, VPC_NODE, aws_subnet(235), SCATTERED]),  # nobody wants prefixes
    ("KNL211", [PREFIX_AGENT, VPC_NODE, aws_subnet(235)]),  # nobody knows which addresses are free
    ("KNL211", [PREFIX_AGENT, VPC_NODE, aws_subnet(234), SCATTERED]),  # not all interfaces are listed
    (
        "KNL211",
        [
            PREFIX_AGENT,
            VPC_NODE,
            aws_subnet(236),
            aws_interface(*(f"10.0.1.{16 * n + 8}" for n in range(16) if n != 7)),
        ],
    ),  # one /28 is free
    ("KNL211", [CUSTOM, VPC_NODE, aws_subnet(235), SCATTERED]),  # pods are in other subnets
    (
        "KNL211",
        [
            agent("aws-node", ENABLE_PREFIX_DELEGATION="true", ENABLE_IPv6="true"),
            VPC_NODE,
            aws_subnet(235),
            SCATTERED,
        ],
    ),
    (
        "KNL211",
        [VPC_AGENT, VPC_NODE, aws_subnet(9), aws_subnet(9, vpc="vpc-2", subnet="b")],
    ),  # which of the two?
    (
        "KNL211",
        [
            FLANNEL,
            VPC_NODE,
            placed_pod("10.244.0.7"),
            aws_subnet(200),
            aws_subnet(9, "10.244.0.0/24"),
        ],
    ),  # pods are in no subnet; this one has the same range by chance
    (
        "KNL211",
        [
            VPC_NODE,
            *(item("Service", f"s{n}", {"clusterIP": f"10.0.1.{n}"}) for n in range(10, 240)),
            kubeadm(services="10.0.1.0/24"),
            aws_subnet(9),
        ],
    ),  # KNL207 says so
    ("KNL212", [FLANNEL_NODE, placed_pod(), OTHER_POD, host_local("10.244.0.2")]),
    ("KNL212", [FLANNEL_NODE, placed_pod(), host_local("10.244.0.2", "10.244.0.3")]),  # pods of one namespace
    (
        "KNL212",
        [FLANNEL_NODE, OTHER_POD, pod(), host_local("10.244.0.3")],
    ),  # nothing says that it is host-local's
    (
        "KNL212",
        [
            FLANNEL_NODE,
            placed_pod(),
            placed_pod(None, name="new"),
            OTHER_POD,
            host_local("10.244.0.2", "10.244.0.3"),
        ],
    ),  # the new pod may have it
    ("KNL212", [CALICO, FLANNEL_NODE, placed_pod(), OTHER_POD, host_local("10.244.0.2", "10.244.0.3")]),
    (
        "KNL212",
        [
            FLANNEL_NODE,
            placed_pod(),
            OTHER_POD,
            host_local("10.244.0.2"),
            host_local("10.244.0.3", "10.244.0.4", network="old"),
        ],
    ),  # the directory of an earlier plugin takes nothing from this one
    (
        "KNL212",
        [
            FLANNEL_NODE,
            placed_pod(),
            OTHER_POD,
            host_local("10.244.0.2"),
            host_local("172.16.0.9", network="macvlan"),
        ],
    ),  # a second network, whose addresses pods do not show
    (
        "KNL212",
        [FLANNEL_NODE, FLANNEL, placed_pod(), OTHER_POD, host_local("10.244.0.3")],
    ),  # a pod runs, and its file is elsewhere
    (
        "KNL212",
        [
            FLANNEL_NODE,
            FLANNEL,
            OTHER_POD,
            pod(),
            host_local("10.244.0.3"),
            host_local("10.244.0.4", network="old"),
        ],
    ),  # no pod shows which of the two directories is in use
    ("KNL213", [CALICO, node("b"), owned_block("10.0.0.0/26", "b")]),
    ("KNL213", [CALICO, owned_block("10.0.0.0/26", "b"), owned_block("10.0.0.64/26", "old")]),
    ("KNL213", [CALICO, node("c"), owned_block("10.0.0.0/26", "b"), owned_block("10.0.0.64/26", "old")]),
    (
        "KNL213",
        [
            CALICO,
            node("b"),
            owned_block("10.0.0.0/26", "b"),
            owned_block("10.0.0.64/26", "old", deleted=True),
        ],
    ),
    (
        "KNL213",
        [
            CALICO,
            node("b"),
            owned_block("10.0.0.0/26", "b"),
            owned_block("10.0.0.64/26", "old"),
            placed_pod(node="old"),
        ],
    ),  # a pod runs there: the dump lacks the node
    (
        "KNL213",
        [
            CALICO,
            node("b"),
            owned_block("10.0.0.0/26", "b"),
            block("10.0.0.64/26", affinity="virtual:load-balancer"),
        ],
    ),
    (
        "KNL213",
        [
            CALICO,
            HOST_LOCAL_OF_CALICO,
            node("b"),
            owned_block("10.0.0.0/26", "b"),
            owned_block("10.0.0.64/26", "old"),
        ],
    ),  # left over from before the IPAM was changed
]
