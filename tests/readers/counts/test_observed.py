import json
from pathlib import Path

import pytest

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.objects.connection_counts import Counted
from kubenetlab.readers.counts import counts_from_text
from tests.readers.counts.texts import NGINX, flow, range_query

EVENTS = Path(__file__).parents[2] / "golden" / "counters" / "loopback-events.txt"


def read(text, endpoint=None):
    return counts_from_text(text, columns=(endpoint, None))


def tracked(end="10.1.0.1", head="tcp      6 431999 ESTABLISHED ", mid="", to="10.96.0.1", port=8080):
    """An entry of conntrack -L; ``mid`` stands after the first way."""
    ways = f"src=10.9.0.1 dst={to} sport=41000 dport=80 {mid}src={end} dst=10.9.0.1 sport={port} dport=41000 "
    return head + ways + "[ASSURED] mark=0 use=1\n"


@pytest.mark.parametrize(
    "line",
    [
        tracked(),
        tracked(head="ipv4     2 tcp      6 86399 ESTABLISHED "),
        tracked(head="ipv4     2 tcp      6 86399 ESTABLISHED ", mid="packets=3 bytes=180 "),
        tracked(head="tcp      6 3599 CLOSE_WAIT ", mid="zone=2 "),
    ],
)
def test_conntrack_counts__reads_an_entry(line):
    (one,) = read(line)

    assert (one.service, one.endpoints, one.counts) == ("10.96.0.1:80/TCP", ("10.1.0.1:8080",), (1,))
    assert one.counted is Counted.OPEN_CONNECTIONS


def test_conntrack_counts__reads_ipv6_and_udp():
    line = tracked("fd00:1::5", "ipv6     10 udp      17 29 ", to="fd00:96::a", port=53).replace(
        "10.9.0.1", "fd00::9"
    )

    (one,) = read(line)

    assert (one.service, one.endpoints) == ("[fd00:96::a]:80/UDP", ("[fd00:1::5]:53",))


@pytest.mark.parametrize(
    "head",
    [
        *(f"tcp      6 60 {state} " for state in ("TIME_WAIT", "CLOSE", "LAST_ACK", "FIN_WAIT", "SYN_RECV")),
        "udp      17 29 ",
    ],
)
def test_conntrack_counts__what_is_not_open_is_a_flow(head):
    (one,) = read(tracked(head=head) * 2)

    assert (one.counts, one.counted, one.where) == ((2,), Counted.FLOWS, "conntrack -L")
    assert "2 of 2 are no open connections but recent ones" in one.notes[0]


def test_conntrack_counts__says_how_many_are_recent_of_each_destination():
    ended = tracked("10.1.0.2", head="tcp      6 119 TIME_WAIT ")
    silent = tracked("10.1.0.3", head="tcp      6 119 SYN_SENT ", mid="[UNREPLIED] ")

    mixed, steady = read(tracked() * 3 + ended * 4 + silent + tracked(to="192.0.2.7"))

    assert (mixed.counts, mixed.counted) == ((3, 4, 0), Counted.FLOWS)
    assert "4 of 7 are no open connections but recent ones" in mixed.notes[0]
    assert mixed.notes[-1].startswith("never answered, so not counted: 1 of 10.1.0.3")
    assert (steady.counts, steady.counted) == ((1,), Counted.OPEN_CONNECTIONS)
    assert steady.notes[0].startswith("answered entries in one node's connection table now")


def test_conntrack_counts__leaves_out_what_was_not_translated():
    masqueraded = tracked("10.96.0.1", port=80)
    icmp = "icmp     1 29 src=10.9.0.1 dst=8.8.8.8 type=8 code=0 id=7 src=8.8.8.8 dst=10.9.0.1 type=0 code=0 id=7 mark=0 use=1\n"
    shown = "conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.\n"

    (one,) = read(tracked() + masqueraded + icmp + shown)

    assert one.counts == (1,)


