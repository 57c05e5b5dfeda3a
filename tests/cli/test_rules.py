import csv
import io
import json
import re

import pytest
from click.testing import CliRunner

from kubenetlab.cli import main
from kubenetlab.cli.rules_share_table import shares_text
from kubenetlab.kube_proxy.iptables_proxier import iptables_save
from kubenetlab.kube_proxy.node_settings import proxy_settings
from kubenetlab.kube_proxy.proxied_ports import proxied_ports
from kubenetlab.load_balancing.shares import rule_shares
from kubenetlab.samples import sample, sample_rules
from tests.cli.command_line import NODE, POD, SERVICE, dump, run

SHOP = ("sample:shop", "--node", "worker-1")
SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "cart-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "cart"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.244.1.7"], "conditions": {"ready": True}}],
    "ports": [{"port": 8080, "protocol": "TCP"}],
}
THIRDS = "10.96.3.3:80/tcp"


def rules(*arguments, stdin=""):
    return CliRunner().invoke(main, ["rules", *map(str, arguments)], input=stdin, prog_name="kubenetlab")


def written(*arguments):
    result = rules("write", *SHOP, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def node_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("rules") / "node.rules"
    assert rules("write", *SHOP, "-o", file).exit_code == 0
    return file


def test_rules__lists_its_verbs_and_teaches():
    output = rules("--help").output

    assert [verb for verb in ("write", "shares", "drift", "prove") if f"\n  {verb} " not in output] == []
    assert "iptables-save" in output


@pytest.mark.parametrize("verb", ["write", "shares", "drift", "prove"])
def test_rules__every_verb_has_help_with_examples(verb):
    output = rules(verb, "--help").output

    assert f"kubenetlab rules {verb} " in output.partition("Examples:")[2]


def test_write__is_what_the_model_of_kube_proxy_writes():
    shop = sample("shop")
    settings = proxy_settings(shop, "worker-1")

    assert written() == iptables_save(proxied_ports(shop, settings), settings)


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (("--restore",), "*filter\n:KUBE-SERVICES - [0:0]\n"),
        (("--mode", "nftables"), "add table ip kube-proxy "),
        (("--mode", "nftables", "--restore"), "add table ip kube-proxy "),
        (("--mode", "ipvs"), "-A -t 10."),
        (("--family", "ipv6"), "*nat\n:PREROUTING - [0:0]\n"),
    ],
)
def test_write__has_a_form_for_every_mode(arguments, start):
    assert written(*arguments).startswith(start)


def test_write__says_on_standard_error_what_it_assumes():
    notes = rules("write", *SHOP).stderr.splitlines()

    assert notes
    assert all(note.startswith("Note: ") for note in notes)
    assert any("masqueradeBit 14" in note and note.endswith("(kube-proxy's default)") for note in notes)
    assert not any("ipvs" in note for note in notes)
    assert notes[-1].startswith(
        "Note: the cluster runs 1.34.2: endpoints are chosen as kube-proxy of that release does"
    )


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_write__of_a_family_that_no_service_has_says_so(mode):
    result = rules("write", *SHOP, "--mode", mode, "--family", "ipv6")

    assert "Note: no Service of this cluster has an IPv6 address" in result.stderr.splitlines()


def test_write__help_says_what_must_be_there_before_the_rules_load():
    output = rules("write", "--help").output

    assert set(re.findall(r"nfacct add (\S+)", output)) == set(re.findall(r"--nfacct-name (\S+)", written()))


def test_write__where_kube_proxy_does_not_run_says_so():
    daemon = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "cilium-config", "namespace": "kube-system"},
        "data": {"kube-proxy-replacement": "true"},
    }

    result = rules("write", "-", "--node", "worker-1", stdin=dump(NODE, POD, SERVICE, daemon))

    assert result.exit_code == 0
    assert result.stderr.startswith("Note: kube-proxy does not run in this cluster (")


def test_write__into_a_file_prints_its_name(node_file):
    assert node_file.read_text() == written()


