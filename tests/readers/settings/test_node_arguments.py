import json

import pytest

from kubenetlab.result import Origin
from tests.readers.dumps import cluster, node, service


def with_arguments(*arguments, name="n1", key="k3s.io/node-args", text=None):
    annotations = {key: json.dumps(arguments) if text is None else text}
    return node(name, metadata={"annotations": annotations})


@pytest.mark.parametrize("key", ["k3s.io/node-args", "rke2.io/node-args"])
@pytest.mark.parametrize(
    ("setting", "value", "arguments"),
    [
        ("cluster_cidr", ("10.50.0.0/16",), ["--cluster-cidr", "10.50.0.0/16"]),
        ("cluster_cidr", ("10.50.0.0/16", "fd00::/56"), ["--cluster-cidr=10.50.0.0/16,fd00::/56"]),
        ("cluster_cidr", ("10.50.0.0/16", "fd00::/56"), ["--cluster-cidr", "10.50.0.0/16", "--cluster-cidr", "fd00::/56"]),
        ("service_cidr", ("10.51.0.0/16",), ["--disable=traefik", "--service-cidr=10.51.0.0/16"]),
        ("node_port_range", "80-32767", ["--service-node-port-range", "80-32767"]),
        ("cluster_dns", "10.51.0.10", ["--cluster-dns=10.51.0.10"]),
        ("cluster_domain", "corp.local", ["--cluster-domain", "corp.local"]),
        ("proxy_mode", "none", ["--disable-kube-proxy", "--write-kubeconfig-mode", "644"]),
        ("proxy_mode", "ipvs", ["--kube-proxy-arg=proxy-mode=ipvs"]),
        ("node_port_range", "80-90", ["--kube-apiserver-arg", "service-node-port-range=80-90"]),
        ("node_cidr_mask_size", 22, ["--kube-controller-manager-arg", "node-cidr-mask-size=22"]),
    ],
)  # fmt: skip
def test_clues__reads_the_servers_arguments(key, setting, value, arguments):
    found = cluster(with_arguments("server", *arguments, key=key), service()).settings[setting]

    assert (found.value, found.origin) == (value, Origin.READ)
    assert found.evidence.endswith(f"in {key} of Node n1")


def test_clues__agents_say_nothing_about_the_cluster():
    items = with_arguments("agent", "--kube-proxy-arg=proxy-mode=ipvs")

    assert cluster(items).settings["proxy_mode"].origin is Origin.DEFAULT


def test_clues__servers_that_differ_are_noted():
    servers = [with_arguments("server", f"--cluster-domain=c{n}.local", name=f"n{n}") for n in (1, 2)]

    result = cluster(*servers)

    assert result.settings["cluster_domain"].value == "c1.local"
    assert "says c2.local; the first counts" in result.provenance.notes[0]


def test_clues__servers_that_agree_are_not():
    servers = [with_arguments("server", "--cluster-domain=c.local", name=f"n{n}") for n in (1, 2)]

    assert cluster(*servers).provenance.notes == ()


@pytest.mark.parametrize("text", ["server --cluster-cidr", '{"a": 1}', "[1]", "[" * 100_000, '["\\ud800'])
def test_clues__what_is_no_list_of_texts_is_noted(text):
    result = cluster(with_arguments(text=text))

    assert result.provenance.notes[0].startswith("k3s.io/node-args of Node n1: found ")
    assert result.provenance.notes[0].endswith("expected a JSON list of texts; ignored")
    assert len(result.provenance.notes[0]) < 250


@pytest.mark.parametrize("arguments", [[], ["server"], ["server", "--"], ["server", "--cluster-cidr"]])
def test_clues__arguments_without_values_say_nothing(arguments):
    result = cluster(with_arguments(*arguments))

    assert result.provenance.notes == ()
    assert result.settings["cluster_cidr"].origin is not Origin.READ


def test_clues__a_value_that_breaks_its_rule_is_noted():
    result = cluster(with_arguments("server", "--cluster-cidr=10.50.0.0/99"))

    assert "expected CIDRs such as 10.0.0.0/8; ignored" in result.provenance.notes[0]


def test_clues__an_annotation_that_was_anonymised_away_says_nothing():
    assert cluster(with_arguments(text="")).provenance.notes == ()
