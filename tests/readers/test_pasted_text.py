"""Rules as people paste them are read as what was pasted: one law for all that may stand around them."""

import html
import re
import textwrap
import time

import pytest

from kubenetlab.errors import KubenetlabError, ManifestError
from kubenetlab.readers.pasted_text import looks_like_rules, plain_text
from kubenetlab.readers.rules import rules_from_text
from tests.readers.rules.mutations import GOLDEN, recorded
from tests.readers.rules.pasted import GREPPED, LISTED_VERBOSE

SAVE = recorded(next(GOLDEN.glob("042-*/output.iptables-nft-save*")))
NFT = recorded(next(GOLDEN.glob("042-*/output.nft-kernel-list*")))
IPVS = recorded(next(GOLDEN.glob("0*/output.ipvs*")))
TEXTS = {"save": SAVE, "nft": NFT, "ipvs": IPVS, "listing": LISTED_VERBOSE}
DAY = "Nov 21 14:{:02}:{:02} worker-1 kube-proxy[12]: "


def numbered(text, form):
    return "".join(form(number) + line for number, line in enumerate(text.splitlines(keepends=True), 1))


WAYS = {
    "mail": lambda text: numbered(text, lambda _: "> "),
    "a mail in a mail": lambda text: numbered(text, lambda _: ">> "),
    "indented": lambda text: numbered(text, lambda _: "    "),
    "tabs": lambda text: numbered(text, lambda _: "\t"),
    "a list": lambda text: numbered(text, lambda _: "* "),
    "cat -n": lambda text: numbered(text, lambda number: f"{number:6}\t"),
    "grep -n": lambda text: numbered(text, lambda number: f"{number}:"),
    "grep -H": lambda text: numbered(text, lambda number: f"node.rules{':-'[number % 5 == 0]}"),
    "diff": lambda text: numbered(text, lambda number: "+ "[number % 3 > 0]),
    "kubectl logs": lambda text: numbered(text, lambda _: "[pod/kube-proxy-x2z/kube-proxy] "),
    "a journal": lambda text: numbered(text, lambda number: DAY.format(number // 60, number % 60)),
    "line ends of old Macs": lambda text: text.replace("\n", "\r"),
    "a fence": lambda text: f"```shell\n{text}```\n",
    "sudo": lambda text: f"[sudo] password for joe: \n{text}",
    "kubectl exec": lambda text: f'Defaulted container "kube-proxy" out of: kube-proxy\n{text}',
    "a prompt": lambda text: f"joe@node-1:~$ sudo show me\n{text}joe@node-1:~$ \n",
    "a prompt of Fedora": lambda text: f"[root@node1 ~]# show\n{text}[root@node1 ~]#",
    "a pager": lambda text: text.replace("\n", "\n--More--\n", 1),
}


def essence(rules):
    """What rules say, without the lines they stand in."""
    if not hasattr(rules, "tables"):
        return rules
    text = re.sub(r"line=\d+", "", str(rules.tables))
    return rules.form, rules.missing, re.sub(" +", " ", text)


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("way", WAYS)
def test_rules_from_text__what_stands_around_a_text_changes_nothing(way, form):
    pasted = rules_from_text(WAYS[way](TEXTS[form]))

    assert str(essence(pasted)) == str(essence(rules_from_text(TEXTS[form])))


@pytest.mark.parametrize("way", ["mail", "cat -n", "diff", "a fence", "sudo"])
def test_plain_text__keeps_the_numbers_of_lines(way):
    text = WAYS[way](SAVE)

    place = next(n for n, line in enumerate(text.split("\n")) if "-A PREROUTING" in line)
    assert plain_text(text)[0].split("\n")[place].startswith("-A PREROUTING")


@pytest.mark.parametrize("text", [SAVE, NFT, IPVS, LISTED_VERBOSE, GREPPED.partition("\n")[2]])
def test_plain_text__leaves_a_clean_text_alone(text):
    assert plain_text(text) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "$ sudo iptables -t nat -A X -j Y\n$ sudo iptables -t nat -A X -j Z\n",
        "root@a:~# iptables -t nat -S\n-N X\n",
        "# iptables -t nat -L -n\nChain X (1 references)\n",
        "$ sudo nft add table ip x\n",
        "root@a:~# ipvsadm -A -t 10.0.0.1:80\n",
        "# -A X -j DROP\n# -A X -j Y\n",
        "removed:\n--A X -j DROP\n-:X - [0:0]\n",
        "one\nof\nmany: -A X -j Y\n",
    ],
)
def test_plain_text__leaves_what_means_something(text):
    assert plain_text(text) == (text, [])


