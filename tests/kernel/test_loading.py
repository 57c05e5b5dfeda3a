import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError
from kubenetlab.kernel.loading import loadable
from kubenetlab.readers.rules import rules_from_text
from tests.golden_recordings import read_bytes
from tests.kernel.golden_rules import GOLDEN, golden

RULES = "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{}\nCOMMIT\n"
RULE = "-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.0.2:80"


def test_loadable__leaves_a_whole_text_as_it_is():
    text = golden("004-clusterip-2-endpoints", "output.save")

    loaded, rules, notes = loadable(text)

    assert (loaded, rules.form.startswith("iptables"), notes) == (text, True, ())


def test_loadable__makes_a_text_that_loads_of_an_excerpt_and_says_what_is_missing():
    text, _, notes = loadable(f"$ iptables-save | grep DNAT\n{RULE}\n")

    assert text.startswith("*nat\n")
    assert text.rstrip().endswith("COMMIT")
    assert notes


def test_loadable__leaves_rules_that_ask_an_ipset_out_of_text_and_model():
    text, rules, notes = loadable(
        RULES.format(f"-A PREROUTING -m set --match-set some src -j RETURN\n{RULE}")
    )

    assert "match-set" not in text
    assert len(rules.tables["nat"].chains["PREROUTING"].rules) == 1
    assert notes == ("1 rule left out that asks an ipset: its addresses are not in the text",)


def test_loadable__leaves_what_an_excerpt_lacks_unknown_to_the_model():
    excerpt = rules_from_text(
        "-A PREROUTING -j KUBE-SERVICES\n-A KUBE-SERVICES -p tcp -j KUBE-SVC-AAAAAAAAAAAAAAAA\n"
    )

    text, rules, notes = loadable(excerpt)

    assert ":KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]" in text
    assert "KUBE-SVC-AAAAAAAAAAAAAAAA" not in rules.tables["nat"].chains
    assert notes == excerpt.missing


@pytest.mark.parametrize(
    "line",
    [
        "-A PREROUTING --modprobe=/sbin/reboot -j ACCEPT",
        "-A PREROUTING -M /sbin/reboot -j ACCEPT",
        "-A PREROUTING -vM/sbin/reboot -j ACCEPT",
        '-A PREROUTING "--modprobe" /sbin/reboot -j ACCEPT',
        "-A PREROUTING -m ../../tmp/strangers -j ACCEPT",
        "-A PREROUTING -m\v../../tmp/strangers -j ACCEPT",
        "-A PREROUTING -j ../../tmp/STRANGERS",
        '-A PREROUTING --jump="/tmp/STRANGERS"',
    ],
)
def test_loadable__refuses_what_would_reach_out_of_the_namespace(line):
    with pytest.raises(KubenetlabError, match=r"^-: line 4"):
        loadable(RULES.format(line))


@pytest.mark.parametrize("line", ['include "/etc/passwd"', 'table ip x { } ; include "/etc/passwd"'])
def test_loadable__refuses_an_nft_file_that_includes_another(line):
    with pytest.raises(KubenetlabError):
        loadable(f"table ip kube-proxy {{\n}}\n{line}\n")


def test_loadable__takes_no_recorded_rule_for_one_that_reaches_out():
    paths = [path for path in GOLDEN.glob("*/output.*save*") if "ip6" not in path.name]

    assert len([loadable(read_bytes(path).decode()) for path in paths]) > 100


@given(st.sampled_from(["/", "-M", "include", "\v", '"', "\\"]), st.integers(0, len(RULE)))
def test_loadable__gives_rules_or_one_clean_error_for_a_damaged_line(piece, place):
    try:
        text, _, _ = loadable(RULES.format(RULE[:place] + piece + RULE[place:]))
    except KubenetlabError as error:
        text = f"COMMIT {error}"

    assert "COMMIT" in text.splitlines()[-1]
