import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.resolvers import RESOLVERS, HostAddresses, candidates, lookup
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply
from kubenetlab.result import Basis
from tests.dns.resolvers.recorded_server import RecordedServer

CLUSTER = (
    "nameserver 10.96.0.10\nsearch app.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
)
FOUND = {"rcode": 0, "A": ["10.0.0.9"]}
FOUND_BOTH = FOUND | {"AAAA": ["fd00::9"]}
MISSING = {"rcode": 3}
LOST = {"drop": True}
labels = st.sampled_from(["web", "shop", "svc", "local", "x1", "a-b", "_tcp"])
names = st.lists(labels, min_size=1, max_size=6).map(".".join)
resolvers = st.sampled_from(list(RESOLVERS))


def asked(name, resolv_conf=CLUSTER, rules=None, default=MISSING, **options):
    return lookup(name, resolv_conf, ask=RecordedServer(rules or {}, default), **options)


def sent(found):
    return [(query.sent.name, query.sent.type) for query in found.queries]


def resolv_conf_of(search, ndots):
    return f"search {' '.join(search)}\noptions ndots:{ndots}\n"


@given(name=names, search=st.lists(names, max_size=5), ndots=st.integers(0, 15), resolver=resolvers)
def test_lookup__trailing_dot_is_one_candidate(name, search, ndots, resolver):
    found = asked(f"{name}.", resolv_conf_of(search, ndots), resolver=resolver)

    assert sorted(sent(found)) == [(f"{name}.", "A"), (f"{name}.", "AAAA")]


@given(name=names, search=st.lists(names, max_size=5), ndots=st.integers(0, 15), resolver=resolvers)
def test_lookup__miss_costs_two_queries_a_candidate(name, search, ndots, resolver):
    found = asked(name, resolv_conf_of(search, ndots), resolver=resolver)

    is_dropped = resolver == "musl" and name.count(".") >= ndots
    assert len(found.queries) == 2 * (1 if is_dropped else len(search) + 1)
    assert dict.fromkeys(query.sent.name for query in found.queries) == dict.fromkeys(
        candidates(name, resolv_conf_of(search, ndots), resolver)
    )


@given(
    name=names, search=st.lists(names, max_size=5), more=names, ndots=st.integers(0, 15), resolver=resolvers
)
def test_lookup__more_search_domains_never_cost_a_miss_fewer_queries(name, search, more, ndots, resolver):
    few, many = (
        asked(name, resolv_conf_of(domains, ndots), resolver=resolver)
        for domains in (search, [*search, more])
    )

    assert len(many.queries) >= len(few.queries)


@given(search=st.lists(names, min_size=1, max_size=5, unique=True), hit=st.integers(0, 5), resolver=resolvers)
def test_lookup__hit_at_a_candidate_ends_the_search(search, hit, resolver):
    resolv_conf = resolv_conf_of(search, 5)
    candidate = candidates("web", resolv_conf, resolver)[min(hit, len(search))]

    found = asked("web", resolv_conf, {candidate: FOUND_BOTH}, resolver=resolver)

    assert set(found.addresses) == {"10.0.0.9", "fd00::9"}
    assert len(found.queries) == 2 * (min(hit, len(search)) + 1)


behaviours = st.one_of(
    st.sampled_from([FOUND, FOUND_BOTH, MISSING, LOST]),
    st.sampled_from([{"rcode": code} for code in (0, 1, 2, 4, 5)]),
    st.sampled_from([{"rcode": 0, "CNAME": "elsewhere.test."}, FOUND | {"tc": True}]),
    st.sampled_from([FOUND | {"delay": 1.5}, {"rcode": 3, "delay": 9}]),
)
pairs = st.tuples(behaviours, behaviours).map(
    lambda pair: {"types": dict(zip(("A", "AAAA"), pair, strict=True))}
)
texts = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            ["search a.test . b..c", " search x", "options ndots:-1 timeout:0 attempts:0", "nameserver ::1"]
        )
        | st.sampled_from(
            ["nameserver 127.0.0.2", "options rotate single-request", "options use-vc attempts:9999999999"]
        )
        | st.sampled_from(
            ["options ndots:x timeout: 3", "domain é", "\0", "search " + "a." * 300, "nameserver"]
        ),
        max_size=8,
    ).map("\n".join),
)


