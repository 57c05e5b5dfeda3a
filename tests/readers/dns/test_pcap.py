import random
import sys
from pathlib import Path

import pytest

from kubenetlab.errors import KubenetlabError, UnreadableError
from kubenetlab.readers.dns import lookups_of_queries, pcap, queries_by_name, read_queries
from kubenetlab.readers.dns.pcap import queries_from_capture
from tests.readers.dns import packets
from tests.readers.dns.packets import ethernet, message, packet, pair

CAPTURE = Path(__file__).parents[3] / "data/dns/002-lost-packet.pcap"


def test_read_queries__shows_what_glibc_sent_when_one_packet_was_lost():
    # Recorded by record_capture.py: no answer to the first A query; glibc waits 5 s and sends both again
    log = read_queries(CAPTURE)

    slow = {q.type: q for q in log.queries if q.name == "slow.example.com."}
    assert slow["A"].n_sent == slow["AAAA"].n_sent == 2
    assert 5.0 <= slow["A"].took_s < 5.3
    assert slow["AAAA"].took_s < 0.1
    assert [q.rcode for q in log.queries if q.name.startswith("www.")] == ["NXDOMAIN"] * 6 + ["NOERROR"] * 2
    assert log.notes == ()


def test_lookups_of_queries__infers_what_was_looked_up_from_a_capture():
    entries = lookups_of_queries(read_queries(CAPTURE)).entries

    n = {(e.name, e.namespace, e.family): e.rate_per_s for e in entries}
    once = n["www.example.com", "app", "unspec"]
    assert n == {
        ("www.example.com", "app", "unspec"): once,
        ("slow.example.com.", "app", "unspec"): once,
        ("web", "app", "unspec"): 2 * once,
    }


@pytest.mark.parametrize(
    ("around", "link"),
    [
        (ethernet, 1),
        (lambda ip: ethernet(ip, vlan=True), 1),
        (packets.sll, 113),
        (packets.sll2, 276),
        (bytes, 101),
        (bytes, 12),
        (lambda ip: b"\2\0\0\0" + ip, 0),
    ],
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_queries_from_capture__reads_link_layers(around, link, transport):
    query, answer = message(), message(rcode=3)
    if transport == "tcp":
        query, answer = (len(data).to_bytes(2) + data for data in (query, answer))
    frames = packet(query, transport=transport), packet(answer, is_answer=True, transport=transport)

    log = queries_from_capture(packets.pcap(*map(around, frames), link=link))

    (found,) = log.queries
    assert found[:4] == ("10.244.1.5", "web.app.svc.cluster.local.", "A", "NXDOMAIN")
    assert found.transport == transport
    assert found.took_s == pytest.approx(0.01, abs=1e-5)


@pytest.mark.parametrize("make", [packets.pcapng, lambda *frames: packets.pcap(*frames, nano=True)])
def test_queries_from_capture__reads_other_files(make):
    frames = map(ethernet, pair(client="fd00::5", server="fd00::10"))

    assert queries_from_capture(make(*frames)).queries[0].client == "fd00::5"


def test_queries_from_capture__keeps_a_query_without_answer():
    (found,) = queries_from_capture(packets.pcap(ethernet(packet(message())))).queries

    assert (found.rcode, found.took_s) == ("", None)


@pytest.mark.parametrize(("gap_s", "n_sent"), [(0.0001, [1]), (5.0, [2]), (61.0, [1, 1])])
def test_queries_from_capture__tells_a_resend_from_a_copy_and_from_a_new_query(gap_s, n_sent):
    frame = ethernet(packet(message()))

    found = queries_from_capture(packets.pcap(frame, frame, times=(0, gap_s))).queries

    assert [query.n_sent for query in found] == n_sent


def test_queries_from_capture__takes_the_first_answer():
    first, second = (ethernet(packet(message(rcode=rcode), is_answer=True)) for rcode in (0, 3))

    (found,) = queries_from_capture(packets.pcap(ethernet(packet(message())), first, second)).queries

    assert found.rcode == "NOERROR"


def test_queries_from_capture__reads_several_messages_of_a_segment():
    both = b"".join(len(data).to_bytes(2) + data for data in (message(number=1), message(type_=28, number=2)))

    found = queries_from_capture(packets.pcap(ethernet(packet(both, transport="tcp")))).queries

    assert [query.type for query in found] == ["A", "AAAA"]


def test_queries_from_capture__says_what_it_left_out():
    orphan = ethernet(packet(message("x.", rcode=0), is_answer=True))
    data = packets.pcap(*map(ethernet, pair()), orphan, ethernet(packet(b"no DNS")))

    assert queries_from_capture(data + b"\1").notes == (
        "1 answers have no query before them in the capture and are left out",
        "1 packets are damaged or no DNS and are left out",
        "the capture breaks off: what follows is not read",
    )


@pytest.mark.parametrize(
    ("bytes_", "type_", "rcode", "expected"),
    [
        ("WEB.Shop.", 33, 15, ("web.shop.", "SRV", "RCODE15")),
        (".", 260, 0, (".", "TYPE260", "NOERROR")),
    ],
)
def test_queries_from_capture__names_types_and_rcodes(bytes_, type_, rcode, expected):
    frames = packet(message(bytes_, type_)), packet(message(bytes_, type_, rcode=rcode), is_answer=True)

    assert queries_from_capture(packets.pcap(*map(ethernet, frames))).queries[0][1:4] == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (packets.pcap(), "found no query among 0 packets, expected queries to port 53"),
        (packets.pcap(ethernet(packet(b"x" * 40))), "found no query among 1 packets"),
        (packets.pcap(ethernet(packet(message(n_questions=2)))), "found no query"),
        (packets.pcap(ethernet(packet(message()[:20]))), "found no query"),
        (packets.pcap(link=127), "found link layer 127, expected Ethernet"),
        (packets.pcap()[:10], "found damage"),
        (packets.pcapng(ethernet(b"E" * 30))[:40], "found damage"),
    ],
)
def test_queries_from_capture__refuses_in_one_line(data, expected):
    with pytest.raises(UnreadableError, match=f"^a.pcap: {expected}") as caught:
        queries_from_capture(data, "a.pcap")

    assert "\n" not in str(caught.value)


