import shutil
from collections import Counter

import numpy as np
import pytest

from kubenetlab.errors import KubenetlabError, NotFoundError
from kubenetlab.kernel import namespace
from kubenetlab.kernel.loading import load, loadable
from kubenetlab.kernel.messages import NOT_HERE
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.network import build, send_flows
from kubenetlab.kernel.proof import prove
from kubenetlab.kernel.proof_frame import agrees, proof_frame
from kubenetlab.kernel.questions import flows_for, outcome_of, questions
from kubenetlab.kernel.sources import node_of
from kubenetlab.load_balancing.survey import Survey
from tests.kernel.golden_rules import SEEDS, golden

needs_kernel = pytest.mark.requires("kernel")
SEED_0 = (SEEDS / "000-statistic-example.rules").read_text("utf-8")
TWO_ENDPOINTS = golden("004-clusterip-2-endpoints", "output.save")


def proved_against(model_text, kernel_text):
    """The frame of a proof in which the kernel holds other rules than the model."""
    _, rules, _ = loadable(model_text)
    survey = Survey(rules)
    node = node_of(rules, survey)
    asked = list(questions(rules, survey, node))
    with Namespace() as own:
        build(own, node)
        load(own, kernel_text, "iptables-nft", 4)
        observed = []
        for question, flows in zip(asked, flows_for(asked, 8000, 0, 4), strict=True):
            seen = send_flows(own, node, question.source.interface, flows)
            observed.append(Counter(outcome_of(seen.get(flow.number), node) for flow in flows))
    return proof_frame(asked, observed)


@needs_kernel
@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
def test_prove__the_first_example_splits_30_21_49(tool):
    frame = prove(SEED_0, tool=tool, n_flows=20_000).frame

    flows = frame[frame["source"].isin(["pod", "client outside"])].groupby("outcome")["observed_flows"].sum()
    shares = np.array([0.30, 0.21, 0.49])
    assert list(flows.index) == ["172.16.0.1:8080", "172.16.0.2:8080", "172.16.0.3:8080"]
    assert np.all(abs(flows / flows.sum() - shares) < 5 * (shares * (1 - shares) / flows.sum()) ** 0.5)
    assert not frame["is_masqueraded"].any()


@needs_kernel
def test_prove__says_what_it_asked_and_who():
    result = prove(TWO_ENDPOINTS, n_flows=2000)

    frame = result.frame
    assert set(frame["source"]) == {"pod", "client outside", "node", "endpoint 10.244.1.5"}
    assert frame["observed_flows"].sum() == pytest.approx(2000, abs=len(frame))
    assert result.because[0].startswith("the kernel agrees with the model on all 4 questions")
    assert (frame["p_value_plain"] <= frame["p_value"]).all()
    assert result.because[1].startswith("iptables-nft-restore v")
    n_flows = frame["observed_flows"].sum()
    assert result.because[2] == f"conntrack says the same of {n_flows} of {n_flows} delivered flows"
    assert agrees(frame)


@needs_kernel
@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("--probability 0.5000000000", "--probability 0.4", "outcome"),
        ("-j MASQUERADE --random-fully", "-j ACCEPT", "is_masqueraded"),
        ("10.244.2.5:8080", "10.244.2.5:8081", "outcome"),
        ('-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n', "", "outcome"),
    ],
)
def test_prove__finds_a_kernel_that_does_something_else(old, new, what):
    assert old in TWO_ENDPOINTS

    frame = proved_against(TWO_ENDPOINTS, TWO_ENDPOINTS.replace(old, new))

    assert not agrees(frame)
    assert set(frame[frame["verdict"] == "disagrees"][what]) >= set(frame[frame["p_value"] == 0][what])


@needs_kernel
@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
def test_prove__takes_rules_as_a_reader_made_them(tool):
    _, rules, _ = loadable(TWO_ENDPOINTS)

    assert agrees(prove(rules, tool=tool, n_flows=400).frame)


@needs_kernel
def test_prove__takes_nftables_rules_as_a_reader_made_them():
    _, rules, _ = loadable(golden("004-clusterip-2-endpoints", "output.nft-kernel-list"))

    assert agrees(prove(rules, n_flows=400).frame)


@needs_kernel
def test_prove__says_which_questions_got_no_flows():
    result = prove(golden("042-affinity-default-timeout", "output.save"), n_flows=2)

    assert (
        "not compared, 2 of 4 questions: no flows left for them, or no client that did not come before"
        in result.because
    )


@needs_kernel
@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
def test_prove__compares_what_an_excerpt_holds_and_says_what_it_lacks(tool):
    text = golden("018-nodeport-etp-local-with-local", "output.save").partition("*filter")[0]
    words = ("KUBE-S", "KUBE-EXT", "KUBE-NODEPORTS")
    excerpt = [
        line for line in text.splitlines() if line.startswith("-A") and any(word in line for word in words)
    ]

    result = prove("\n".join(excerpt), tool=tool, n_flows=2000)

    frame = result.frame
    from_pods = frame[(frame["source"] == "pod") & (frame["destination"] == "10.105.1.21:80/TCP")]
    assert from_pods["verdict"].tolist() == ["agrees"] * 3
    assert set(frame["verdict"]) == {"agrees", "not compared"}
    assert any("jumped to: KUBE-MARK-MASQ" in line for line in result.because)


@needs_kernel
def test_prove__one_service_port_alone():
    text = golden("010-kube-dns-udp-tcp-metrics", "output.save")

    frame = prove(text, n_flows=400, to="10.96.0.10:53/UDP").frame

    assert set(frame["destination"]) == {"10.96.0.10:53/UDP"}