def test_conntrack_counts__has_a_group_for_each_destination():
    text = tracked() * 3 + tracked(to="192.0.2.7") + tracked("10.1.0.2")

    assert [(one.service, one.counts) for one in read(text)] == [
        ("10.96.0.1:80/TCP", (3, 1)),
        ("192.0.2.7:80/TCP", (1,)),
    ]


def test_conntrack_counts__counts_only_what_was_answered():
    silent = tracked("10.1.0.2", head="tcp      6 119 SYN_SENT ", mid="[UNREPLIED] ")

    (one,) = read(tracked() + silent * 2)

    assert (one.endpoints, one.counts) == (("10.1.0.1:8080", "10.1.0.2:8080"), (1, 0))
    assert one.unanswered == (0, 2)
    assert "never answered, so not counted: 2 of 10.1.0.2:8080; a dead endpoint looks like this" in one.notes


def test_conntrack_counts__counts_udp_without_answer_as_it_stands():
    silent = tracked("10.1.0.2", head="udp      17 29 ", mid="[UNREPLIED] ").replace("[ASSURED] ", "")

    (one,) = read(silent * 3)

    assert (one.counts, one.unanswered, one.counted) == ((3,), (), Counted.FLOWS)
    assert any("UDP without answer, counted as it stands" in note for note in one.notes)


@pytest.mark.parametrize("is_timed", [True, False])
def test_conntrack_counts__reads_recorded_events(is_timed):
    text = EVENTS.read_text()

    tcp, udp = read(
        text if is_timed else "".join(f"{line.partition(chr(9))[2]}\n" for line in text.splitlines())
    )

    assert (tcp.service, tcp.endpoints, tcp.counts) == ("10.9.9.9:80/TCP", ("127.0.0.1:5353",), (4,))
    assert (udp.service, udp.counts, udp.counted) == ("10.9.9.9:80/UDP", (4,), Counted.NEW_CONNECTIONS)
    assert tcp.unanswered == ()


def test_conntrack_counts__says_that_there_is_only_one_endpoint_until_others_are_expected():
    (one,) = read(tracked())
    (more,) = counts_from_text(tracked(), expected={"10.1.0.1:8080": 1, "10.1.0.2:8080": 1})

    assert any(note.startswith("only one endpoint seen") for note in one.notes)
    assert not any(note.startswith("only one endpoint seen") for note in more.notes)
    assert (more.counts, more.unanswered) == ((1, 0), (0, 0))


def test_conntrack_counts__counts_new_connections_of_events():
    new = tracked(head="    [NEW] tcp      6 120 SYN_SENT ", mid="[UNREPLIED] ")
    timed = "[1767225600.123456]\t" + new
    others = tracked(head=" [UPDATE] tcp      6 60 SYN_RECV ") + tracked(head="[DESTROY] tcp      6 ")

    (one,) = read(timed + others + new)

    assert (one.counts, one.counted) == ((2,), Counted.NEW_CONNECTIONS)


def test_conntrack_counts__refuses_a_line_that_is_cut():
    with pytest.raises(ManifestError, match=r"-: line 2: entry: found 'tcp .*, expected addresses and ports"):
        read(tracked() + tracked()[:90] + "\n")


def test_conntrack_counts__refuses_a_table_without_translated_connections():
    with pytest.raises(UnreadableError, match="found nothing to count in conntrack -L"):
        read(tracked("10.96.0.1", port=80))