def test_write__of_a_node_that_is_not_there_names_those_that_are():
    result = rules("write", "sample:shop", "--node", "worker-9")

    assert result.exit_code == 2
    assert (
        result.stderr
        == "Error: nodes: worker-9 is not in the dump; there are control-plane-1, worker-1, worker-2, worker-3, worker-4\n"
    )


def test_shares__of_the_example_are_30_21_and_49_percent():
    output = rules("shares", "sample:statistic-example").output

    found = [line.split() for line in output.splitlines() if "172.16.0." in line and ":8080" in line]
    assert [row[2:4] for row in found[-3:]] == [
        ["0.2999999998", "1/3"],
        ["0.2099999999", "1/3"],
        ["0.4900000003", "1/3"],
    ]


def test_shares__begin_with_a_sentence_on_the_whole():
    example, shop = (
        rules("shares", "sample:statistic-example").stdout,
        rules("shares", "-", stdin=written()).stdout,
    )

    assert example.startswith("1 destination, not even: 172.17.0.0/16:80/TCP; ")
    assert shop.startswith("22 service ports, 27 destinations, all even; 3 rejected; ")


def test_shares__of_even_endpoints_are_one_narrow_row_a_destination():
    output = rules("shares", "-", stdin=written()).stdout

    rows = [line.split() for line in output.splitlines() if line.startswith("shop/c")]
    assert [[row[1], *row[5:]] for row in rows] == [
        ["10.99.215.198:80/TCP", "3", "x", "1/3", "by", "source"],
        ["10.108.5.52:80/TCP", "2", "x", "1/2", "by", "source"],
    ]
    assert max(map(len, output.splitlines())) <= 120


def test_shares__name_who_sends_where_that_decides():
    output = rules("shares", "-", stdin=written()).stdout

    rows = [line for line in output.splitlines() if "*:31000/TCP" in line]
    assert [" 192.168.0.0/16; node " in rows[0], " others " in rows[1], len(rows)] == [True, True, 2]


def test_shares__of_a_service_without_endpoints_are_its_refusal():
    output = rules("shares", "-", stdin=written()).stdout

    row = next(line for line in output.splitlines() if line.startswith("shop/search:http"))
    assert row.split()[4:] == ["-", "rejected", "-"]


def test_shares__all_has_every_endpoint_and_remark():
    short, whole = (rules("shares", "-", *flag, stdin=written()).stdout for flag in ((), ("--all",)))

    assert "192.168.225.132:8080" not in short
    assert "192.168.225.132:8080  0.5000000000  1/2" in whole
    assert [re.findall(r"^info  ", text, re.MULTILINE) != [] for text in (short, whole)] == [False, True]


def test_shares__of_very_many_remarks_show_some():
    lines = "".join(f"-A PREROUTING -s 10.0.{i}.1/16 -j ACCEPT\n" for i in range(30))

    result = rules("shares", "-", stdin=f"*nat\n:PREROUTING ACCEPT [0:0]\n{lines}COMMIT\n")

    assert re.search(r"^and \d+ more remarks \(--all shows them\)$", result.stdout, re.MULTILINE)


def test_shares__remarks_that_say_the_same_stand_together():
    output = rules("shares", "sample:statistic-example").stdout

    assert " POSTROUTING, line 13, 14: " in output


def test_shares__are_followed_by_what_is_odd():
    output = rules("shares", "sample:statistic-example").output

    assert "172.17.0.1/16" in output.partition("\n\n")[2]


def test_shares__of_good_rules_have_no_grave_remark():
    result = rules("shares", "-", stdin=written())

    assert "shop/frontend:http" in result.stdout
    assert not re.search("^(high|medium)", result.stdout, re.MULTILINE)