@given(
    name=st.one_of(names, st.text(max_size=300)),
    resolv_conf=texts,
    resolver=resolvers,
    rules=pairs,
    options=st.fixed_dictionaries(
        {"chance": st.floats(0, 0.999), "family": st.sampled_from(["unspec", "inet", "inet6"])}
    ),
)
def test_lookup__any_text_ends_in_bounded_steps(name, resolv_conf, resolver, rules, options):
    first, again = (asked(name, resolv_conf, default=rules, resolver=resolver, **options) for _ in range(2))

    assert first == again
    assert len(first.queries) <= 100 * 3 * 2 * 2 * (len(candidates(name, resolv_conf, resolver)) or 1)
    times = [query.sent.at_s for query in first.queries]
    assert times == sorted(times)
    assert all(0 <= time <= first.took_s for time in times)
    assert math.isfinite(first.took_s)
    assert bool(first.addresses) == (not first.error) == (first.code == 0)


@pytest.mark.parametrize(
    ("resolver", "seconds"), [("glibc", 5.0), ("go", 5.0), ("musl", 2.5), ("cares", 2.0)]
)
def test_lookup__one_lost_packet_costs_one_wait(resolver, seconds):
    """Facts of the recordings' set loss; c-ares waits 2 s unless resolv.conf says otherwise (ares_private.h)."""
    lost_once = FOUND_BOTH | {"types": {"A": {"first": {"n": 1, "drop": True}}}}

    found = asked("web.", rules={"web.": lost_once}, resolver=resolver)

    assert found.took_s == seconds
    assert "10.0.0.9" in found.addresses


@pytest.mark.parametrize(
    ("resolver", "seconds"), [("glibc", 2 * 2 * 5), ("musl", 5), ("go", 4 * 2 * 5), ("cares", 2 + 4 + 8)]
)
def test_lookup__dead_server(resolver, seconds):
    found = asked("web", default=LOST, resolver=resolver)

    assert found.took_s == seconds
    assert {query.outcome for query in found.queries} == {"LOST"}