def test_prometheus_counts__adds_up_increases_and_takes_a_fall_for_a_restart():
    text = range_query(
        ({"__name__": "n_total", "pod": "a", "code": "200"}, [10, 15, 3, 4]),  # 5 + 3 + 1
        ({"__name__": "n_total", "pod": "a", "code": "500"}, [0, 2]),
        ({"__name__": "n_total", "pod": "b", "code": "200"}, [7, "NaN", 9]),
    )

    (one,) = read(text)

    assert (one.endpoints, one.counts, one.where) == (("a", "b"), (11, 2), "label pod")
    assert one.counted is Counted.REQUESTS


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ({"__name__": "active"}, [20, 22, 19]),
        ({}, [80, 80, 80, 81]),
        ({}, [12.3, 12.5, 12.1]),
        ({"__name__": "n_total"}, [5, 4, 3, 9]),
    ],
)
def test_prometheus_counts__refuses_what_is_no_counter(name, values):
    with pytest.raises(
        UnreadableError, match="found values that fall or stay, expected a counter: ask /api/"
    ):
        read(range_query(({**name, "pod": "a"}, values), ({**name, "pod": "b"}, values)))


@pytest.mark.parametrize(
    ("name", "is_warned"), [("n_total", False), ("n_count", False), ("active", True), ("", True)]
)
def test_prometheus_counts__warns_of_a_metric_without_a_counters_name(name, is_warned):
    (one,) = read(
        range_query(({"__name__": name, "pod": "a"}, [1, 5]), ({"__name__": name, "pod": "b"}, [1, 3]))
    )

    assert any("no counter by its name" in note for note in one.notes) == is_warned


def test_prometheus_counts__says_the_error_of_prometheus():
    with pytest.raises(UnreadableError, match="found no answer of Prometheus but 'parse error'"):
        read('{"status":"error","errorType":"bad_data","error":"parse error"}')


def test_prometheus_counts__groups_by_service_and_takes_the_label_that_tells_apart():
    text = range_query(
        ({"pod": "gateway", "service": "web", "upstream": "a"}, [0, 1]),
        ({"pod": "gateway", "service": "web", "upstream": "b"}, [0, 2]),
    )

    (one,) = read(text)

    assert (one.service, one.endpoints, one.counts) == ("web", ("a", "b"), (1, 2))


@pytest.mark.parametrize(
    ("text", "endpoint", "error", "message"),
    [
        (
            range_query(({"pod": "a"}, [0, 0.5])),
            "pod",
            ManifestError,
            r"-: series 0: increase \(ask .*: found '?0.5",
        ),
        (
            range_query(({"pod": "a"}, [0, 1])),
            None,
            UnreadableError,
            "-: found labels pod, expected one that tells",
        ),
        (range_query(({"pod": "a"}, [0, 1])), "node", ManifestError, "-: series 0: endpoint: found nothing"),
        (range_query(({"pod": "a"}, [0, "x"])), "pod", ManifestError, "-, series 0: .* found 'x'"),
        (range_query(({"pod": "a"}, [0, -1])), "pod", ManifestError, "found '-1'"),
        (
            range_query(({"__name__": "n_total", "pod": "a"}, [3, 3])),
            "pod",
            UnreadableError,
            "found only zeros in label pod",
        ),
        (range_query(), None, UnreadableError, "found labels of no series, expected"),
        (
            '{"status": "success", "data": {"resultType": "vector", "result": []}}',
            None,
            UnreadableError,
            "-: found a result of type",
        ),
    ],
)
def test_prometheus_counts__refuses_what_it_cannot_count(text, endpoint, error, message):
    with pytest.raises(error, match=message):
        read(text, endpoint)


def test_hubble_counts__counts_each_connection_once():
    text = flow(1) + flow(1, trace_observation_point="TO_STACK") + flow(2) + flow(1, "shop/cart-22") + "\n"

    (one,) = read(text)

    assert (one.service, one.endpoints, one.counts) == (
        "shop/cart:8080",
        ("shop/cart-1", "shop/cart-22"),
        (2, 1),
    )
    assert one.counted is Counted.FLOWS


@pytest.mark.parametrize(
    "line",
    [
        flow(2, flags=("ACK",)),
        flow(2, flags=("SYN", "ACK")),
        flow(2, verdict="DROPPED"),
        flow(2, is_reply=True),
        flow(2, l4={"UDP": {"source_port": 2, "destination_port": 53}}),
        flow(2, destination={"identity": 2, "labels": ["reserved:world"]}),
        '{"node_status": {"state_change": "NODE_CONNECTED"}}\n',
        "7\n",
    ],
)
def test_hubble_counts__leaves_out_what_begins_no_connection_to_a_pod(line):
    (one,) = read(flow(1) + line)

    assert one.counts == (1,)