def terminal(line):
    return "\n".join(line[place : place + 80] for place in range(0, len(line), 80))


def mail(line):
    options = {"break_on_hyphens": False, "break_long_words": False, "drop_whitespace": True}
    return "\n".join(textwrap.wrap(line, 72, **options)) if line.startswith("-A") else line


def continued(line):
    return " \\\n    ".join(mail(line).split("\n"))


@pytest.mark.parametrize("wrap", [terminal, mail, continued])
def test_rules_from_text__joins_what_was_wrapped(wrap):
    wrapped = "\n".join(wrap(line) for line in SAVE.split("\n"))

    rules, whole = rules_from_text(wrapped), rules_from_text(SAVE)

    assert essence(rules) == essence(whole)
    n_more = wrapped.count("\n") - SAVE.count("\n")
    (note,) = rules.notes
    assert re.fullmatch(rf"line \d+ goes on in line \d+: {n_more} wrapped lines are joined", note)


def test_rules_from_text__does_not_join_words_after_a_whole_rule():
    rules = rules_from_text("-A X -j MASQUERADE\nthese are my rules\n-A X -j RETURN\n")

    assert len(rules.tables["nat"].chains["X"].rules) == 2
    assert rules.missing[0] == "lines that are no rules, left out: line 2: 'these are my rules'"


def test_rules_from_text__reads_characters_of_html_and_says_so():
    rules = rules_from_text(html.escape(SAVE))

    assert essence(rules) == essence(rules_from_text(SAVE))
    assert rules.notes == ("characters of HTML, such as &quot;, are read as what they stand for",)


def test_rules_from_text__a_comment_with_characters_of_html_stays():
    (rule,) = (
        rules_from_text('-A X -m comment --comment "&quot; a" -j RETURN\n').tables["filter"].chains["X"].rules
    )

    assert rule.comment == "&quot; a"


@pytest.mark.parametrize("hidden", ["+-A X -j DROP", "--A X -j DROP", "rule 7: -A X -j DROP"])
def test_rules_from_text__a_rule_behind_something_unknown_is_not_left_out(hidden):
    with pytest.raises(
        ManifestError, match=r"line 3 .*expected nothing before the rule, or the same before every"
    ):
        rules_from_text(f"-A X -j RETURN\n-A X -j RETURN\n{hidden}\n")


@pytest.mark.parametrize(
    "text",
    [
        "> " * 300_000,
        "> -A X \\\n" + "> y\n" * 50_000,
        "-A X\n" + '"\n' * 50_000,
        "$ " + "iptables " * 50_000,
        "a@b" * 100_000 + "#",
        "\n[a@" + "b " * 50_000,
        "1 " * 50_000,
        "Chain\n" + " " * 300_000 + "x\n" * 100_000,
    ],
)
def test_rules_from_text__a_long_paste_takes_no_time(text):
    start = time.process_time()

    with pytest.raises(KubenetlabError):
        rules_from_text(text)

    assert time.process_time() - start < 2


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("way", ["mail", "a fence", "a journal", "grep -n", "sudo"])
def test_looks_like_rules__in_every_form(form, way):
    assert looks_like_rules(TEXTS[form])
    assert looks_like_rules(WAYS[way](TEXTS[form]))


@pytest.mark.parametrize(
    "text",
    [
        "kind: ConfigMap\ndata:\n  rules: |\n    *nat\n    -A X -j Y\n",
        '{"apiVersion": "v1", "x": "-A X"}',
        "a: b\n",
        "",
    ],
)
def test_looks_like_rules__objects_do_not(text):
    assert not looks_like_rules(text)