def test_shares__as_json_have_their_schema():
    document = json.loads(rules("shares", "sample:counted-connections", "--format", "json").output)

    assert document["schema"] == "kubenetlab/rules-shares/v1"
    assert document["rules"] == {
        "source": "002-counted-connections.rules",
        "form": "iptables-save",
        "missing": [],
    }
    row = document["tables"][0]["rows"][0]
    assert (row["service_port"], row["endpoint"]) == ("lottery/thirds:http", "10.244.1.3:8080")
    assert row["share_exact"] == "715827883/2^31"


def test_shares__as_csv_are_the_table_of_shares():
    rows = list(
        csv.DictReader(io.StringIO(rules("shares", "sample:two-endpoints", "--format", "csv").output))
    )

    assert [row["endpoint"] for row in rows] == ["10.240.0.28:80", "10.240.0.57:80"]
    assert {row["share"] for row in rows} == {"0.5"}


def test_shares__of_ipvs_servers_are_shown():
    result = rules("shares", "-", stdin=written("--mode", "ipvs"))

    assert result.exit_code == 0
    row = next(line.split() for line in result.stdout.splitlines() if "10.110.7.11:80/TCP" in line)
    assert row == ["10.110.7.11:80/TCP", "192.168.225.139:8080"]
    assert "Note: rr takes real servers in turn" in result.stderr


def test_shares__of_ipvs_servers_that_nobody_knows_are_said_to_be_unknown():
    servers = "-A -t 10.1.0.1:80 -s sh\n" + "".join(
        f"-a -t 10.1.0.1:80 -r 10.2.0.{i}:80 -m -w 1\n" for i in (1, 2)
    )

    lines = rules("shares", "-", stdin=servers).stdout.splitlines()

    assert lines[0] == "1 destination"
    assert lines[-1].split() == ["10.1.0.1:80/TCP", "10.2.0.2:80", "unknown", "1/2"]


def test_shares__of_ipvs_servers_refuse_a_sender():
    result = rules(
        "shares", "-", "--to", "10.110.7.11:80/tcp", "--from", "10.0.0.1", stdin=written("--mode", "ipvs")
    )

    assert result.exit_code == 2
    assert "through rules of iptables or nftables" in result.stderr


def test_shares__to_an_address_is_a_tree_of_rules():
    result = rules("shares", "sample:counted-connections", "--to", THIRDS)

    assert result.stdout.startswith("tcp 192.0.2.1 → 10.96.3.3:80: 3 endpoints, even; masqueraded\n")
    assert result.stderr.startswith("Note: who sends is assumed: 192.0.2.1, ")


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_shares__to_a_service_by_name_mean_its_cluster_ip(mode):
    result = rules("shares", "-", "--to", "edge/traefik:web", stdin=written("--mode", mode))

    assert result.stdout.startswith("tcp 192.0.2.1 → 10.110.38.91:80: 3 endpoints, even; masqueraded")


def test_shares__have_a_column_for_affinity_where_the_frame_has_it():
    frame = rule_shares(sample_rules("two-endpoints")).frame

    texts = [shares_text(shares, None, is_whole=False) for shares in (frame, frame.assign(affinity="3 h"))]

    assert ["AFFINITY" in text for text in texts] == [False, True]


def test_shares__to_an_address_show_what_the_rules_counted():
    output = rules("shares", "sample:counted-connections", "--to", THIRDS).stdout

    assert "Counted by the rules: 12,000 new connections" in output
    assert output.splitlines()[-3:] == [
        "10.244.1.3:8080    4000.0     4110",
        "10.244.1.4:8080    4000.0     3988",
        "10.244.1.5:8080    4000.0     3902",
    ]


def test_shares__to_a_service_by_name_follow_its_cluster_ip():
    result = rules("shares", "sample:counted-connections", "--to", "lottery/thirds")

    assert result.stdout.startswith("tcp 192.0.2.1 → 10.96.3.3:80: ")