def test_queries_from_capture__bounds_queries(monkeypatch):
    monkeypatch.setattr(pcap, "MAX_QUERIES", 1)
    frames = [ethernet(packet(message(number=number))) for number in range(2)]

    with pytest.raises(UnreadableError, match="more queries, expected at most 1"):
        queries_from_capture(packets.pcap(*frames))


def test_queries_from_capture__says_how_to_install_dpkt(monkeypatch):
    monkeypatch.setitem(sys.modules, "dpkt", None)

    with pytest.raises(UnreadableError, match=r"pip install 'kubenetlab\[pcap\]'"):
        queries_from_capture(packets.pcap())


def read_or_error(data):
    try:
        return queries_from_capture(data).queries
    except KubenetlabError as error:
        return str(error)


def test_queries_from_capture__mutants_give_queries_or_one_clean_error():
    rng = random.Random(53)
    frames = [
        *map(ethernet, pair()),
        ethernet(packet(len(message()).to_bytes(2) + message(), transport="tcp")),
    ]
    frames += map(ethernet, pair(client="fd00::5", server="fd00::10"))
    files = CAPTURE.read_bytes()[:600], packets.pcap(*frames), packets.pcapng(*frames)
    n_read = 0
    for _ in range(2_000):
        data = bytearray(rng.choice(files))
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        found = read_or_error(bytes(data[: rng.randrange(len(data) + 1)]))
        assert found
        assert "\n" not in found
        n_read += isinstance(found, tuple)
    assert 200 < n_read < 2_000


def test_queries_by_name__counts_what_was_sent_again():
    frame = queries_by_name(read_queries(CAPTURE)).frame

    lost = frame[frame["name"] == "slow.example.com."].set_index("type")
    assert lost.loc["A", ["queries", "sent", "clients"]].tolist() == [1, 2, 1]
    assert 5_000 < lost.loc["A", "mean_ms"] < 5_300
