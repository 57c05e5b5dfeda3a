"""Every recorded lookup of glibc, musl, Go and c-ares, replayed."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from kubenetlab.dns.resolvers import lookups
from tests.golden_dns_resolvers import HEARD_WITHIN_MS, OUTPUTS, WITHIN_MS, OneOf, Wait, answer, split
from tests.golden_recordings import recordings
from tests.golden_replay import first_difference

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = {"glibc": 1143, "musl": 1143, "go": 1143, "cares": 296}
RECORDED = [one for one in recordings(GOLDEN) if one.component == "resolvers" and one.output in OUTPUTS]


def recorded_of(resolver, *sets):
    found = [one for one in RECORDED if one.output == resolver]
    return [one for one in found if not sets or one.document["cases"][one.index]["set"] in sets]


def difference(recording):
    inputs, seen = split(recording)
    return first_difference(seen, answer(inputs))


def changed(recording, change):
    """A recording whose case was changed."""
    document = deepcopy(recording.document | {"cases": recording.document["cases"][recording.index :][:1]})
    change(document["cases"][0])
    return replace(recording, document=document, index=0)


@pytest.mark.parametrize("resolver", CASES)
def test_lookup__agrees_with_every_recording(resolver):
    differences = {one.case: difference(one) for one in recorded_of(resolver)}

    assert len(differences) == CASES[resolver]
    assert {case: text for case, text in differences.items() if text} == {}


@pytest.mark.parametrize("resolver", CASES)
@pytest.mark.parametrize("change_ms", [-2 * WITHIN_MS, 2 * WITHIN_MS])
def test_answer__another_wait_disagrees(resolver, change_ms):
    """c-ares' last wait is random: a time that lies between its shortest and its longest agrees."""

    def take(case):
        case["result"]["ms"] += change_ms if resolver != "cares" else 3 * change_ms

    assert ".ms: recorded" in difference(changed(recorded_of(resolver, "alldead")[0], take))


@pytest.mark.parametrize("share", [0.8, 1.2])
def test_answer__time_out_of_c_ares_of_a_fifth_more_or_less_disagrees(share, monkeypatch):
    """Its last wait is random and hides that; when the second query came does not."""
    read = lookups.read_configuration

    def other(*arguments):
        configuration = read(*arguments)
        return configuration._replace(timeout_s=configuration.timeout_s * share)

    monkeypatch.setattr(lookups, "read_configuration", other)
    differences = [difference(one) for one in recorded_of("cares", "alldead")]

    assert all(".heard_ms[2]: recorded" in text for text in differences)


def test_answer__query_that_c_ares_sends_at_another_time_disagrees():
    def late(case):
        case["queries"][2]["t_ms"] += 2 * HEARD_WITHIN_MS

    assert ".heard_ms[2]: recorded" in difference(changed(recorded_of("cares", "alldead")[0], late))


def test_answer__text_that_no_chance_allows_disagrees():
    def other(case):
        case["result"]["err"] = "no such host"

    assert ".result.text: recorded" in difference(changed(recorded_of("go", "pair")[3], other))


@pytest.mark.parametrize(
    "servers", [("fd00::a", "fd00::b"), ("127.0.0.53", "10.0.0.10"), ("fd00::0:a", "10.0.0.1")]
)
def test_split__finds_a_server_by_its_place_in_the_file(servers):
    """Not by its last digit: the same case with other addresses."""
    rotating = (one for one in recorded_of("glibc") if "rotate" in resolv_conf_of(one))
    case = next(one for one in rotating if split(one)[0]["drawn"]["first"])

    def rename(case):
        case["resolv_conf"] = renamed(case["resolv_conf"], servers)
        for query in case["queries"]:
            query["server"] = renamed(query["server"], servers)

    assert split(changed(case, rename))[0]["drawn"]["first"] == split(case)[0]["drawn"]["first"] == 1


def resolv_conf_of(recording):
    return recording.document["cases"][recording.index]["resolv_conf"]


def renamed(text, servers):
    for number, server in enumerate(servers, 1):
        text = text.replace(f"127.0.0.{number}", server)
    return text


@pytest.mark.parametrize(("output", "resolver"), [("musl-1.2.3", "?"), ("musl", "musl 1.2.3 (static)")])
def test_split__of_an_older_musl(output, resolver):
    """A file of that name, or one that says so; an answer without an address is EAI_NONAME there, facts on musl."""
    nodata = recorded_of("musl", "rcode")[0]

    def old(case):
        case["result"] |= {"rc": -2, "err": "Name does not resolve"}

    recording = changed(nodata, old)
    recording = replace(recording, output=output, document=recording.document | {"resolver": resolver})
    assert (bool(difference(changed(nodata, old))), difference(recording)) == (True, "")


def test_wait__agrees_where_the_two_meet():
    assert Wait((100, 200, 50)) == Wait((240, 240, 50)) != Wait((251, 260, 50))
    assert OneOf("ab") == OneOf("bc") != OneOf("cd")