@needs_kernel
def test_prove__leaves_out_rules_that_ask_an_ipset_and_says_so():
    rule = "-A KUBE-SERVICES -m set --match-set strangers src -j RETURN\n"
    text = TWO_ENDPOINTS.replace("-A KUBE-SERVICES", f"{rule}-A KUBE-SERVICES", 1)

    result = prove(text, n_flows=400)

    assert agrees(result.frame)
    assert "1 rule left out that asks an ipset: its addresses are not in the text" in result.because


@needs_kernel
def test_prove__does_not_compare_what_the_model_does_not_know():
    text = TWO_ENDPOINTS.replace(
        "-A KUBE-SERVICES", "-A KUBE-SERVICES -p tcp -m length --length 40 -j RETURN\n-A KUBE-SERVICES", 1
    )

    result = prove(text, n_flows=400)

    assert set(result.frame["verdict"]) == {"not compared"}
    assert not agrees(result.frame)
    assert result.because[0] == "nothing that the rules do was compared"
    assert any(line.startswith("not compared, 3 of 3 questions: ") for line in result.because)


@needs_kernel
def test_prove__gives_each_flow_a_client_of_its_own_where_clients_are_remembered():
    result = prove(golden("042-affinity-default-timeout", "output.save"), n_flows=4000)

    flows = result.frame.groupby("source")["observed_flows"].sum()
    assert flows["node"] == 1
    assert flows["pod"] > 1500
    assert any(
        line.startswith("session affinity: every flow came from a client of its own")
        for line in result.because
    )


@needs_kernel
@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
def test_prove__passes_the_tools_refusal_on_as_one_line(tool):
    text = SEED_0.replace("-A K8S_SERVICE -p tcp", "-A K8S_SERVICE")  # as the example was published

    with pytest.raises(
        KubenetlabError,
        match=rf"^{tool}-restore refuses the rules: [^\n]*Need TCP, UDP[^\n]*, which is -A K8S_SERVICE [^\n]*$",
    ):
        prove(text, tool=tool)


@needs_kernel
def test_prove__passes_nfts_refusal_on_as_one_line():
    text = golden("004-clusterip-2-endpoints", "output.nft").replace(
        "masquerade fully-random", "masquerade wholly-random"
    )

    with pytest.raises(KubenetlabError, match=r"^nft refuses the rules: [^\n]*wholly-random[^\n]*$"):
        prove(text)


@needs_kernel
def test_prove__says_which_shares_it_could_not_test():
    result = prove(golden("008-clusterip-100-endpoints", "output.save"), n_flows=1000)

    assert (
        "too few flows to test the shares in 4 questions: send more, or ask for one Service port"
        in result.because
    )


@needs_kernel
def test_prove__goes_on_without_conntrack_and_says_so(monkeypatch, tmp_path):
    for tool in ("ip", "iptables-nft-restore", "nfacct"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(namespace, "SYSTEM_FOLDERS", ())

    result = prove(TWO_ENDPOINTS, n_flows=100)

    assert agrees(result.frame)
    assert f"conntrack was not asked: conntrack{NOT_HERE}: install conntrack" in result.because


@needs_kernel
def test_prove__a_tool_that_is_missing_refuses_nothing(monkeypatch, tmp_path):
    for tool in ("ip", "nfacct"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(namespace, "SYSTEM_FOLDERS", ())

    with pytest.raises(KubenetlabError, match=rf"^iptables-nft-restore{NOT_HERE}: install iptables$"):
        prove(TWO_ENDPOINTS)


@needs_kernel
def test_prove__finds_tools_that_a_users_path_does_not_name(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert agrees(prove(TWO_ENDPOINTS, n_flows=100).frame)


@needs_kernel
def test_prove__packets_that_the_rules_leave_alone_prove_nothing():
    rule = "-A PREROUTING -p tcp -m length --length 40 -d 10.0.0.1/32 -m tcp --dport 80 -j DNAT --to-destination 10.1.0.1:80"

    result = prove(f"*nat\n:PREROUTING ACCEPT [0:0]\n{rule}\nCOMMIT\n", n_flows=100)

    assert agrees(result.frame) is None
    assert result.because[0] == (
        "nothing that the rules do was compared: on 1 of 3 the rules leave packets alone, the others were not compared"
    )


@needs_kernel
def test_prove__ends_in_time():
    with pytest.raises(KubenetlabError, match=r"took longer than 0\.3 s"):
        prove(TWO_ENDPOINTS, n_flows=60_000, max_seconds=0.3)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"n_flows": 0}, "n_flows is 0, expected 1 to 60000"),
        ({"n_flows": 60_001}, "n_flows is 60001"),
        (
            {"tool": "nft"},
            "tool is nft, expected iptables-nft or iptables-legacy for rules of the form iptables",
        ),
        ({"n_flow": 5}, "found n_flow, expected n_flows, seed, tool, max_seconds, to"),
        ({"tool": "ebtables"}, "tool is ebtables"),
        ({"to": "10.0.0.1"}, "expected IP:port/PROTOCOL"),
    ],
)
def test_prove__refuses_wrong_options(options, error):
    with pytest.raises(ValueError, match=error):
        prove(TWO_ENDPOINTS, **options)


def test_prove__refuses_a_service_port_that_the_rules_do_not_name():
    with pytest.raises(NotFoundError, match=r"no rule leads 10\.9\.9\.9:1/TCP to an endpoint or a refusal"):
        prove(TWO_ENDPOINTS, to="10.9.9.9:1/TCP")


def test_prove__refuses_ipvs():
    with pytest.raises(KubenetlabError, match="found ipvs servers, expected iptables or nftables rules"):
        prove("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n")