def test_lookup__servers_of_glibc_share_the_doubled_time():
    """res_send.c, send_dg: (timeout << place) / servers for all but the first, in whole seconds."""
    servers = "".join(f"nameserver 127.0.0.{number}\n" for number in (1, 2, 3))

    found = asked("web.", f"{servers}options attempts:1\n", default=LOST, family="inet")

    assert [query.sent.at_s for query in found.queries] == [0, 5, 5 + 10 // 3]
    assert found.took_s == 5 + 10 // 3 + 20 // 3


# What glibc 2.36 of Debian 12 does, run in a network namespace with the same server.
NX_FIRST = "nameserver 127.0.0.1\nsearch a.test\noptions ndots:1 timeout:1 attempts:1\n"
SEARCH_FIRST = "nameserver 127.0.0.1\nsearch a.test\noptions ndots:3 timeout:1 attempts:1\n"


@pytest.mark.parametrize(
    ("resolv_conf", "bad", "family", "code"),
    [
        (NX_FIRST, "web.shop.a.test.", "inet", -5),
        (NX_FIRST, "web.shop.a.test.", "inet6", -2),
        (NX_FIRST, "web.shop.a.test.", "unspec", -2),
        (NX_FIRST, "web.shop.", "inet", -2),
        (NX_FIRST, "web.shop.", "unspec", -3),
        (SEARCH_FIRST, "web.shop.", "inet", -3),
        (SEARCH_FIRST, "web.shop.", "unspec", -3),
        (SEARCH_FIRST, "web.shop.a.test.", "inet", -2),
        (SEARCH_FIRST, "web.shop.a.test.", "unspec", -3),
    ],
)
def test_lookup__code_of_glibc_after_servfail(resolv_conf, bad, family, code):
    assert asked("web.shop", resolv_conf, {bad: {"rcode": 2}}, family=family).code == code


@pytest.mark.parametrize(
    ("options", "family", "behaviour", "queries", "code"),
    [
        ("single-request", "unspec", {"rcode": 2}, ["A", "A"], -3),
        ("no-aaaa", "inet6", FOUND, ["A"], -5),
        ("no-aaaa", "unspec", {"rcode": 0, "CNAME": "e.test."}, ["A"], -2),
        ("ndots:1", "inet", {"rcode": 0, "CNAME": "e.test."}, ["A"], -5),
        ("ndots:1", "inet6", {"rcode": 0, "CNAME": "e.test."}, ["AAAA"], -2),
    ],
)
def test_lookup__options_of_glibc(options, family, behaviour, queries, code):
    found = asked("web.", f"options timeout:1 {options}\n", default=behaviour, family=family)

    assert ([type for _, type in sent(found)], found.code) == (queries, code)


def test_lookup__glibc_takes_late_answers_of_an_earlier_attempt():
    """Run with glibc 2.36: the answer to the first A comes in the second round, that to the second A is a duplicate."""
    slow = FOUND_BOTH | {
        "types": {"A": {"delay": 0.5, "first": {"n": 1, "delay": 1.2}}, "AAAA": {"delay": 1.8}},
    }

    found = asked("web.", "options timeout:1 attempts:3\n", {"web.": slow})

    assert ([type for _, type in sent(found)], found.took_s) == (["A", "AAAA"] * 2, 1.8)
    assert found.addresses == ("10.0.0.9", "fd00::9")


def test_error__of_go_is_its_text():
    found = asked("web.", resolver="go")

    assert found.error == found.text == "lookup web. on 10.96.0.10:53: no such host"


@pytest.mark.parametrize(
    ("is_addrconfig", "has_ipv6", "resolver", "types"),
    [
        (False, False, "glibc", {"A", "AAAA"}),
        (True, False, "glibc", {"A"}),
        (True, True, "glibc", {"A", "AAAA"}),
        (True, False, "musl", {"A"}),
        (True, False, "go", {"A", "AAAA"}),
    ],
)
def test_lookup__addrconfig(is_addrconfig, has_ipv6, resolver, types):
    """facts of the recordings: only A where the host has no IPv6 address (glibc), no ::1 (musl); Go always both."""
    host = HostAddresses(is_addrconfig=is_addrconfig, has_ipv6=has_ipv6, has_ipv6_loopback=has_ipv6)

    found = asked("web.", resolver=resolver, host=host)

    assert {type for _, type in sent(found)} == types


@pytest.mark.parametrize(
    ("name", "resolver", "addresses"),
    [
        ("localhost", "go", ("127.0.0.1", "::1")),
        ("LOCALHOST", "glibc", ("127.0.0.1", "::1")),
        ("10.1", "glibc", ("10.0.0.1",)),
        ("10.1", "go", ()),
        ("::1", "musl", ("::1",)),
    ],
)
def test_lookup__known_without_a_query(name, resolver, addresses):
    found = asked(name, resolver=resolver)

    assert (found.addresses, found.queries) == (addresses, ())


def test_lookup__musl_cannot_divide_by_no_attempts():
    assert asked("web", "options attempts:0\n", resolver="musl").error == "SIGFPE"


def test_lookup__go_race_is_chance():
    """Either error may come last where both types fail at once."""
    rules = {"types": {"A": {"rcode": 3}, "AAAA": {"rcode": 2}}}

    texts = {asked("web", resolver="go", default=rules, chance=chance).text for chance in (0.0, 0.9)}

    assert texts == {
        f"lookup web on 10.96.0.10:53: {error}" for error in ("no such host", "server misbehaving")
    }


def test_lookup__cares_remembers_which_server_failed():
    servers = "nameserver 127.0.0.1\nnameserver 127.0.0.2\nsearch a.test\noptions ndots:5\n"

    found = asked(
        "web",
        servers,
        default=MISSING | {"servers": {"127.0.0.1": {"rcode": 2}}},
        resolver="cares",
        family="inet",
    )

    assert [query.sent.server[-1] for query in found.queries] == ["1", "2", "2"]


@pytest.mark.parametrize(
    ("behaviour", "newer", "older"),
    [
        (FOUND_BOTH | {"tc": True}, ["udp", "udp", "tcp", "tcp"], ["udp", "udp"]),
        (FOUND | {"tc": True, "types": {"AAAA": {"rcode": 3}}}, ["udp", "udp", "tcp", "tcp"], ["udp", "udp"]),
    ],
)
def test_lookup__musl_before_1_2_4_never_asks_over_tcp(behaviour, newer, older):
    """facts on TC; the server of the recordings leaves all records out where it cuts."""
    rules = {"web.": behaviour}

    found = [asked("web.", rules=rules, resolver=resolver) for resolver in ("musl", "musl-1.2.3")]

    assert [[query.sent.transport for query in one.queries] for one in found] == [newer, older]
    assert (found[1].error, found[1].addresses) == ("EAI_NONAME", ())


def test_lookup__musl_before_1_2_4_takes_what_a_cut_answer_holds():
    """res_msend.c of 1.2.3 does not look at TC: CoreDNS cuts a headless Service to 29 addresses, and these are taken."""
    records = tuple(Record("web.", "A", 5, f"10.0.0.{number}") for number in range(29))

    def ask(sent):
        answer = Answer(answer=records, is_truncated=True) if sent.type == "A" else Answer()
        return Reply(answer)

    found = lookup("web.", CLUSTER, resolver="musl-1.2.3", ask=ask)

    assert (len(found.addresses), len(found.queries)) == (29, 2)


def test_lookup__musl_before_1_2_4_cannot_say_no_data():
    found = [asked("web", default={"rcode": 0}, resolver=one) for one in ("musl", "musl-1.2.3")]

    assert [(one.error, one.code, len(one.queries)) for one in found] == [
        ("EAI_NODATA", -5, 2),
        ("EAI_NONAME", -2, 2),
    ]
    assert [one.result.basis for one in found] == [Basis.RAN, Basis.SOURCE]
    assert [one.result.because for one in found] == [("musl 1.2.5",), ("musl 1.2.3",)]


@given(name=names, search=st.lists(names, max_size=5), ndots=st.integers(0, 15), rules=pairs)
def test_lookup__the_two_musls_ask_alike_where_nothing_is_cut(name, search, ndots, rules):
    is_cut = any(behaviour.get("tc") for behaviour in rules["types"].values())
    resolv_conf = resolv_conf_of(search, ndots)

    newer, older = (asked(name, resolv_conf, default=rules, resolver=one) for one in ("musl", "musl-1.2.3"))

    assert is_cut or (sent(newer), newer.addresses, newer.took_s) == (
        sent(older),
        older.addresses,
        older.took_s,
    )


def test_lookup__says_what_a_server_learns_of_a_query():
    heard = []

    def ask(sent):
        heard.append(sent)
        return Reply(Answer(Rcode.NXDOMAIN))

    lookup("web.", CLUSTER, resolver="go", ask=ask, host=HostAddresses(address="10.244.1.5"), family="inet")

    assert [(one.server, one.source, one.has_edns, one.number) for one in heard] == [
        ("10.96.0.10", "10.244.1.5", True, 0)
    ]


def test_result__one_row_a_query():
    record = Record("web.app.svc.cluster.local.", "A", 5, "10.0.0.9")
    replies = {
        ("web.app.svc.cluster.local.", "A"): Reply(
            Answer(answer=(record,)), 0.002, "kubernetes", "Service app/web"
        )
    }

    found = lookup("web", CLUSTER, ask=lambda one: replies.get((one.name, one.type)))

    assert found.result.because == ("glibc 2.36", "Service app/web")
    rows = found.result.frame[["type", "at_ms", "rcode", "verdict", "answered_by", "addresses"]]
    assert rows.iloc[0].tolist() == ["A", 0.0, "NOERROR", "OK", "kubernetes", "10.0.0.9"]
    assert rows.iloc[1].tolist() == ["AAAA", 0.0, "", "LOST", "", ""]


def test_result__no_query():
    assert asked("localhost").result.frame.empty


@pytest.mark.parametrize(("field", "value"), [("resolver", "uclibc"), ("family", "inet4")])
def test_lookup__refuses(field, value):
    with pytest.raises(ValueError, match=f"{field} is '{value}', not one of"):
        asked("web", **{field: value})
