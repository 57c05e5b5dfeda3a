import time

import pytest

from kubenetlab.dns.corefile.go_regex import compiled, replaced
from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.objects.corefile import Directive

LINE = Directive("rewrite", line=4)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("^ip-10-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$", "ip-10-1-2-3.example."),
        (r"(.*)\.(us-west-1)\.coredns\.rocks", "ftp-1.us-west-1.coredns.rocks."),
        (r"^(?:a|b)[.]x\z", "b.x"),
        ("(abc)+x", "abcabcx"),
        (r"(?i)\(a+\)?", "(A"),
        (r"^(?:[^.]+\.){4,}internal\.cloudapp\.net\.$", "vm.a.b.c.d.internal.cloudapp.net."),  # AKS
    ],
)
def test_compiled__takes_patterns_as_people_write_them(pattern, name):
    assert compiled(pattern, LINE)(name)[0] == name.removesuffix("." if "rocks" in name else "-")


@pytest.mark.parametrize("pattern", [r"([^.]*\.)+$", r"([^.]+\.)*x", r"([^\.]+[.]){30}"])
def test_compiled__repeated_labels_need_no_time(pattern):
    began = time.process_time()

    compiled(pattern, LINE)("a." * 120 + "b" * 12)

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*$", "((a)b)+", "(a|aa){30}", "x" * 1001, "(", r"\pN", "a{99999999999}"],
    ids=["nested", "choice", "groups", "counted", "long", "open", "class", "overflow"],
)
def test_compiled__refuses_what_python_cannot_read_or_may_need_long_for(pattern):
    search = compiled(pattern, LINE)

    with pytest.raises(NotModelledError, match="Corefile line 4: rewrite: the regular expression"):
        search("a.")


@pytest.mark.parametrize("pattern", [".*.*.*.*x", "a?" * 30 + "a" * 30])
def test_compiled__refuses_names_that_are_too_long_for_the_number_of_repeats(pattern):
    search = compiled(pattern, LINE)

    with pytest.raises(NotModelledError, match="which may take long"):
        search("a" * 250)


def test_replaced__puts_groups_in_and_leaves_unknown_ones():
    match = compiled("(a)(b)?", LINE)("a")

    assert replaced(match, "{0}-{1}-{2}-{3}") == "a-a--{3}"
