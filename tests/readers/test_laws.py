"""What holds for every input."""

import json

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError
from kubenetlab.objects import KINDS
from kubenetlab.readers import read_bytes
from tests.readers.dumps import as_list, config_map, item, node, pod, service, workload

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(), values, max_size=4),
    max_leaves=20,
)
# PyYAML writes 0E0 without quotes, which kubectl takes for a number (and quotes).
TEXTS = st.text(max_size=12).filter(lambda text: text.strip()[:1] not in tuple("+-.0123456789"))
LABELS = st.dictionaries(TEXTS, TEXTS, max_size=3)
PORTS = st.integers(1, 65535)
NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
PODS = st.builds(
    lambda name, port, labels: pod(name, port, metadata={"labels": labels}), NAMES, PORTS, LABELS
)
OTHERS = st.sampled_from(
    [
        service(),
        node(),
        workload("Deployment", replicas=2),
        workload("CronJob", "nightly", "batch/v1"),
        config_map("kube-proxy", **{"config.conf": "mode: ipvs\nclusterCIDR: 10.244.0.0/16\n"}),
        item("Event"),
        item("Secret"),
        pod("bad", 0),
    ]
)
ITEMS = st.lists(PODS | OTHERS, max_size=8, unique_by=lambda i: (i["kind"], i["metadata"]["name"]))
KIND_NAMES = st.sampled_from([kind.kind for kind in KINDS])


def complaint(data):
    """The one line that reading ends with, or an empty text."""
    try:
        read_bytes("x", data)
    except KubenetlabError as error:
        return str(error)
    return ""


def contents(cluster):
    objects = {kind.plural: cluster.values(kind.plural) for kind in KINDS}
    return objects, dict(cluster.settings), cluster.provenance.skipped, cluster.provenance.n_secrets


def sets(cluster):
    return {kind.plural: {repr(value) for value in cluster.values(kind.plural)} for kind in KINDS}


@given(ITEMS.filter(bool))
def test_read_bytes__json_and_yaml_of_the_same_items_give_the_same_cluster(items):
    good = [pod("good", port=80, namespace="law"), *items]

    from_json = read_bytes("x", as_list(*good).encode())
    from_yaml = read_bytes("x", yaml.safe_dump({"kind": "List", "items": good}).encode())

    assert contents(from_json) == contents(from_yaml)


@given(ITEMS, st.randoms(use_true_random=False))
def test_read_bytes__any_order_of_items_gives_the_same_objects(items, random):
    shuffled = random.sample(items, len(items))

    one, other = (read_bytes("x", as_list(pod("good"), *order).encode()) for order in (items, shuffled))

    assert sets(one) == sets(other)


@given(ITEMS)
def test_read_bytes__one_document_an_item_or_one_list_is_the_same(items):
    good = [pod("good"), *items]

    separate = read_bytes("x", "\n".join(map(json.dumps, good)).encode())

    assert contents(separate) == contents(read_bytes("x", as_list(*good).encode()))


@given(st.binary(max_size=200))
@example(b"\x1f\x8b\x08\x00")
@example(b"\xff\xfe\x00")
def test_read_bytes__random_bytes_raise_nothing_but_kubenetlab_errors(data):
    assert complaint(data).isprintable()


@given(st.text(alphabet="[]{}&*<-: ,\n\t'\"!|>%@`#a1.", max_size=60))
def test_read_bytes__random_yaml_raises_nothing_but_kubenetlab_errors(text):
    assert complaint(("a" + text).encode()).isprintable()


@given(JSON_VALUES)
def test_read_bytes__random_json_raises_nothing_but_kubenetlab_errors(value):
    assert complaint(json.dumps(value).encode()).isprintable()


@given(
    KIND_NAMES,
    st.fixed_dictionaries({}, optional=dict.fromkeys(("metadata", "spec", "status", "data"), JSON_VALUES)),
)
def test_read_bytes__random_objects_of_known_kinds_are_read_or_refused(kind, fields):
    result = read_bytes("x", as_list(pod("good"), {"kind": kind, **fields}).encode())

    assert len(result.provenance.refused) + sum(result.provenance.read.values()) == 2


@given(JSON_VALUES, JSON_VALUES)
def test_read_bytes__random_values_in_config_maps_are_at_most_noted(one, other):
    maps = [
        config_map(
            "kubeadm-config", ClusterConfiguration=json.dumps({"networking": one, "apiServer": other})
        ),
        config_map("kube-proxy", **{"config.conf": json.dumps({"mode": one, "clusterCIDR": other})}),
        config_map("kubelet-config", kubelet=json.dumps(one)),
        config_map("coredns", Corefile=json.dumps(one)),
    ]

    result = read_bytes("x", as_list(*maps).encode())

    assert len(result.config_maps) == 4


@given(
    KIND_NAMES,
    st.lists(st.sampled_from(["spec", "template", "containers", "ports", "metadata", "name"]), max_size=5),
)
def test_read_bytes__null_anywhere_is_the_same_as_absent(kind, path):
    value = {"kind": kind, "metadata": {"name": "a", "labels": None}}
    place = value
    for key in path[:-1]:
        place = place.setdefault(key, {}) if isinstance(place.get(key, {}), dict) else place
    if path and path[-1] not in place:
        place[path[-1]] = None
    absent = json.loads(
        json.dumps(value), object_hook=lambda d: {k: v for k, v in d.items() if v is not None}
    )

    one, other = (read_bytes("x", as_list(pod("good"), v).encode()) for v in (value, absent))

    assert sets(one) == sets(other)
