from pathlib import Path

import pytest

from kubenetlab.dns.resolvers import RESOLVERS, outcome_table
from kubenetlab.dns.resolvers.exchanges import Asked
from kubenetlab.objects.dns_message import Sent
from kubenetlab.result import Basis
from tests.dns.resolvers.recorded_server import RecordedServer
from tests.golden_recordings import recordings

GOLDEN = Path(__file__).parents[2] / "golden"
SETS = ("pair", "rcode", "alldead")


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("OK", "NXDOMAIN"), ["found, 2 queries", "next, 2 queries", "found, 2 queries", "found, 2 queries"]),
        (
            ("NODATA", "NODATA"),
            ["next, 2 queries", "EAI_NODATA, 2 queries", "next, 2 queries", "next, 2 queries"],
        ),
        (
            ("REFUSED", "REFUSED"),
            [
                "as it is, 4 queries",
                "EAI_AGAIN, 4 queries, 1 s",
                "next, 4 queries",
                "ARES_EREFUSED, 4 queries",
            ],
        ),
        (
            ("CNAME", "CNAME"),
            ["EAI_NONAME, 2 queries", "EAI_NODATA, 2 queries", "next, 2 queries", "next, 2 queries"],
        ),
    ],
)
def test_outcome_table__rows_of_the_recordings(pair, expected):
    """Set pair of the recordings: one server, timeout 1 s, two attempts."""
    frame = outcome_table().frame.set_index(["A", "AAAA"])

    assert frame.loc[pair].tolist() == [*expected, True]


def test_outcome_table__every_pair_once():
    frame = outcome_table().frame

    assert len(frame) == len(frame.drop_duplicates(["A", "AAAA"])) == 8 * 8


def test_outcome_table__says_which_pairs_all_four_were_recorded_with():
    result = outcome_table()

    frame = result.frame[result.frame["is_recorded"]]
    pairs = {resolver: set() for resolver in RESOLVERS}
    for recording in recordings(GOLDEN):
        if recording.output in pairs and (pair := first_pair(recording.document["cases"][recording.index])):
            pairs[recording.output].add(pair)
    assert set(zip(frame["A"], frame["AAAA"], strict=True)) == set.intersection(*pairs.values())
    assert (len(frame), result.basis) == (42, Basis.SOURCE)


def first_pair(case):
    """What the first candidate got for A and AAAA, where the recordings vary that."""
    if case["set"] not in SETS or case["family"] != "unspec" or not case["queries"]:
        return None
    name, ask = case["queries"][0]["name"], RecordedServer(case["rules"], case["default"])
    sent = [Sent(name, type, case["queries"][0]["server"]) for type in ("A", "AAAA")]
    return tuple(Asked(one, ask(one), 0).outcome for one in sent)


def test_outcome_table__of_an_older_musl():
    frame = outcome_table(["musl", "musl-1.2.3"]).frame

    differences = frame[frame["musl"] != frame["musl-1.2.3"]]
    assert set(differences["musl-1.2.3"]) == {"EAI_NONAME, 2 queries"}
    assert set(differences["A"]) == set(differences["AAAA"]) == {"NODATA", "CNAME"}