@pytest.mark.parametrize(
    ("to", "note"),
    [
        (
            "10.20.16.10:31000",
            "31000/TCP is a node port: if 10.20.16.10 is an address of the node, add --node-address",
        ),
        ("10.96.0.10:54/udp", "the rules know 10.96.0.10:53/UDP, 10.96.0.10:53/TCP, 10.96.0.10:9153/TCP"),
        ("198.51.100.7:80", "the rules have no destination 198.51.100.7:80/TCP"),
    ],
)
def test_shares__to_an_address_that_no_rule_translates_say_why(to, note):
    result = rules("shares", "-", "--to", to, stdin=written())

    assert "no rule translates it" in result.stdout
    assert result.stderr.splitlines()[-1].startswith(f"Note: {note}")


@pytest.mark.parametrize(
    ("arguments", "first", "hook"),
    [
        (
            ("--from", "10.244.9.9"),
            "tcp 10.244.9.9 → 10.96.3.3:80: 3 endpoints, even; source kept",
            "PREROUTING",
        ),
        (
            ("--from", "192.0.2.9", "--node-address", "192.0.2.9"),
            "tcp 192.0.2.9 → 10.96.3.3:80: 3 endpoints, even; masqueraded",
            "OUTPUT",
        ),
    ],
)
def test_shares__to_an_address_depend_on_who_asks(arguments, first, hook):
    lines = rules("shares", "sample:counted-connections", "--to", THIRDS, *arguments).output.splitlines()

    assert lines[0] == first
    assert lines[5].startswith(f"  nat {hook}, line ")


def test_shares__to_an_address_as_json_have_the_exact_probabilities():
    document = json.loads(
        rules("shares", "sample:counted-connections", "--to", THIRDS, "--format", "json").output
    )

    assert document["schema"] == "kubenetlab/rules-walk/v1"
    assert [way["probability_exact"] for way in document["ways"]] == [
        "715827883/2147483648", "1431655765/4294967296", "1431655765/4294967296"
    ]  # fmt: skip
    assert document["ways"][0]["steps"][0]["chain"] == "PREROUTING"


def test_shares__to_an_address_of_very_many_endpoints_are_no_endless_numbers():
    n = 300
    save = "".join(
        f"-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -m statistic --mode random"
        f" --probability {1 / (n - i):.11f} -j DNAT --to-destination 10.0.{i // 250}.{i % 250}:80\n"
        for i in range(n)
    )
    text = f"*nat\n:PREROUTING ACCEPT [0:0]\n{save}COMMIT\n"

    document = json.loads(rules("shares", "-", "--to", "10.96.0.1:80", "--format", "json", stdin=text).output)

    exact = [way["probability_exact"] for way in document["ways"]]
    assert exact[0].endswith("/2147483648")
    assert exact[-1] is None
    assert sum(way["probability"] for way in document["ways"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--to", "10.0.33.45"),
            "found '10.0.33.45', expected IP:PORT[/PROTO] as 10.96.0.10:53/udp",
        ),
        (("--to", "10.0.33.45:70000/tcp"), "found '10.0.33.45:70000/tcp'"),
        (("--to", "10.0.33.45:80/icmp"), "found '10.0.33.45:80/icmp'"),
        (("--to", "default/nowhere"), "expected one Service port: but the rules name no such Service"),
        (("--from", "10.0.0.1"), "--from and --node-address are about a packet"),
        (("--to", "10.0.33.45:80", "--from", "banana"), "banana"),
        (("--to", "10.0.33.45:80", "--format", "csv"), "a packet's way is a tree and no table"),
        (("--to", "[fd00::1]:80"), "fd00::1"),
    ],
)
def test_shares__refuses_with_one_line(arguments, words):
    result = rules("shares", "sample:two-endpoints", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found"),
        ("hello\n", "found no rules"),
        ('{"kind": "List"}', "found JSON or YAML"),
        (
            "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 70000 -j ACCEPT\nCOMMIT\n",
            "70000",
        ),
    ],
)
def test_shares__of_what_are_no_rules_says_what_was_found(text, words):
    result = rules("shares", "-", stdin=text)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_shares__of_an_excerpt_says_what_is_missing():
    line = "-A KUBE-SVC-A -m statistic --mode random --probability 0.5 -j KUBE-SEP-A\n"

    result = rules("shares", "-", stdin=f"$ sudo iptables-save | grep SVC\n{line}")

    assert result.stderr.startswith("Note: ")


