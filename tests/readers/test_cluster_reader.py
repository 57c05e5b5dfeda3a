import gzip
import hashlib
import io
import json
import os
import socket
import sys

import pytest
import yaml

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.readers import read_bytes, read_cluster
from tests.readers.dumps import as_list, cluster, config_map, item, node, pod, service, workload

TEXT = as_list(pod("a"), service("s"), node("n"))


def names(cluster):
    return [value.metadata.full_name for value in (*cluster.pods, *cluster.services, *cluster.nodes)]


def write(folder, **contents):
    for name, content in contents.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


ENCODINGS = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 LE without a mark": TEXT.encode("utf-16-le"),
    "UTF-16 BE without a mark": TEXT.encode("utf-16-be"),
    "UTF-16 BE with a mark": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "CRLF": TEXT.replace("\n", "\r\n").encode(),
    "gzip": gzip.compress(TEXT.encode()),
    "gzip in two members": gzip.compress(TEXT.encode()[:100]) + gzip.compress(TEXT.encode()[100:]),
    "gzip of UTF-16": gzip.compress(TEXT.encode("utf-16")),
    "spaces around": b" \n\t" + TEXT.encode() + b"\n\n",
    "YAML": yaml.safe_dump(json.loads(TEXT)).encode(),
    "YAML in UTF-16": yaml.safe_dump(json.loads(TEXT)).encode("utf-16"),
    "YAML with CRLF": yaml.safe_dump(json.loads(TEXT)).replace("\n", "\r\n").encode(),
    "YAML documents": yaml.safe_dump_all(json.loads(TEXT)["items"]).encode(),
    "JSON documents": "\n".join(map(json.dumps, json.loads(TEXT)["items"])).encode(),
    "JSON documents with nothing between": "".join(map(json.dumps, json.loads(TEXT)["items"])).encode(),
    "JSON documents with ---": "\n---\n".join(map(json.dumps, json.loads(TEXT)["items"])).encode(),
    "an array": json.dumps(json.loads(TEXT)["items"]).encode(),
    "compact": json.dumps(json.loads(TEXT), separators=(",", ":")).encode(),
    "kind last": json.dumps(
        {"items": [dict(reversed(i.items())) for i in json.loads(TEXT)["items"]]}
    ).encode(),
}


