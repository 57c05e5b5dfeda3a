import pytest

from kubenetlab.dns.resolvers import RESOLVERS, candidates, resolver_table
from kubenetlab.dns.resolvers.configuration import read_configuration
from kubenetlab.result import Basis


@pytest.mark.parametrize(
    ("option", "field", "values"),
    [
        ("ndots:7", "ndots", (7, 7, 7, 7)),
        ("ndots:99", "ndots", (15, 15, 15, 15)),
        ("ndots:-1", "ndots", (15, 1, 0, 1)),
        ("ndots:x", "ndots", (0, 1, 0, 1)),
        ("ndots: 3", "ndots", (3, 1, 0, 1)),
        ("ndots:2 ndots:3", "ndots", (3, 2, 3, 3)),
        ("timeout:0", "timeout_s", (0, 0, 1, 1)),
        ("timeout:999", "timeout_s", (30, 60, 999, 999)),
        ("attempts:99", "attempts", (5, 10, 99, 99)),
        ("edns0", "flags", ({"edns0"}, set(), {"edns0"}, {"edns0"})),
        ("usevc", "flags", (set(), set(), {"edns0", "use-vc"}, {"edns0", "use-vc"})),
        ("rotate-often", "flags", ({"rotate"}, set(), {"edns0"}, {"edns0"})),
    ],
)
def test_read_configuration__options(option, field, values):
    read = [read_configuration(f"options {option}", name) for name in ("glibc", "musl", "go", "cares")]

    assert tuple(getattr(one, field) for one in read) == values


@pytest.mark.parametrize(("length", "is_read"), [(247, True), (248, False)])
@pytest.mark.parametrize("end", ["\n", ""])
def test_read_configuration__longest_search_line_of_musl(length, is_read, end):
    """Recordings' set searchlimit: a list of 247 characters counts, one of 248 does not."""
    search = ("a" * 62 + " ") * 3 + "b" * (length - 189)

    assert bool(read_configuration(f"search {search}{end}", "musl").search) == is_read
    assert read_configuration(f"search {search}{end}", "glibc").search


def test_read_configuration__three_nameservers_and_none():
    servers = "".join(f"nameserver 10.0.0.{number} # x\n" for number in range(1, 5))

    assert read_configuration(servers + "nameserver x\n", "glibc").nameservers == (
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.3",
    )
    assert read_configuration("nameserver x\n", "go").nameservers == ("127.0.0.1",)


@pytest.mark.parametrize(("resolver", "expected"), [("glibc", ("x.test", "y.test")), ("go", ("a.test",))])
def test_read_configuration__environment(resolver, expected):
    env = {"LOCALDOMAIN": "x.test y.test", "RES_OPTIONS": "ndots:3"}

    read = read_configuration("search a.test\n", resolver, env)

    assert (read.search, read.ndots) == (expected, 3 if resolver == "glibc" else 1)


@pytest.mark.parametrize(
    ("name", "resolver", "first"),
    [
        ("-web", "glibc", ()),
        ("_x", "glibc", ("_x.a.test.",)),
        ("web.-x", "glibc", ("web.-x.a.test.",)),
        ("a/b", "glibc", ()),
        ("web-", "go", ()),
        ("10", "go", ()),
        ("*", "musl", ("*.a.test.",)),
        ("web..shop", "musl", ()),
        (".", "musl", ()),
        (".", "glibc", (".",)),
        ("x.onion", "go", ("x.onion.a.test.",)),
        ("x.onion.", "go", ()),
        ("", "cares", ()),
    ],
)
def test_candidates__of_odd_names(name, resolver, first):
    """The glibc rows were run with glibc 2.36, the others are the recordings' set oddname and the sources."""
    assert candidates(name, "search a.test\noptions ndots:5\n", resolver)[:1] == first


def test_candidates__too_long_for_a_question():
    """Recordings' set longname: glibc leaves out the rest of the search list, Go and musl this candidate only."""
    resolv_conf = f"search {'s' * 60} b.test\noptions ndots:5\n"
    name = ".".join(["n" * 49] * 4)

    assert [len(candidates(name, resolv_conf, resolver)) for resolver in ("glibc", "musl", "go")] == [1, 2, 2]


@pytest.mark.parametrize(
    ("search", "newer", "older"),
    [
        ("b.test .", ["web.b.test.", "web."], ["web.b.test."]),
        (". b.test", ["web.b.test.", "web."], []),
        (f"{'s' * 64} b.test", ["web.b.test.", "web."], []),
        ("b.test a..c", ["web.b.test.", "web."], ["web.b.test."]),
    ],
)
def test_candidates__one_that_cannot_be_asked_ends_the_search_of_musl_before_1_2_4(search, newer, older):
    """lookup_name.c of 1.2.3: name_from_dns returns EAI_NONAME for it, from 1.2.4 on 0 (musl 1e7fb12f)."""
    resolv_conf = f"search {search}\noptions ndots:5\n"

    assert [list(candidates("web", resolv_conf, one)) for one in ("musl", "musl-1.2.3")] == [newer, older]


@pytest.mark.parametrize(
    ("length", "is_asked"), [(252, True), (253, True), (254, False), (255, False), (256, True)]
)
def test_candidates__of_musl_before_1_2_4_as_long_as_its_buffer(length, is_asked):
    """What is longer than 255 characters is left out before it is asked for, so that the search goes on (lookup_name.c)."""
    search = ".".join(["s" * 60] * 4)[: length - 40]

    found = candidates("n" * 39, f"search {search}\noptions ndots:5\n", "musl-1.2.3")

    assert bool(found) == is_asked
    assert len(f"{'n' * 39}.{search}") == length


def test_resolver_table__of_an_older_musl():
    result = resolver_table(["musl", "musl-1.2.3"])

    frame = result.frame.set_index("property")
    assert list(frame.index[frame["musl"] != frame["musl-1.2.3"]]) == [
        "version",
        "no EAI_NODATA",
        "no TCP",
        "odd candidate ends search",
    ]
    assert (result.basis, resolver_table().basis) == (Basis.SOURCE, Basis.RAN)
    assert "Alpine 3.17 and before" in result.because[0]


def test_resolver_table__names_every_library():
    frame = resolver_table().frame

    assert list(frame.columns) == ["property", *RESOLVERS]
    assert frame.set_index("property").loc["no search at ndots"].tolist() == ["no", "yes", "no", "no"]