@pytest.mark.parametrize("verb", [("shares", "-"), ("shares", "-", "--to", "10.0.0.1:80")])
def test_shares__hostile_texts_do_not_reach_the_terminal(verb):
    hostile = "\x1b[2J\x1b]0;owned\x07\u202e"
    text = f'*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -d 10.0.0.1/32 --dport 80 -m comment --comment "{hostile}" -j DNAT --to-destination 10.0.0.2:80\nCOMMIT\n'

    result = rules(*verb, stdin=text)

    assert not set("\x1b\x07\u202e") & set(result.output)


def test_shares__of_a_sample_that_does_not_exist_names_those_that_do():
    result = rules("shares", "sample:shop")

    assert result.exit_code == 2
    assert "sample:shop is a cluster, expected rules; name a node of it" in result.stderr
    assert (
        "there are statistic-example, two-endpoints, counted-connections, node-after-a-day"
        in rules("shares", "sample:x").stderr
    )


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_drift__of_the_rules_that_the_node_must_have_is_none(mode):
    result = rules("drift", "sample:shop", "-", "--node", "worker-1", stdin=written("--mode", mode))

    assert result.exit_code == 0, result.output
    assert result.stdout == "Drift of node worker-1: 27 destinations compared, 0 differences\n"


def test_drift__of_rules_that_show_nothing_is_no_agreement():
    text = "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m set --match-set some src -j RETURN\nCOMMIT\n"

    result = rules("drift", "sample:shop", "-", "--node", "worker-1", stdin=text)

    assert result.exit_code == 2
    assert result.stdout == (
        "Drift of node worker-1: 0 destinations compared, 0 differences; 27 could not be seen in these rules\n"
    )
    assert result.stderr.splitlines()[-1].startswith("Error: standard input: nothing could be compared")


def test_drift__of_an_excerpt_says_how_much_it_could_see():
    lines = "".join(line for line in written().splitlines(keepends=True) if "shop/catalog" in line)

    result = rules("drift", "sample:shop", "-", "--node", "worker-1", stdin=lines)

    assert result.exit_code == 0
    assert result.stdout.startswith(
        "Drift of node worker-1: 1 destination compared, 0 differences; 26 could not"
    )
    assert len(set(result.stderr.splitlines())) == len(result.stderr.splitlines())


def test_drift__says_where_what_was_found_and_expected():
    text = written().replace(
        "--probability 0.5000000000 -j KUBE-SEP-CXM6", "--probability 0.1 -j KUBE-SEP-CXM6"
    )

    result = rules("drift", "sample:shop", "-", "--node", "worker-1", stdin=text)

    row = result.stdout.splitlines()[2]
    assert re.split("  +", row)[1:] == [
        "shop/catalog:http", "10.00% to 90.00%", "50.00% each", "KUBE-SVC-ITBI3OHKD3FRXPDK",
    ]  # fmt: skip
    assert "is kube-proxy running on worker-1" in result.stderr


def test_drift__of_another_clusters_rules_asks_whether_they_are_the_right_ones():
    result = rules("drift", "sample:shop", "sample:two-endpoints", "--node", "worker-1")

    assert result.exit_code == 1
    assert "are these the rules of node worker-1, and of this cluster?" in result.stderr


def test_drift__that_is_found_ends_with_1(node_file):
    text = node_file.read_text()
    gone = re.search(r"--to-destination (192\.168\.\S+)", text)[1]
    changed = text.replace(f"--to-destination {gone}", "--to-destination 203.0.113.7:80")

    result = rules("drift", "sample:shop", "-", "--node", "worker-1", stdin=changed)

    assert result.exit_code == 1
    assert "203.0.113.7:80" in result.stdout
    assert gone in result.stdout