def test_hubble_counts__reads_flows_without_their_envelope():
    bare = "".join(f"{json.dumps(json.loads(flow(port))['flow'])}\n" for port in (1, 2))

    assert read(bare)[0].counts == (2,)


def test_hubble_counts__calls_the_service_as_hubble_does():
    (one,) = read(
        flow(
            1,
            destination_service={"name": "cart", "namespace": "shop"},
            destination={"namespace": "shop", "pod_name": "x"},
        )
    )

    assert (one.service, one.endpoints) == ("shop/cart:8080", ("shop/x",))


def test_hubble_counts__refuses_a_line_that_is_cut():
    with pytest.raises(ManifestError, match=r"-: line 2: the line: found .*, expected a JSON object"):
        read(flow(1) + flow(2)[:80])


@pytest.mark.parametrize("column", [-2, "-2"])
def test_log_counts__counts_the_upstream_that_answered(column):
    (one,) = read(NGINX, column)

    assert (one.endpoints, one.counts, one.counted) == (
        ("10.1.0.1:8080", "10.1.0.2:8080"),
        (2, 1),
        Counted.REQUESTS,
    )
    assert "1 lines name no endpoint and are left out" in one.notes
    assert (
        "1 attempts at 10.1.0.2:8080 failed before another endpoint answered; they are not counted"
        in one.notes
    )


@pytest.mark.parametrize("line", ["ts=1 upstream=a\n", 'upstream="a" status=200\n', "msg; upstream=a; n=1\n"])
def test_log_counts__counts_by_a_key_of_words(line):
    (one,) = read(line * 3 + line.replace("=a", "=b").replace('"a"', '"b"'), "upstream")

    assert (one.endpoints, one.counts) == (("a", "b"), (3, 1))


def test_log_counts__leaves_out_few_short_lines_and_refuses_many():
    (one,) = read("x upstream=a\n" * 51 + "GET\n", "upstream")

    assert one.counts == (51,)
    assert "1 lines name no endpoint and are left out" in one.notes
    with pytest.raises(
        ManifestError, match="-: line 11: upstream: found 'GET', expected a word with this number"
    ):
        read("x upstream=a\n" * 10 + "GET\n", "upstream")


@pytest.mark.parametrize("name", ["10.1.0.1:80", "[fd00::1]:80", "cart-1"])
@pytest.mark.parametrize("quotes", ["{}", '"{}"', "({})"])
def test_log_counts__reads_names_as_they_stand(name, quotes):
    (one,) = read(f"GET / {quotes.format(name)} 200\n" * 2, 3)

    assert (one.endpoints, one.counts) == ((name,), (2,))


def test_log_counts__counts_by_a_key_of_json():
    lines = [
        {"upstream": "a"},
        {"upstream": "b"},
        {"upstream": "a"},
        {"upstream": None},
        {"message": "started"},
    ]

    (one,) = read("".join(f"{json.dumps(line)}\n" for line in lines), "upstream")

    assert (one.endpoints, one.counts, one.where) == (("a", "b"), (2, 1), "column upstream")
    assert "2 lines name no endpoint and are left out" in one.notes


@pytest.mark.parametrize("column", [99, -99, "upstream", 0])
def test_log_counts__refuses_a_column_that_is_not_there(column):
    with pytest.raises(
        ManifestError, match=f"-: line 1: {column}: found .*, expected a word with this number"
    ):
        read(NGINX, column)


def test_log_counts__refuses_a_log_without_endpoints():
    with pytest.raises(UnreadableError, match="found nothing to count in column up"):
        read('{"a": 1}\n{"a": 2}\n', "up")
