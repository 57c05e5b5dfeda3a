"""What a dump that can be shared must and must not hold."""

import json
import re
from collections import Counter
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab import sample
from kubenetlab.anonymize import anonymize
from kubenetlab.anonymize.addresses import FIXED, KEPT
from kubenetlab.errors import UnreadableError
from kubenetlab.findings import check
from kubenetlab.kube_proxy.chain_names import chain_hash
from kubenetlab.readers import read_bytes
from kubenetlab.samples import sample_path
from kubenetlab.synthetic import FAULTS, PLATFORMS, synthetic_dump

NAME_FIELDS = {
    "name",
    "namespace",
    "hostname",
    "nodeName",
    "generateName",
    "host",
    "serviceName",
    "uid",
    "externalName",
}
LABEL_FIELDS = {"labels", "matchLabels", "selector"}
ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*)(?![\w.:])")

# Words of Kubernetes in the dumps of this test: they stay (kubenetlab/anonymize/well_known*.py), or they are also the
# names of fields and plugins.
KUBERNETES_WORDS = frozenset(
    [
        "default",
        "kubernetes",
        "kube-system",
        "kube-public",
        "kube-node-lease",
        "kube-dns",
        "kube-proxy",
        "kube-flannel",
        "kube-flannel-cfg",
        "kube-flannel-ds",
        "kubeadm-config",
        "coredns",
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "metallb-system",
        "ingress-nginx",
        "ingress-nginx-controller",
        "config",
        "true",
        "false",
        "linux",
        "amd64",
        "controller",
        "node",
        "flannel",
        "control-plane",
        "http",
        "health",
        "endpointslice-controller.k8s.io",
        "ipallocator.k8s.io",
        "endpointslicemirroring-controller.k8s.io",
        "IPv4",
        "IPv6",
        "batch",
        "prometheus",
        "nginx",
        "worker",
        "speaker",
        "data",
        "kubelet-config",
        "calico-node",
        "calico-kube-controllers",
        "calico-config",
        "default-ipv4-ippool",
        "default-ipv6-ippool",
        "default-pool",
        "memory",
    ]
)


