import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError, ManifestError, UnreadableError
from kubenetlab.readers.plan_request import (
    MAX_CLUSTERS,
    MAX_RANGES,
    MAX_REQUEST_BYTES,
    plan_request,
    read_plan_request,
    refused,
    suggestion,
)


def test_plan_request__reads_what_is_said_and_nothing_else():
    request = plan_request(b"clusters: [{name: a, nodes: 3, growth: [20%, 0.4]}]").request

    assert (request.clusters[0].nodes, request.clusters[0].growth) == (3, ("20%", 0.4))
    assert request.clusters[0].max_pods is None


def test_plan_request__takes_json_too():
    assert plan_request(b'{"clusters": [{"name": "a"}]}').request.clusters[0].name == "a"


def test_plan_request__names_its_bytes():
    assert plan_request(b"clusters: [{name: a}]").sha256 != plan_request(b"clusters: [{name: b}]").sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clusters: [{name: a, nodse: 3}]", "cluster a: nodse: found an unknown field, expected nodes (did you mean that?)"),
        ("clusters: [{name: a, zzzz: 3}]", "cluster a: zzzz: found an unknown field, expected one of platform"),
        ("defaults: {nodez: 3}\nclusters: []", "defaults: nodez: found an unknown field, expected nodes"),
        ("parents: {pots: x}\nclusters: []", "the request: parents.pots: found an unknown field, expected pods"),
        ("in_use: [{rng: x}]\nclusters: []", "the request: in_use[0].rng: found an unknown field, expected range"),
        ("cluster: []", "the request: cluster: found an unknown field, expected clusters"),
        ("clusters: [{name: a, nodes: x}]", 'cluster a: nodes: found "x", expected a whole number'),
        ("clusters: [{name: a, nodes: .nan}]", "cluster a: nodes: found nan, expected a whole number"),
        ("clusters: [{name: a, nodes: 3.5}]", "cluster a: nodes: found 3.5, expected a whole number"),
        ("clusters: [{nodes: 1}]", "cluster 1: name: found nothing, expected a value"),
        ("clusters: [3]", "the request: clusters[0]: found 3, expected a map"),
        ("clusters: [null]", "the request: clusters[0]: found null, expected a map"),
        ("clusters: [{name: ''}]", "cluster 1: name: found '', expected a name"),
        ("clusters: [{name: a, nodes: 99999999999999999999999}]", "cluster a: nodes: found about 1e+23, expected"),
        ("clusters: {}", "the request: clusters: found {}, expected a list"),
        ("clusters: []", "the request: clusters: found 0, expected 1 to 5,000 clusters"),
        ("defaults: {nodes: []}\nclusters: []", "defaults: nodes: found [], expected a whole number"),
    ],
)  # fmt: skip
def test_plan_request__refuses_with_the_place_and_what_is_expected(text, message):
    with pytest.raises(ManifestError) as error:
        plan_request(text.encode(), "plan.yaml")

    assert str(error.value).startswith(f"plan.yaml: {message}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "found 0 YAML documents, expected one map"),
        (b"a: 1\n---\nb: 1", "found 2 YAML documents, expected one map"),
        (b"[1]", "found no map, expected one map"),
        (b"a: [", "found malformed YAML"),
        (b"a: 1\na: 2", "found the key 'a' twice"),
        (b"a: !!python/object:os.system x", "found the tag"),
        (b"PK\x03\x04", "found a zip archive"),
    ],
)
def test_plan_request__refuses_what_is_no_request(data, message):
    with pytest.raises(UnreadableError, match=r"^plan\.yaml: ") as error:
        plan_request(data, "plan.yaml")

    assert message in str(error.value)


def test_plan_request__shows_no_more_of_a_long_name_than_its_beginning():
    with pytest.raises(ManifestError) as error:
        plan_request(f"clusters: [{{name: {'x' * 300}, nodes: y}}]".encode(), "plan.yaml")

    assert len(str(error.value)) < 160


@pytest.mark.parametrize("path", [b"plan.yaml", {}, None, 3])
def test_read_plan_request__refuses_what_is_no_path(path):
    with pytest.raises(ValueError, match="is no path: expected the name of a file with a request for a plan"):
        read_plan_request(path)


def test_plan_request__says_nothing_of_kubectl_about_broken_yaml():
    with pytest.raises(UnreadableError) as error:
        plan_request(b"a: [")

    assert "kubectl" not in str(error.value)


def test_plan_request__bounds_bytes_clusters_and_ranges(tmp_path):
    many = b"clusters: [" + b"{name: a}," * (MAX_CLUSTERS + 1) + b"]"
    ranges = b"clusters: [{name: a}]\nforbidden: [" + b"a," * (MAX_RANGES + 1) + b"]"

    (tmp_path / "big.yaml").write_bytes(b" " * (MAX_REQUEST_BYTES + 1))
    with pytest.raises(
        UnreadableError, match=r"big\.yaml: found 8,388,609 bytes, expected a request for a plan of at most"
    ):
        read_plan_request(tmp_path / "big.yaml")
    with pytest.raises(ManifestError, match="found 5,001, expected 1 to 5,000 clusters"):
        plan_request(many)
    with pytest.raises(ManifestError, match="forbidden: found 100,001 ranges, expected at most 100,000"):
        plan_request(ranges)


def test_read_plan_request__takes_gzipped_files_and_refuses_broken_ones(tmp_path):
    (tmp_path / "plan.yaml.gz").write_bytes(gzip.compress(b"clusters: [{name: a}]"))
    (tmp_path / "broken.gz").write_bytes(gzip.compress(b"clusters: [{name: a}]")[:20])

    assert read_plan_request(tmp_path / "plan.yaml.gz").request.clusters[0].name == "a"
    with pytest.raises(UnreadableError, match=r"broken\.gz: "):
        read_plan_request(tmp_path / "broken.gz")


def test_read_plan_request__knows_the_folder_of_the_file(tmp_path):
    (tmp_path / "plan.yaml").write_text("clusters: [{name: a}]")

    file = read_plan_request(tmp_path / "plan.yaml")

    assert (file.name, file.folder) == (str(tmp_path / "plan.yaml"), tmp_path)


def test_refused__shortens_what_was_found():
    assert len(str(refused("f", "p", "x", "y" * 500, "z"))) < 120


def test_suggestion__names_the_nearest_word_and_few_of_many():
    assert suggestion("gek", ["eks", "gke"]) == "gke? one of eks, gke"
    assert suggestion("zz", [f"word{n}" for n in range(30)]).endswith("word19 … (10 more)")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_plan_request__any_bytes_are_read_or_refused_in_one_line(data):
    message = ""
    try:
        plan_request(data)
    except KubenetlabError as error:
        message = str(error)

    assert "\n" not in message
