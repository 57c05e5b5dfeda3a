import json

import pytest
from click.testing import CliRunner

from kubenetlab.cli import main
from tests.cli.command_line import NODE, POD, SERVICE, changed, dump

SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "cart-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "cart"}},
    "addressType": "IPv4",
    "endpoints": [
        {
            "addresses": ["10.244.1.7"],
            "conditions": {"ready": True},
            "targetRef": {"kind": "Pod", "name": "cart"},
        }
    ],
    "ports": [{"port": 8080}],
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "cart", "namespace": "shop"},
}
OWNED_POD = changed(
    POD, ("metadata", "ownerReferences"), [{"kind": "Deployment", "name": "cart", "controller": True}]
)
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "front", "namespace": "shop"},
    "spec": {"defaultBackend": {"service": {"name": "cart", "port": {"number": 80}}}},
}
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "closed", "namespace": "shop"},
    "spec": {"podSelector": {"matchLabels": {"app": "cart"}}, "policyTypes": ["Ingress"]},
}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
EVERYTHING = dump(NODE, NAMESPACE, OWNED_POD, SERVICE, SLICE, DEPLOYMENT, INGRESS, POLICY)


def show(*arguments, stdin=EVERYTHING, exit_code=0):
    result = CliRunner().invoke(main, ["show", "-", *arguments], input=stdin, prog_name="kubenetlab")
    assert result.exit_code == exit_code, result.output
    return result.output


def titles(*arguments):
    return [table["title"] for table in json.loads(show(*arguments, "--format", "json"))["tables"]]


def test_show__without_a_word_counts_kinds_and_lists_settings():
    output = show()

    assert "cluster_cidr" in output
    assert "node_port_range" in output


@pytest.mark.parametrize("word", ["pods", "Pod", "po", "POD", "pod"])
def test_show__takes_a_kind_as_kubectl_says_it(word):
    output = show(word)

    assert output.startswith("1 pods\nNAMESPACE  NAME  NODE")
    assert "10.244.1.7" in output


def test_show__settings_tell_origin_and_evidence():
    rows = json.loads(show("settings", "--format", "json"))["tables"][0]["rows"]

    assert {"setting", "value", "origin", "evidence"} == set(rows[0])


def test_show__tells_what_an_address_is():
    output = show("10.244.1.7")

    assert "Pod shop/cart" in output
    assert "Node worker-1" in output


def test_show__tells_that_nothing_holds_an_address():
    assert show("8.8.8.8") == "no object or range of the dump holds it\n(none)\n"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (
            "Service/cart",
            [
                "Service shop/cart",
                "Endpoints of Service shop/cart",
                "Pods that Service shop/cart selects",
                "Ingresses that send to Service shop/cart",
            ],
        ),
        (
            "pod/shop/cart",
            [
                "Pod shop/cart",
                "Node of Pod shop/cart",
                "Services that select Pod shop/cart",
                "NetworkPolicies that apply to Pod shop/cart",
            ],
        ),
        ("worker-1", ["Node worker-1", "Pods on Node worker-1"]),
        ("deploy/cart", ["Deployment shop/cart", "Pods of Deployment shop/cart"]),
        ("closed", ["NetworkPolicy shop/closed", "Pods that NetworkPolicy shop/closed applies to"]),
        ("shop/front", ["Ingress shop/front", "Services behind Ingress shop/front"]),
        ("shop", ["Namespace shop", "Services in Namespace shop", "Pods in Namespace shop"]),
        ("cart-x", ["EndpointSlice shop/cart-x"]),
    ],
)
def test_show__tells_what_belongs_to_a_name(what, expected):
    assert titles(what) == expected


def test_show__of_a_name_that_several_kinds_have_shows_all():
    assert {"Pod shop/cart", "Service shop/cart", "Deployment shop/cart"} <= set(titles("shop/cart"))


def test_show__fills_the_tables_of_what_belongs_together():
    tables = json.loads(show("Service/cart", "--format", "json"))["tables"]

    assert [len(table["rows"]) for table in tables] == [1, 1, 1, 1]
    assert tables[1]["rows"][0]["pod"] == "shop/cart"


def test_show__suggests_names_that_are_close():
    output = show("crat", exit_code=2)

    assert output == "Error: 'crat' is no kind, no address and no name in the dump; did you mean cart?\n"


def test_show__without_a_close_name_suggests_nothing():
    assert "did you mean" not in show("qqqqqqq", exit_code=2)


def test_show__as_json_has_a_stable_head():
    document = json.loads(show("pods", "--format", "json"))

    assert list(document) == ["schema", "kubenetlab", "input_sha256", "what", "tables"]
    assert document["schema"] == "kubenetlab/show/v1"
    assert len(document["input_sha256"]) == 64


def test_show__as_csv_has_the_columns_of_the_frame():
    assert show("nodes", "--format", "csv").splitlines()[1].startswith("worker-1,192.168.1.11,10.244.1.0/24")


def test_show__as_csv_refuses_several_tables():
    assert "CSV holds one table" in show("--format", "csv", exit_code=2)


def test_show__tells_what_a_range_is():
    output = show("10.244.1.0/24")

    assert output.startswith("What 10.244.1.0/24 is\n")
    assert "is it" in output
    assert "inside it" in output


def test_show__takes_an_address_in_brackets_and_blanks():
    assert show(" [10.244.1.7] ") == show("10.244.1.7")


@pytest.mark.parametrize("text", [None, "", "hello"])
def test_show__a_named_file_that_cannot_be_read_is_an_error(tmp_path, text):
    path = tmp_path / "subnets.json"
    if text is not None:
        path.write_text(text)

    assert f"Error: {path}: " in show("addresses", "--also", str(path), exit_code=2)


def test_show__hints_at_a_mistyped_word():
    assert "did you mean addresses?" in show("adresses", exit_code=2)
