"""Sizes of answers, recorded and counted by hand."""

import gzip
import json
from collections import Counter

import pytest

from kubenetlab.dns.records import KubernetesOptions, KubernetesRecords
from kubenetlab.dns.records.udp import answer_bytes, udp_answer
from kubenetlab.objects.dns_message import Answer, Record
from tests.dns.records.test_kubernetes import ANSWERS, GOLDEN
from tests.golden_dns_records import cluster_of

NAME = "web.shop.svc.cluster.local."


def addresses(n_records):
    return Answer(answer=tuple(Record(NAME, "A", 5, f"10.0.0.{n}") for n in range(n_records)))


def recorded(lines):
    parts = (line.split(maxsplit=4) for line in lines)
    return tuple(Record(name, type, int(ttl), data) for name, ttl, _, type, data in parts)


def test_answer_bytes__are_those_recorded():
    answers = [recording.document["answers"][recording.index] for recording in ANSWERS]
    answers = [answer for answer in answers if "wire_bytes_uncompressed" in answer]

    sizes = [
        answer_bytes(Answer(answer=recorded(a["answer"] + a["ns"] + a["extra"])), a["name"]) for a in answers
    ]

    assert sizes == [answer["wire_bytes_uncompressed"] for answer in answers]
    assert len(answers) == 246


def test_answer_bytes__are_those_that_coredns_logged():
    lookups = json.loads(gzip.decompress((GOLDEN / "resolvers/e2e-coredns.json.gz").read_bytes()))["cases"]
    objects = json.loads((GOLDEN / "resolvers/e2e-objects.json").read_text("utf-8"))["objects"]
    upstream = {"A": "93.184.216.34", "AAAA": "2606:2800:220:1::1"}
    plugin = KubernetesRecords(
        cluster_of(objects),
        KubernetesOptions(zones=("cluster.local",), pods="verified"),
        lambda name, type: Answer(answer=(Record(name, type, 30, upstream[type]),)),
    )
    logged = [query for case in lookups if case["corefile"] == "plain" for query in case["queries"]]

    seen = Counter()
    for query in logged:
        answer = plugin.answer(query["name"], query["type"])
        if answer is not None:
            seen[
                answer_bytes(answer, query["name"]) == query["rsize"] and answer.rcode == query["rcode"]
            ] += 1

    assert seen == {True: 1308}


def test_udp_answer__keeps_29_of_200_addresses():
    # facts/dns.md, section 2.1, measured: a headless Service with 200 endpoints, no EDNS
    answer = addresses(200)

    sent = udp_answer(answer, NAME, "A")

    assert (sent.answer, sent.is_truncated) == (answer.answer[:29], True)
    assert answer_bytes(sent, NAME, is_compressed=True) == 12 + (28 + 4) + 29 * 16  # 508


@pytest.mark.parametrize(("limit", "n_kept"), [(0, 29), (512, 29), (1232, 73), (4096, 200)])
def test_udp_answer__fills_the_clients_limit(limit, n_kept):
    # with EDNS 11 bytes are its own record's: (1232 - 11 - 44) // 16 = 73
    sent = udp_answer(addresses(200), NAME, "A", limit)

    assert (len(sent.answer), sent.is_truncated) == (n_kept, n_kept < 200)


def test_udp_answer__leaves_alone_what_fits():
    answer = addresses(3)

    assert udp_answer(answer, NAME) is answer


def test_udp_answer__compresses_what_then_fits():
    answer = addresses(20)  # 12 + 32 + 20 * 42 = 884 bytes, compressed 364

    assert udp_answer(answer, NAME) == answer
    assert answer_bytes(answer, NAME, is_compressed=True) == 364


def test_udp_answer__cuts_the_additional_section_before_the_answer():
    services = tuple(Record(NAME, "SRV", 5, f"0 1 80 w{n}.{NAME}") for n in range(8))
    glue = tuple(Record(f"w{n}.{NAME}", "A", 5, "10.0.0.1") for n in range(8))

    sent = udp_answer(Answer(answer=services, additional=glue), NAME, "SRV")

    # 44 + 8 * 49 bytes, a target takes all of its 31; then 16 for an address, whose owner points there
    assert (len(sent.answer), len(sent.additional), sent.is_truncated) == (8, 4, True)


def test_answer_bytes__counts_a_text_a_mail_server_and_the_root():
    answer = Answer(answer=(Record(".", "TXT", 5, '"1.1.0"'), Record(".", "MX", 5, "10 m.")))

    assert answer_bytes(answer, ".") == 12 + 5 + (1 + 10 + 6) + (1 + 10 + 2 + 3)