def test_drift__as_json_has_its_schema(node_file):
    result = rules("drift", "sample:shop", node_file, "--node", "worker-2", "--format", "json")

    document = json.loads(result.stdout)
    assert (document["schema"], document["node"]) == ("kubenetlab/rules-drift/v1", "worker-2")
    assert document["drifted"] is (result.exit_code == 1) is bool(document["tables"][0]["rows"])
    assert (document["compared"], document["not_seen"]) == (27, 0)


def test_drift__reads_standard_input_once():
    result = rules("drift", "-", "-", "--node", "worker-1")

    assert result.exit_code == 2
    assert "cannot both be standard input" in result.stderr


def test_drift__of_a_cluster_from_a_pipe(tmp_path):
    (tmp_path / "node.rules").write_text("*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n")

    result = rules(
        "drift", "-", tmp_path / "node.rules", "--node", "worker-1", stdin=dump(NODE, POD, SERVICE, SLICE)
    )

    assert result.exit_code == 1
    assert "shop/cart" in result.stdout


def test_prove__of_ipvs_says_that_it_cannot():
    result = rules("prove", "-", stdin=written("--mode", "ipvs"))

    assert result.exit_code == 2
    assert (
        result.stderr
        == "Error: standard input: ipvs has no rules to load; expected those of iptables or nftables\n"
    )


def test_prove__a_mode_without_a_node_is_refused():
    result = rules("prove", "sample:two-endpoints", "--mode", "nftables")

    assert result.exit_code == 2
    assert "--mode is about a node of a cluster" in result.stderr


@pytest.mark.parametrize("n_flows", [0, 60_001])
def test_prove__a_number_of_flows_that_cannot_be_is_refused(n_flows):
    result = rules("prove", "sample:two-endpoints", "--flows", n_flows)

    assert result.exit_code == 2
    assert f"Error: Invalid value for '--flows': {n_flows} is not in the range 1<=x<=60000" in result.stderr


def test_prove__without_the_tools_or_the_right_to_use_them_is_one_line(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("kubenetlab.kernel.namespace.SYSTEM_FOLDERS", ())

    result = rules("prove", "sample:two-endpoints")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_prove__with_a_tool_for_other_rules_is_one_line():
    result = rules("prove", "sample:two-endpoints", "--tool", "nft")

    assert result.exit_code == 2
    assert (
        result.stderr
        == "Error: tool is nft, expected iptables-nft or iptables-legacy for rules of the form iptables-save\n"
    )


@pytest.mark.requires("kernel")
def test_prove__prints_the_model_beside_the_kernel():
    result = run("rules", "prove", "sample:counted-connections", "--flows", "4000")

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("the kernel agrees with the model on all 8 questions")
    assert re.search(
        r"^lottery/slip:http +10.96.3.30:80/TCP +4 .*by client .*agrees$", result.stdout, re.MULTILINE
    )


@pytest.mark.requires("kernel")
def test_prove__all_has_every_outcome_with_its_own_p_value():
    result = run("rules", "prove", "sample:statistic-example", "--flows", "2000", "--all")

    assert re.search(
        r" node +not translated \(172.17.0.1:80\) +no +1.0 +10.0 +10 +1.0$", result.stdout, re.MULTILINE
    )
    assert re.search(r" pod +172.16.0.3:8080 +no +0.49 .* 0\.\d+$", result.stdout, re.MULTILINE)


@pytest.mark.requires("kernel")
def test_prove__of_a_node_as_json_has_its_schema():
    result = run("rules", "prove", *SHOP, "--mode", "nftables", "--flows", "2000", "--format", "json")

    document = json.loads(result.stdout)
    assert result.returncode == 0
    assert (document["schema"], document["agreed"]) == ("kubenetlab/rules-proof/v1", True)
    assert {"service_port", "source", "outcome", "share", "observed_flows", "verdict"} <= document["tables"][
        0
    ]["rows"][0].keys()