def strings(value, path=()):
    """Every text of a document with the names of the fields above it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from strings(below, (*path, key))
    elif isinstance(value, list):
        for below in value:
            yield from strings(below, path)


def names_in(document):
    """Names and label values of three characters or more."""
    found = {
        text
        for path, text in strings(document)
        if path
        and (path[-1] in NAME_FIELDS or LABEL_FIELDS.intersection(path[:-1]))
        and "kubernetes.io/os" not in path
    }
    return {text for text in found if len(text) > 2 and not text.isdecimal()}


def addresses_in(document):
    """Addresses, other than those of the ranges that stay themselves."""
    found = {text for _, line in strings(document) for text in ADDRESS.findall(line)}
    valid = {text for text in found if _is_address(text)}
    kept = [ip_network(text) for text in KEPT]
    firsts = {str(ip_network(text).network_address) for text in FIXED}
    return {text for text in valid - firsts if not any(_holds(network, ip_address(text)) for network in kept)}


def _is_address(text):
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _holds(network, address):
    return network.version == address.version and address in network


def written(tmp_path, dump):
    path = tmp_path / "dump.json"
    path.write_bytes(dump if isinstance(dump, bytes) else dump.json())
    return path


def codes(cluster):
    return Counter(finding.code for finding in check(cluster))


@pytest.mark.parametrize("platform", ["kubeadm-flannel", "kubeadm-calico"])
def test_anonymize__writes_no_name_label_value_or_address(platform, tmp_path):
    dump = synthetic_dump(nodes=5, pods=60, seed=3, platform=platform, faults="random", dual_stack=True)
    path = written(tmp_path, dump)

    output = anonymize(path).files[0].data.decode()

    document = json.loads(path.read_bytes())
    names = names_in(document) - KUBERNETES_WORDS
    assert len(names) > 100
    assert [
        name for name in sorted(names) if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", output)
    ] == []
    assert [address for address in sorted(addresses_in(document)) if address in output] == []


@pytest.mark.parametrize("name", ["shop", "platform"])
def test_anonymize__keeps_findings_and_counts_of_the_samples(name):
    before = sample(name)

    after = read_bytes("shared", anonymize(sample_path(name)).files[0].data, strict=True)

    assert codes(after) == codes(before)
    assert after.provenance.read == before.provenance.read


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_anonymize__keeps_settings_and_findings_of_every_platform(platform, tmp_path):
    dump = synthetic_dump(nodes=4, pods=45, seed=2, platform=platform, faults="random", fat=False)
    before = dump.cluster()

    after = read_bytes("shared", anonymize(written(tmp_path, dump)).files[0].data, strict=True)

    assert codes(after) == codes(before)
    for name in (
        "cni",
        "ipam",
        "platform",
        "cloud",
        "proxy_mode",
        "node_cidr_mask_size",
        "max_pods",
        "cluster_domain",
    ):
        assert after.settings[name].value == before.settings[name].value
    for name in ("cluster_cidr", "service_cidr", "node_cidr"):
        assert sizes(after, name) == sizes(before, name)


def sizes(cluster, name):
    return [ip_network(cidr).prefixlen for cidr in cluster.settings[name].value or ()]


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_anonymize__keeps_every_planted_fault(code, tmp_path):
    dump = synthetic_dump(
        nodes=4, pods=45, seed=5, platform=FAULTS[code].platforms[0], faults=(code,), fat=False
    )

    after = read_bytes("shared", anonymize(written(tmp_path, dump)).files[0].data)

    assert codes(after) == codes(dump.cluster())


def test_anonymize__keeps_owners_endpoints_and_the_order_of_objects(tmp_path):
    dump = synthetic_dump(nodes=4, pods=45, fat=False)
    before = dump.cluster()

    after = read_bytes("shared", anonymize(written(tmp_path, dump)).files[0].data)

    def shape(cluster):
        return [
            (
                len(cluster.endpoints_of(service)),
                len(cluster.select("pods", service.spec.selector, service.metadata.namespace)),
            )
            for service in cluster.services
        ], [len(cluster.owned_by("Deployment", d.metadata.full_name)) for d in cluster.deployments]

    assert shape(after) == shape(before)


def test_anonymize__states_a_range_that_only_a_default_told(tmp_path):
    items = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"podCIDR": "10.42.0.0/24"},
         "status": {"nodeInfo": {"kubeletVersion": "v1.31.2+k3s1"}}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"}, "spec": {"clusterIP": "10.43.9.9"}},
    ]  # fmt: skip
    path = written(tmp_path, json.dumps({"kind": "List", "apiVersion": "v1", "items": items}).encode())

    after = read_bytes("shared", anonymize(path).files[0].data)

    assert (sizes(after, "cluster_cidr"), sizes(after, "service_cidr")) == ([16], [16])
    assert after.settings["service_cidr"].value != ("10.43.0.0/16",)


def pod(**changes):
    metadata = {"name": "cart-1", "namespace": "shop", **changes.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": changes}


def shared_items(tmp_path, *items, **options):
    path = written(tmp_path, json.dumps({"kind": "List", "apiVersion": "v1", "items": items}).encode())
    return json.loads(anonymize(path, **options).files[0].data)["items"]


def test_anonymize__leaves_out_what_kubenetlab_does_not_read(tmp_path):
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "token"},
        "data": {"a": "aHVudGVyMg=="},
    }
    unknown = {"apiVersion": "acme.example/v1", "kind": "Widget", "metadata": {"name": "w"}}
    noisy = pod(
        metadata={"uid": "1-2-3", "managedFields": [{}], "annotations": {"note": "call Ann"}},
        volumes=[{"name": "v"}],
    )
    path = written(tmp_path, json.dumps({"kind": "List", "items": [secret, unknown, noisy]}).encode())

    shared = anonymize(path)

    assert not re.search(rb"hunter|aHVu|Widget|Ann|volumes|1-2-3", shared.files[0].data)
    assert shared.notes == (
        "1 Secrets were never read",
        "1 objects of kinds that kubenetlab does not read were left out",
    )


def test_anonymize__keeps_flags_of_components_and_replaces_other_arguments(tmp_path):
    container = {
        "name": "kube-apiserver",
        "image": "registry.k8s.io/kube-apiserver:v1.34.2",
        "command": [
            "kube-apiserver",
            "--service-cluster-ip-range=10.96.0.0/12",
            "--acme-token=hunter2",
            "--proxy-mode",
            "ipvs",
        ],
        "args": ["sh -c 'kube-proxy --cluster-cidr=10.244.0.0/16 --hostname acme'"],
    }

    (item,) = shared_items(tmp_path, pod(containers=[container]))

    (shared,) = item["spec"]["containers"]
    command = shared["command"]
    assert shared["image"] == container["image"]
    assert re.fullmatch(r"--service-cluster-ip-range=10\.\d+\.0\.0/12", command[1])
    assert command[3:] == ["--proxy-mode", "ipvs"]
    assert "hunter2" not in command[2]
    assert re.search(r"kube-proxy --cluster-cidr=10\.\d+\.0\.0/16 --", shared["args"][0])
    assert "acme" not in shared["args"][0]


@pytest.mark.parametrize(
    ("image", "pattern"),
    [
        ("quay.io/calico/node:v3.30.4", r"quay\.io/calico/node:v3\.30\.4"),
        ("registry.acme.example:5000/mirror/calico/node:v3.30.4", r"[a-z.]+:5000/[a-z]+/calico/node:v3\.30\.4"),
        ("acme/node:v3", r"[a-z]+/[a-z]+:\w+"),
        ("602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/coredns:v1.12.4-eksbuild.1",
         r"\d+\.[a-z.-]+-1\.amazonaws\.com/eks/coredns:v1\.12\.4-eksbuild\.1"),
        ("gcr.io/acme@sha256:aabbcc", r"gcr\.io/[a-z]+"),
    ],
)  # fmt: skip
def test_anonymize__keeps_the_images_of_components_only(image, pattern, tmp_path):
    (item,) = shared_items(tmp_path, pod(containers=[{"name": "c", "image": image}]))

    shared = item["spec"]["containers"][0]["image"]
    assert re.fullmatch(pattern, shared)
    assert "acme" not in shared


def test_anonymize__renames_labels_selectors_and_taints_alike(tmp_path):
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"podSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["red"]}]}},
    }
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"},
            "spec": {"taints": [{"key": "team", "value": "red", "effect": "NoSchedule"}]}}  # fmt: skip

    shared_node, shared_pod, shared_policy = shared_items(
        tmp_path, node, pod(metadata={"labels": {"team": "red"}}), policy
    )

    ((key, value),) = shared_pod["metadata"]["labels"].items()
    assert (key, value) != ("team", "red")
    assert shared_policy["spec"]["podSelector"]["matchExpressions"] == [
        {"key": key, "operator": "In", "values": [value]}
    ]
    assert shared_node["spec"]["taints"] == [{"key": key, "value": value, "effect": "NoSchedule"}]


def test_anonymize__keeps_well_known_keys_and_machine_words(tmp_path):
    labels = {
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "m5.xlarge",
        "node-role.kubernetes.io/control-plane": "",
        "node-role.kubernetes.io/acme": "",
    }
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n", "labels": labels},
        "spec": {"providerID": "aws:///z/i-1"},
    }

    (shared,) = shared_items(tmp_path, node)

    assert {**shared["metadata"]["labels"], **{key: labels[key] for key in list(labels)[:3]}} == shared[
        "metadata"
    ]["labels"]
    assert "acme" not in str(shared)
    assert shared["spec"]["providerID"].startswith("aws:///")


def test_anonymize__names_a_calico_block_after_its_range(tmp_path):
    block = {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPAMBlock", "metadata": {"name": "192-168-5-0-26"},
             "spec": {"cidr": "192.168.5.0/26", "affinity": "host:worker-1", "allocations": [0, None],
                      "attributes": [{"handle_id": "k8s-pod-network.0123456789ab",
                                      "secondary": {"namespace": "shop", "node": "worker-1", "pod": "cart-1"}}]}}  # fmt: skip
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker-1"}}

    shared_node, shared_block = shared_items(tmp_path, node, block)

    assert shared_block["metadata"]["name"] == re.sub("[./]", "-", shared_block["spec"]["cidr"])
    assert shared_block["spec"]["affinity"] == f"host:{shared_node['metadata']['name']}"
    assert shared_block["spec"]["attributes"][0]["secondary"]["node"] == shared_node["metadata"]["name"]


def test_anonymize__keeps_the_settings_of_a_daemon_set_and_no_other_environment(tmp_path):
    env = [{"name": "ENABLE_PREFIX_DELEGATION", "value": "true"}, {"name": "DB_PASSWORD", "value": "hunter2"}]
    daemon_set = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "aws-node", "namespace": "kube-system"},
                  "spec": {"template": {"spec": {"containers": [{"name": "aws-node", "env": env}]}}}}  # fmt: skip

    (shared,) = shared_items(tmp_path, daemon_set)

    first, second = shared["spec"]["template"]["spec"]["containers"][0]["env"]
    assert first == env[0]
    assert not {"DB_PASSWORD", "hunter2"} & set(second.values())


def config_map(name, **data):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "kube-system"},
        "data": data,
    }


def test_anonymize__keeps_the_network_settings_of_config_maps(tmp_path):
    kubeadm = (
        "networking:\n  podSubnet: 10.244.0.0/16\n  dnsDomain: corp.acme\netcd:\n  local: {dataDir: /acme}\n"
    )
    flannel = '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}, "Comment": "acme"}'
    items = [
        config_map("kubeadm-config", ClusterConfiguration=kubeadm),
        config_map("kube-flannel-cfg", **{"net-conf.json": flannel}),
        config_map("cilium-config", ipam="cluster-pool", **{"cluster-name": "acme", "acme-key": "acme"}),
        config_map(
            "ovnkube-config", **{"ovnkube.conf": "[default]\ncluster-subnets=10.128.0.0/14/23\nacme=1\n"}
        ),
        config_map("acme-settings", password="hunter2"),
        config_map("kube-proxy", **{"config.conf": "{ not: [yaml"}),
    ]

    path = written(tmp_path, json.dumps({"kind": "List", "items": items}).encode())
    shared = anonymize(path).files[0].data.decode()

    data = [item.get("data", {}) for item in json.loads(shared)["items"]]
    assert re.fullmatch(
        r"networking:\n  podSubnet: 10\.\d+\.0\.0/16\n  dnsDomain: [a-z.]+\n", data[0]["ClusterConfiguration"]
    )
    assert json.loads(data[1]["net-conf.json"])["Backend"] == {"Type": "vxlan"}
    assert data[2]["ipam"] == "cluster-pool"
    assert re.fullmatch(r"cluster-subnets=\d+\.\d+\.0\.0/14/23\n", data[3]["ovnkube.conf"])
    assert data[4:6] == [{}, {}]
    assert not re.search("acme|hunter|corp|10.244|10.128", shared)


def test_anonymize__renames_alike_in_dumps_rules_and_corefiles(tmp_path):
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"},
               "spec": {"clusterIP": "10.96.7.7", "ports": [{"port": 80, "name": "web"}]}}  # fmt: skip
    written(tmp_path, json.dumps(service).encode())
    chain = f"KUBE-SVC-{chain_hash('shop/cart:web', 'tcp')}"
    rule = f'-A KUBE-SERVICES -d 10.96.7.7/32 -p tcp -m comment --comment "shop/cart:web cluster IP" -m tcp --dport 80 -j {chain}'
    (tmp_path / "node-1.rules").write_text(f"*nat\n:{chain} - [0:0]\n{rule}\nCOMMIT\n")
    (tmp_path / "Corefile").write_text(
        ".:53 {\n    rewrite name old.acme cart.shop.svc.cluster.local\n    forward . 10.96.7.7\n}\n"
    )

    files = {file.name: file.data.decode() for file in anonymize(tmp_path).files}

    (shared,) = json.loads(files["cluster.json"])["items"]
    name, namespace, port = (
        *(shared["metadata"][k] for k in ("name", "namespace")),
        shared["spec"]["ports"][0]["name"],
    )
    address = shared["spec"]["clusterIP"]
    assert f"KUBE-SVC-{chain_hash(f'{namespace}/{name}:{port}', 'tcp')}" in files["rules-1.txt"]
    assert (
        f'-d {address}/32 -p tcp -m comment --comment "{namespace}/{name}:{port} cluster IP"'
        in files["rules-1.txt"]
    )
    assert f" {name}.{namespace}.svc.cluster.local\n    forward . {address}\n" in files["Corefile-1"]


def test_anonymize__gives_the_same_bytes_for_the_same_input_and_key(tmp_path):
    path = written(tmp_path, synthetic_dump(nodes=3, pods=40, fat=False))

    assert anonymize(path).files == anonymize(path).files
    assert anonymize(path, key="a").files == anonymize(path, key="a").files
    assert anonymize(path, key="a").files != anonymize(path, key="b").files


def test_anonymize__tells_who_became_whom(tmp_path):
    path = written(
        tmp_path, json.dumps(pod(nodeName="worker-1", dnsConfig={"nameservers": ["10.1.2.3"]})).encode()
    )

    shared = anonymize(path)

    (item,) = json.loads(shared.files[0].data)["items"]
    assert item["metadata"]["namespace"] == shared.mapping["words"]["shop"]
    assert item["spec"]["dnsConfig"]["nameservers"] == [shared.mapping["addresses"]["10.1.2.3"]]


def test_anonymize__says_so_where_a_private_range_is_too_full(monkeypatch, tmp_path):
    monkeypatch.setattr("kubenetlab.anonymize.addresses._TRIES", 1)
    full = [f"172.17.{third}.{last}" for third in range(256) for last in range(0, 256, 16)]
    path = written(tmp_path, json.dumps(pod(dnsConfig={"nameservers": full})).encode())

    assert re.match(r"\d+ addresses also stand in the output", anonymize(path).notes[0])


def test_anonymize__refuses_what_cannot_be_read(tmp_path):
    (tmp_path / "empty").write_text("")

    with pytest.raises(UnreadableError, match="found an empty file"):
        anonymize(tmp_path / "empty")


def test_anonymize__refuses_standard_input_among_files(tmp_path):
    with pytest.raises(UnreadableError, match="expected - alone or files alone"):
        anonymize(["-", written(tmp_path, b"{}")])


hostile = st.text(min_size=1, max_size=40)


@settings(max_examples=50)
@given(name=hostile, label=hostile, value=hostile, argument=hostile)
def test_anonymize__takes_any_text(name, label, value, argument, tmp_path_factory):
    item = pod(
        metadata={"name": name, "labels": {label: value}},
        containers=[{"name": value, "image": argument, "args": [argument]}],
    )
    path = written(tmp_path_factory.mktemp("hostile"), json.dumps(item).encode())

    shared = anonymize(path).files[0].data

    assert len(json.loads(shared)["items"]) == 1


def planted(value, marker):
    """A document in which the marker stands in every name, label, annotation and free text."""
    if isinstance(value, dict):
        return {
            key: marker if isinstance(below, str) and key in FREE else planted(below, marker)
            for key, below in value.items()
        }
    return [planted(below, marker) for below in value] if isinstance(value, list) else value


FREE = NAME_FIELDS | {
    "image",
    "reason",
    "message",
    "note",
    "osImage",
    "kubeletVersion",
    "address",
    "providerID",
    "appProtocol",
}
LABELS = (
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "app",
    "flannel.alpha.coreos.com/backend-type",
)


def test_anonymize__hides_a_text_wherever_it_stands(tmp_path):
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": dict.fromkeys(LABELS, "acme"),
            "annotations": dict.fromkeys(LABELS, "acme")}, "spec": {"providerID": "x"},
            "status": {"nodeInfo": {"osImage": "x", "kubeletVersion": "x", "operatingSystem": "acme"},
                       "conditions": [{"type": "acme", "status": "acme", "reason": "x"}],
                       "addresses": [{"type": "Hostname", "address": "x"}]}}  # fmt: skip
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n", "namespace": "x"},
               "spec": {"type": "acme", "externalName": "x", "loadBalancerClass": "acme",
                        "ports": [{"name": "x", "port": 80, "appProtocol": "x", "targetPort": "acme"}]}}  # fmt: skip
    containers = [
        {
            "name": "x",
            "image": "x",
            "args": ["acme --acme=acme"],
            "ports": [{"name": "x", "containerPort": 1}],
        }
    ]
    items = [planted(item, "acme-corp") for item in (node, service, pod(nodeName="x", containers=containers))]

    shared = json.dumps(shared_items(tmp_path, *items))

    assert "acme" not in shared


@pytest.mark.parametrize(
    ("field", "version", "pattern"),
    [
        ("containerRuntimeVersion", "containerd://1.7.22", r"containerd://1\.7\.22"),
        ("containerRuntimeVersion", "containerd://2.1.4-k3s2", r"containerd://2\.1\.4-k3s2"),
        ("containerRuntimeVersion", "containerd://1.7-acme", r"containerd://1\.7-[a-z]+"),
        ("containerRuntimeVersion", "docker://24.0.7+acme.corp", r"docker://24\.0\.7\+[a-z]+\.[a-z]+"),
        ("containerRuntimeVersion", "acme://1.7", r"[a-z]+://1\.7"),
        ("kubeletVersion", "v1.34.2-acme", r"v1\.34\.2-[a-z]+"),
        ("kubeletVersion", "v1.34.2-eks-1234567", r"v1\.34\.2-eks-1234567"),
        ("osImage", "10.77.0.5 acme", r"(?!10\.77)[\d.]+ [a-z]+"),
    ],
)
def test_anonymize__replaces_what_follows_a_version(field, version, pattern, tmp_path):
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n"},
        "status": {"nodeInfo": {field: version}},
    }

    (shared,) = shared_items(tmp_path, node)

    assert re.fullmatch(pattern, shared["status"]["nodeInfo"][field])
    assert "acme" not in shared["status"]["nodeInfo"][field]


def test_anonymize__lists_twenty_refused_files(tmp_path):
    for number in range(23):
        (tmp_path / f"{number}.rules").write_text("*nat\nask Ann\n")
    (tmp_path / "dump.json").write_text(json.dumps(pod()))

    notes = anonymize(tmp_path).notes

    assert len(notes) == 21
    assert notes[-1] == "left out: 3 more files"