@pytest.mark.parametrize("data", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_read_bytes__reads_every_encoding_and_layout(data):
    assert names(read_bytes("x", data)) == ["shop/a", "shop/s", "n"]


def test_read_bytes__takes_the_kind_of_raw_lists_from_the_list():
    raw = {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a", "namespace": "b"}}]}

    result = read_bytes("x", json.dumps(raw).encode())

    assert names(result) == ["b/a"]
    assert dict(result.provenance.read) == {"Pod": 1}


def test_read_bytes__raw_lists_of_other_groups_are_skipped():
    raw = {
        "kind": "ServiceList",
        "apiVersion": "serving.knative.dev/v1",
        "items": [{"metadata": {"name": "a"}}],
    }

    result = read_bytes("x", (json.dumps(raw) + as_list(pod())).encode())

    assert dict(result.provenance.skipped) == {"Service.serving.knative.dev": 1}


@pytest.mark.parametrize("items", [[], None])
def test_read_bytes__an_empty_list_is_an_empty_cluster(items):
    result = read_bytes("x", json.dumps({"kind": "PodList", "apiVersion": "v1", "items": items}).encode())

    assert result.pods == ()


def test_read_bytes__null_is_absent():
    slice_ = item("EndpointSlice", "s-1", api_version="discovery.k8s.io/v1", endpoints=None, ports=None)
    slice_["metadata"] |= {"labels": None, "deletionTimestamp": None}

    result = cluster(slice_)

    assert result.endpoint_slices[0].endpoints == ()
    assert result.endpoint_slices[0].metadata.labels == {}
    assert result.provenance.refused == ()


def test_read_bytes__says_where_a_calico_block_is_free():
    block = item(
        "IPAMBlock", "b", "", "crd.projectcalico.org/v1", spec={"cidr": "10.0.0.0/30", "affinity": None}
    )
    block["spec"]["allocations"] = [0, None, None, 1]

    assert cluster(block).ipam_blocks[0].n_allocated == 2


def test_read_bytes__22_22_in_yaml_is_text():
    text = "kind: ConfigMap\nmetadata: {name: a}\ndata: {ports: 22:22}\n"

    assert read_bytes("x", text.encode()).config_maps[0].data == {"ports": "22:22"}


def test_read_bytes__never_decodes_secrets():
    secret = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":5},"data":["not","a","map"]}'
    text = as_list(pod())[:-1] + "}" + secret

    result = read_bytes("x", text.encode())

    assert result.provenance.n_secrets == 1
    assert "1 Secrets were skipped unread" in result.provenance.notes
    assert result.provenance.refused == ()


def test_read_bytes__counts_other_kinds_as_skipped():
    result = cluster(
        pod(), item("Event"), item("Event", "b"), item("Service", api_version="serving.knative.dev/v1")
    )

    assert dict(result.provenance.skipped) == {"Event": 2, "Service.serving.knative.dev": 1}


def test_read_bytes__bounds_the_number_of_skipped_kinds():
    result = cluster(pod(), *(item(f"Kind{n}") for n in range(600)))

    assert len(result.provenance.skipped) == 501
    assert result.provenance.skipped["other kinds"] == 100


def test_read_bytes__of_two_objects_with_one_name_the_last_counts():
    result = cluster(pod("a", 80), service(), pod("a", 81))

    assert [p.spec.containers[0].ports[0].container_port for p in result.pods] == [81]
    assert "1 objects repeat an earlier one" in result.provenance.notes[0]


def test_read_bytes__objects_without_namespace_are_in_default():
    result = cluster(pod(namespace=""), node())

    assert (result.pods[0].metadata.namespace, result.nodes[0].metadata.namespace) == ("default", "")
    assert any("taken as in namespace default" in note for note in result.provenance.notes)


def test_read_bytes__the_last_items_of_a_long_list_are_read():
    assert len(cluster(*(pod(f"p{n}") for n in range(2500))).pods) == 2500


def test_read_bytes__provenance_has_size_and_digest():
    text = b'{"kind":"Pod","metadata":{"name":"a"}}'

    file = read_bytes("x", text).provenance.files[0]

    assert file == ("x", "json", 38, hashlib.sha256(text).hexdigest())


def test_read_bytes__plans_pods_and_refuses_too_many():
    too_many = workload("Deployment", "big", replicas=2_000_000_000)

    result = cluster(workload("Deployment", "web", replicas=2), too_many)

    assert [p.metadata.name for p in result.pods] == ["web-planned-0", "web-planned-1"]
    assert str(result.provenance.refused[0]) == (
        "dump.json: Deployment shop/big: spec.replicas: found 2000000000, expected at most 150,000 planned pods in all"
    )


def test_read_bytes__strict_refuses_too_many_planned_pods():
    with pytest.raises(ManifestError, match="at most 150,000 planned pods"):
        cluster(workload("Deployment", replicas=150_001), strict=True)


BAD_ITEMS = {
    "a port above 65535": (pod("b", 70000), "Pod shop/b", "spec.containers[0].ports[0].containerPort", "70000", "a whole number <= 65535"),
    "port 0": (pod("b", 0), "Pod shop/b", "spec.containers[0].ports[0].containerPort", "0", "a whole number >= 1"),
    "a port as text": (pod("b", "80"), "Pod shop/b", "spec.containers[0].ports[0].containerPort", '"80"', "a whole number"),
    "a port with a fraction": (pod("b", 1.5), "Pod shop/b", "spec.containers[0].ports[0].containerPort", "1.5", "a whole number"),
    "an address with leading zeros": (node(address="010.0.0.1"), "Node n1", "status.addresses[0].address", "010.0.0.1", "an IP address"),
    "a pod CIDR that is none": (node(pod_cidr="10.244.0.0"), "Node n1", "spec.podCIDR", "10.244.0.0", "a CIDR such as 10.0.0.0/8"),
    "a label that is a number": (pod("b", metadata={"labels": {"a": "b", "n": 1}}), "Pod shop/b", "metadata.labels.n", "1", "text"),
    "no name": (pod("b", metadata={"name": None}), "Pod items[1]", "metadata.name", "nothing", "a value"),
    "a list for a map": (pod("b", metadata={"labels": []}), "Pod shop/b", "metadata.labels", "[]", "a map"),
    "a text for a list": (item("Pod", "b", spec={"containers": "c"}), "Pod shop/b", "spec.containers", '"c"', "a list"),
    "negative replicas": (workload("Deployment", "b", replicas=-1), "Deployment shop/b", "spec.replicas", "-1", "a whole number >= 0"),
    "a pod address": (pod("b", status={"podIP": "10.0.0.256"}), "Pod shop/b", "status.podIP", "10.0.0.256", "an IP address"),
    "a number": (5, "items[1]", "the item", "5", "an object with kind and apiVersion"),
    "null": (None, "items[1]", "the item", "null", "an object with kind and apiVersion"),
    "no kind": ({"metadata": {"name": "b"}}, "items[1]", "kind", "nothing", "the kind of a Kubernetes object, or a whole listing of a cloud's command (without --query or --format)"),
    "a kind that is a number": ({"kind": 5}, "items[1]", "the item", "an object whose kind or apiVersion is no text", "an object with kind and apiVersion"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD_ITEMS.values(), ids=BAD_ITEMS.keys())
def test_read_bytes__one_bad_item_is_refused_and_the_rest_is_read(bad):
    value, *refusal = bad

    result = cluster(pod("good"), value, service("good"))

    assert names(result) == ["shop/good", "shop/good"]
    found = result.provenance.refused[0]._replace(found=" ".join(result.provenance.refused[0].found.split()))
    assert list(found) == ["dump.json", *refusal]


@pytest.mark.parametrize("bad", BAD_ITEMS.values(), ids=BAD_ITEMS.keys())
def test_read_bytes__strict_ends_at_a_bad_item(bad):
    with pytest.raises(ManifestError, match="expected"):
        cluster(pod("good"), bad[0], strict=True)


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "9" * 400])
def test_read_bytes__nan_and_infinity_in_yaml_are_refused_even_in_fields_that_nobody_reads(value):
    text = f"kind: Pod\nmetadata: {{name: b}}\nspec: {{other: [1, {value}]}}\n---\nkind: Pod\nmetadata: {{name: good}}\n"

    result = read_bytes("x", text.encode())

    assert names(result) == ["default/good"]
    assert [(r.object, r.field, r.expected) for r in result.provenance.refused] == [
        ("Pod b", "spec.other[1]", "a finite number")
    ]


def test_read_bytes__a_number_beyond_floats_is_no_reason_where_nobody_reads_it():
    text = '{"kind":"Pod","metadata":{"name":"a","labels":null},"other":1e999}'

    assert names(read_bytes("x", text.encode())) == ["default/a"]


def test_read_bytes__bytes_that_are_not_utf8_refuse_their_item():
    text = b'{"kind":"Pod","metadata":{"name":"\xff"}}{"kind":"Pod","metadata":{"name":"good"}}'

    result = read_bytes("x", text)

    assert names(result) == ["default/good"]
    assert "utf-8" in result.provenance.refused[0].expected


def test_read_bytes__refusals_are_one_line_and_move_no_cursor():
    refused = cluster(pod(), pod("x\u001b[2J\ny", 70000)).provenance.refused[0]

    assert str(refused).isprintable()


def test_read_bytes__lists_10000_refusals_and_counts_the_rest():
    result = cluster(pod(), *([5] * 10_001))

    assert len(result.provenance.refused) == 10_000
    assert "10001 items were refused; the first 10000 are listed" in result.provenance.notes


UNREADABLE = {
    "empty file": (b"", "found an empty file"),
    "spaces": (b" \n" * 5000, "found an empty file"),
    "truncated JSON": (TEXT.encode()[:-10], r"line \d+: found a JSON document that breaks off"),
    "malformed JSON": (b'{\n"kind" "Pod"}', r"line 2, byte 9: found malformed JSON \(expected ':'\)"),
    "garbage after JSON": (b'{"kind":"Pod","metadata":{"name":"a"}}\n}', "line 2, byte 39: found malformed JSON"),
    "a JSON array of numbers": (b"[1,2]", r"found 1, expected an object .* \(and 1 more\)"),
    "a number": (b"5", "found 5, expected an object with kind"),
    "text": (b"hello world", 'found "hello world", expected an object'),
    "1,000 levels of JSON": (b'{"a":' * 1000 + b"1" + b"}" * 1000, "nesting deeper than|found nothing"),
    "100,000 levels of JSON": (b'{"a":' * 100_000, "nesting deeper than"),
    "1,000 levels of YAML": (b"a: " + b"[" * 1000 + b"]" * 1000, "line 1: found nesting deeper than 200 levels"),
    "duplicate keys": (b"kind: Pod\nkind: Pod", "line 2: found the key 'kind' twice"),
    "malformed YAML": (b"kind: Pod\n  metadata: {", "line 2: found malformed YAML"),
    "binary": (bytes(range(1, 32)) + b"\0" * 40, r"found binary data \(a zero byte at 31\)"),
    "control characters": (b"kind: \x01", "found malformed YAML"),
    "not UTF-8": (b"kind: \xff\xff", "found malformed YAML"),
    "not UTF-8 in JSON": (b'{"kind":"\xff"}', "not UTF-8"),
    "half a UTF-16 character": (b"\xff\xfe{", "found utf-16-le text that breaks off"),
    "Secrets only": (as_list(item("Secret")).encode(), "found only 1 of kind Secret, .* Secrets are never read"),
    "other kinds only": (as_list(item("Event")).encode(), "found only 1 of kind Event"),
    "one bad item": (as_list(pod("a", 70000)).encode(), r"containerPort: found 70000, .*; nothing else could be read"),
    "damaged gzip": (gzip.compress(TEXT.encode())[:-20], "found damaged gzip data"),
    "gzip of nothing": (gzip.compress(b""), "found an empty file"),
    "zip": (b"PK\x03\x04....", "found a zip archive"),
    "a table": (b"NAMESPACE   NAME   READY\nshop        a      1/1\n", "found a table .* run the command again with -o json"),
    "kubectl's error": (b"Error from server (Forbidden): pods is forbidden", "found an error message of kubectl"),
    "kubectl's warning": (b"Warning: v1 Endpoints is deprecated\n{}", "without 2>&1"),
    "comments": (b"# nothing\n---\n# more\n", "found nothing but comments"),
    "a template": (b"{{ if .Values.on }}\nkind: Pod\n{{ end }}", "found a template, .* render it first"),
    "a template within": (b"kind: Pod\nmetadata: {name: {{ .Values.name }}}\n", "render a template first"),
    "iptables rules": (b"# Generated by iptables-save v1.8.9\n*nat\n", "found rules of iptables, nftables or ipvs"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_read_bytes__what_cannot_be_read_is_one_line(data, message):
    with pytest.raises(UnreadableError, match=f"^the-file: .*{message}") as error:
        read_bytes("the-file", data)

    assert str(error.value).isprintable()


def test_read_cluster__reads_a_directory_in_sorted_order(tmp_path):
    write(
        tmp_path,
        b_json=as_list(pod("a", 81)),
        a_json=as_list(pod("a", 80)),
        **{"c.yaml.gz": gzip.compress(b"kind: Pod\nmetadata: {name: c}")},
    )
    (tmp_path / "more").mkdir()
    write(tmp_path / "more", d_json=as_list(pod("d")))
    write(tmp_path, _hidden="not read")

    result = read_cluster(tmp_path)

    assert [p.metadata.name for p in result.pods] == ["a", "c", "d"]
    assert result.pods[0].spec.containers[0].ports[0].container_port == 81
    assert [f.name for f in result.provenance.files] == [
        str(tmp_path / name) for name in ("a.json", "b.json", "c.yaml.gz", "more/d.json")
    ]


def test_read_cluster__reads_several_sources(tmp_path):
    write(tmp_path, a_json=as_list(pod("a")), b_json=as_list(pod("b")))

    result = read_cluster([tmp_path / "b.json", str(tmp_path / "a.json")])

    assert [p.metadata.name for p in result.pods] == ["b", "a"]


def test_read_cluster__lists_unreadable_files_among_readable_ones(tmp_path):
    write(tmp_path, a_json=as_list(pod("a")), b_json="{", c_txt="NAME   READY")

    result = read_cluster(tmp_path)

    assert [p.metadata.name for p in result.pods] == ["a"]
    assert [(r.file[-6:], r.field, r.found, r.expected) for r in result.provenance.refused] == [
        ("b.json", "line 1", "a JSON document that breaks off after 1 bytes", "its end; run the command that wrote it again"),
        ("/c.txt", "the text", "a table as kubectl prints it for people", "JSON or YAML; run the command again with -o json"),
    ]  # fmt: skip


def test_read_cluster__strict_ends_at_an_unreadable_file(tmp_path):
    write(tmp_path, a_json=as_list(pod("a")), b_json="{")

    with pytest.raises(UnreadableError, match=r"b\.json"):
        read_cluster(tmp_path, strict=True)


def test_read_cluster__reads_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))

    result = read_cluster("-")

    assert names(result) == ["shop/a", "shop/s", "n"]
    assert result.provenance.files[0].name == "standard input"


def test_read_cluster__the_digest_is_that_of_the_file(tmp_path):
    write(tmp_path, a_json=TEXT)

    assert read_cluster(tmp_path / "a.json").provenance.digest == hashlib.sha256(TEXT.encode()).hexdigest()


def test_read_cluster__reads_a_pipe(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, TEXT.encode())
    os.close(writing)

    assert names(read_cluster(f"/dev/fd/{reading}")) == ["shop/a", "shop/s", "n"]
    os.close(reading)


def test_read_cluster__reports_progress(tmp_path):
    write(tmp_path, a_json=as_list(*(pod(f"p{n}") for n in range(2500))))
    calls = []

    read_cluster(tmp_path, progress=lambda *call: calls.append(call))

    assert [call[0] for call in calls] == [str(tmp_path / "a.json")] * 3
    assert 0 < calls[0][1] < calls[1][1] < calls[2][1] <= calls[2][2] == (tmp_path / "a.json").stat().st_size


@pytest.mark.parametrize("name", ["missing.json", "missing/dump.json", "a\0b"])
def test_read_cluster__refuses_what_is_not_there(name, tmp_path):
    with pytest.raises(UnreadableError, match="found no readable file"):
        read_cluster(f"{tmp_path}/{name}")


def test_read_cluster__refuses_a_directory_without_files(tmp_path):
    with pytest.raises(UnreadableError, match="found a directory without files"):
        read_cluster(tmp_path)


def test_read_cluster__refuses_no_source():
    with pytest.raises(UnreadableError, match="no source given"):
        read_cluster([])


def test_read_cluster__refuses_what_cannot_be_opened(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:  # nobody can open one, not even root
        listener.bind(str(tmp_path / "a.json"))

        with pytest.raises(UnreadableError, match=r"a\.json: found no readable file"):
            read_cluster(tmp_path / "a.json")


def test_read_cluster__says_how_many_files_are_unreadable(tmp_path):
    write(tmp_path, a_json="{", b_json="{")

    with pytest.raises(UnreadableError, match=r"a.json: .* \(and 1 more"):
        read_cluster(tmp_path)


POLICY = "networking.k8s.io/v1"
BAD_TEXTS = {
    "an operator": (item("NetworkPolicy", "b", api_version=POLICY, spec={"podSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}), "spec.podSelector.matchExpressions[0].operator", "text matching regex '^(In|NotIn|Exists|DoesNotExist)$'"),
    "a block": (item("NetworkPolicy", "b", api_version=POLICY, spec={"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["x"]}}]}]}), "spec.egress[0].to[0].ipBlock.except", "a CIDR such as 10.0.0.0/8"),
    "a ServiceCIDR": (item("ServiceCIDR", "b", "", POLICY, spec={"cidrs": ["10.0.0.0/33"]}), "spec.cidrs", "a CIDR such as 10.0.0.0/8"),
    "an IPAddress": (item("IPAddress", "b", "", POLICY), "metadata.name", "an IP address"),
    "a Cilium pool": (item("CiliumNode", "b", "", "cilium.io/v2", spec={"ipam": {"pools": {"allocated": [{"cidrs": ["x"]}]}}}), "spec.ipam.pools.allocated[0].cidrs", "a CIDR such as 10.0.0.0/8"),
    "a MetalLB range": (item("IPAddressPool", "b", "", "metallb.io/v1beta1", spec={"addresses": ["192.0.2.1-x"]}), "spec.addresses", "a CIDR or first-last such as 10.0.0.1-10.0.0.9"),
    "a MetalLB CIDR": (item("IPAddressPool", "b", "", "metallb.io/v1beta1", spec={"addresses": ["192.0.2.0/x"]}), "spec.addresses", "a CIDR such as 10.0.0.0/8"),
    "a name server": (pod("b", spec={"dnsConfig": {"nameservers": ["dns"]}}), "spec.dnsConfig.nameservers", "an IP address"),
    "an endpoint": (item("EndpointSlice", "b", api_version="discovery.k8s.io/v1", endpoints=[{"addresses": ["x"]}]), "addresses", "an IP address"),
    "a ClusterIP": (item("Service", "b", spec={"clusterIP": "10.96.0.0/12"}), "spec.clusterIP", "an IP address"),
    "a source range": (item("Service", "b", spec={"loadBalancerSourceRanges": ["10.0.0.1"]}), "spec.loadBalancerSourceRanges", "a CIDR such as 10.0.0.0/8"),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "field", "expected"), BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_read_bytes__texts_that_models_parse_are_checked(bad, field, expected):
    refused = cluster(pod("good"), bad).provenance.refused

    assert [(r.field, r.expected) for r in refused] == [(field, expected)]


GOOD_TEXTS = {
    "host bits in a block": item("NetworkPolicy", api_version=POLICY, spec={"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]}),
    "host bits in a source range": item("Service", spec={"loadBalancerSourceRanges": ["10.0.0.1/8 "]}),
    "a headless Service": item("Service", spec={"clusterIP": "None", "clusterIPs": ["None"]}),
    "an FQDN slice": item("EndpointSlice", api_version="discovery.k8s.io/v1", addressType="FQDN", endpoints=[{"addresses": ["a.example"]}]),
    "MetalLB ranges": item("IPAddressPool", api_version="metallb.io/v1beta1", spec={"addresses": ["192.0.2.1 - 192.0.2.9", "192.0.2.0/28"]}),
    "an address of a name": node(status={"addresses": [{"type": "Hostname", "address": "n1"}]}),
}  # fmt: skip


@pytest.mark.parametrize("good", GOOD_TEXTS.values(), ids=GOOD_TEXTS.keys())
def test_read_bytes__what_the_api_allows_is_kept(good):
    assert cluster(good).provenance.refused == ()


def test_read_bytes__templates_within_texts_are_no_mistake():
    text = json.dumps(item("ConfigMap", data={"a": "{{ .Values.name }}"}))

    assert len(read_bytes("x", text.encode()).config_maps) == 1


def items_in_python_json(*values):
    return ('{"kind":"List","items":[' + ",".join(values) + "]}\n---\n").encode()


GOOD = '{"kind":"Pod","metadata":{"name":"good"}}'


@pytest.mark.parametrize(
    ("value", "field", "found"),
    [
        ('{"kind":"Pod","metadata":{"name":"b"},"n":NaN}', "n", "nan"),
        ('{"kind":"Pod","metadata":{"name":"b"},"n":[-Infinity]}', "n[0]", "-inf"),
        (r'{"kind":"Pod","metadata":{"name":"b","x":"\ud800"}}', "metadata.x", r"'\ud800'"),
        (r'{"kind":"Pod","metadata":{"name":"b"},"\udc00":1}', "the item", r"'\udc00'"),
    ],
)
def test_read_bytes__what_only_python_writes_as_json_costs_its_item(value, field, found):
    result = read_bytes(
        "x", items_in_python_json(GOOD, value, '{"big":123456789012345678901,"kind":"Event"}')
    )

    assert names(result) == ["default/good"]
    assert [(r.field or "the item", r.found) for r in result.provenance.refused] == [(field, found)]


@pytest.mark.parametrize("kind", ['"Secret"', '["Secret"]'])
def test_read_bytes__a_secret_with_nan_is_counted_and_not_shown(kind):
    text = items_in_python_json(GOOD, f'{{"kind":{kind},"data":{{"password":NaN}}}}')

    result = read_bytes("x", text)

    assert result.provenance.n_secrets == 1
    assert "password" not in str(result.provenance)


def test_read_bytes__a_list_of_secrets_with_nan_is_counted():
    text = b'{"kind":"SecretList","items":[{"data":{"password":NaN}},{}]}' + GOOD.encode()

    assert read_bytes("x", text).provenance.n_secrets == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":["Secret"],"data":{"a":"password"}}',
        "kind: Secret\npassword: 1\npassword: 2",
        "kind: Secret\na: *password",
        "kind: Secret\na: !password x",
        "kind: Secret\na: [!x!password b]",
    ],
)
def test_read_bytes__errors_show_nothing_of_a_secret(text):
    with pytest.raises(UnreadableError, match="found") as error:
        read_bytes("x", text.encode())

    assert "password" not in str(error.value)


@pytest.mark.parametrize("text", ['{"kind":"Pod" NaN', '{"kind":"Pod","n":NaN}}'])
def test_read_bytes__nan_does_not_hide_other_faults(text):
    with pytest.raises(UnreadableError, match="found malformed JSON"):
        read_bytes("x", text.encode())


def test_read_bytes__shows_what_the_server_answered():
    status = '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods is forbidden"}'

    with pytest.raises(UnreadableError, match=r"refusal: pods is forbidden, expected .* run it again"):
        read_bytes("x", status.encode())


@pytest.mark.parametrize("more", ['"status":"Success"', '"status":5'])
def test_read_bytes__a_status_without_failure_is_another_kind(more):
    with pytest.raises(
        UnreadableError, match=r"found only 1 of kind Status, expected pods, Services, nodes …$"
    ):
        read_bytes("x", f'{{"kind":"Status","apiVersion":"v1",{more}}}'.encode())


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
def test_read_bytes__reads_utf_32(encoding):
    assert names(read_bytes("x", TEXT.encode(encoding))) == ["shop/a", "shop/s", "n"]


def test_read_bytes__malformed_yaml_comes_with_advice():
    with pytest.raises(UnreadableError, match="; mend it there, or print the dump again"):
        read_bytes("x", b'a: "b')


@pytest.mark.parametrize("source", [None, 5, b"{}", [5], [b"{}"]])
def test_read_cluster__says_what_it_takes(source):
    with pytest.raises(
        TypeError, match=r"takes a path, a directory, '-', an open file, or a list of these, not"
    ):
        read_cluster(source)


@pytest.mark.parametrize("mode", ["r", "rb"])
def test_read_cluster__reads_an_open_file(mode, tmp_path):
    write(tmp_path, a_json=TEXT)

    with open(tmp_path / "a.json", mode) as file:
        result = read_cluster(file)

    assert names(result) == ["shop/a", "shop/s", "n"]
    assert result.provenance.files[0].name == str(tmp_path / "a.json")


def test_read_cluster__reads_text_in_memory_among_others():
    assert names(read_cluster([io.StringIO(TEXT)])) == ["shop/a", "shop/s", "n"]


def test_read_cluster__refuses_a_closed_file():
    file = io.BytesIO()
    file.close()

    with pytest.raises(UnreadableError, match="the open file: found no readable file"):
        read_cluster(file)


@pytest.mark.parametrize(
    ("kind", "group", "field"),
    [("Job", "batch/v1", "spec.parallelism"), ("StatefulSet", "apps/v1", "spec.replicas")],
)
def test_read_bytes__too_many_pods_are_refused_by_the_field_that_says_so(kind, group, field):
    big = workload(kind, "big", group, parallelism=200_000, replicas=200_000)

    assert cluster(pod(), big).provenance.refused[0].field == field


def test_read_bytes__the_ledger_says_what_it_could_not_use():
    text = "networking: {podSubnet: 10.0.0.0/16, serviceSubnet: [1, 2]}"

    setting = cluster(config_map("kubeadm-config", ClusterConfiguration=text)).settings["service_cidr"]

    assert "nothing usable in the dump says otherwise (not usable: " in setting.evidence
    assert "found '[1, 2]'" in setting.evidence


def test_read_bytes__settings_may_be_yaml_that_starts_with_a_brace():
    text = "{networking: {serviceSubnet: 10.7.0.0/16}}"

    assert cluster(config_map("kubeadm-config", ClusterConfiguration=text)).settings[
        "service_cidr"
    ].value == ("10.7.0.0/16",)


def test_read_bytes__an_unreadable_calico_config_is_noted():
    result = cluster(config_map("calico-config", cni_network_config="{not json"))

    assert any("found '{not json', expected JSON with an ipam type" in n for n in result.provenance.notes)
