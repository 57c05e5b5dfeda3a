from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.kernel.loading import loadable
from kubenetlab.kernel.questions import Outcome, Question, Target, flows_for, questions
from kubenetlab.kernel.sources import Source, node_of
from kubenetlab.load_balancing.packet import Fate
from kubenetlab.load_balancing.survey import Survey
from tests.kernel.golden_rules import golden

TARGET = Target("shop/cart:http", "10.96.0.1:80/TCP", "tcp", 0x0A600001, 80)
SOURCES = (
    Source("pod", "pods0", 1000, 256),
    Source("client outside", "uplink0", 90_000, 60_000),
    Source("node", "", 7),
)


def even(n_endpoints, source, has_memory=False):
    shares = {
        Outcome(Fate.DELIVERED, f"10.0.0.{index}:80"): Fraction(1, n_endpoints)
        for index in range(n_endpoints)
    }
    return Question(TARGET, source, shares, has_memory)


asked_lists = st.lists(
    st.builds(even, st.integers(0, 9), st.sampled_from(SOURCES), st.booleans()), min_size=1, max_size=30
)


def asked_of(text):
    _, rules, _ = loadable(text)
    survey = Survey(rules)
    return list(questions(rules, survey, node_of(rules, survey)))


@given(asked_lists, st.integers(1, 3000))
def test_flows_for__numbers_every_flow_once_and_keeps_to_the_bound(asked, n_flows):
    flows = [flow for own in flows_for(asked, n_flows, 5, 4) for flow in own]

    assert [flow.number for flow in flows] == list(range(1, len(flows) + 1))
    assert len(flows) <= n_flows


@given(asked_lists, st.integers(1, 3000), st.integers(0, 2**16))
def test_flows_for__a_remembered_client_never_comes_again(asked, n_flows, start):
    flows = flows_for(asked, n_flows, start, 4)

    clients = [
        flow.source for question, own in zip(asked, flows, strict=True) if question.has_memory for flow in own
    ]
    assert len(clients) == len(set(clients))


@given(asked_lists, st.integers(1, 3000))
def test_flows_for__flows_of_a_question_differ_and_come_from_its_source(asked, n_flows):
    for question, own in zip(asked, flows_for(asked, n_flows, 3, 4), strict=True):
        assert len({(flow.source, flow.source_port) for flow in own}) == len(own)
        assert all(0 <= flow.source - question.source.first < question.source.size for flow in own)
        assert bool(question.shares) or not own


def test_flows_for__gives_most_flows_to_what_is_left_to_chance():
    asked = [even(1, SOURCES[0]), even(3, SOURCES[1]), even(9, SOURCES[1])]

    counts = [len(own) for own in flows_for(asked, 1030, 0, 4)]

    assert counts == [10, 210, 810]


def test_flows_for__shares_all_flows_where_nothing_is_left_to_chance():
    assert [len(own) for own in flows_for([even(1, SOURCES[0]), even(1, SOURCES[1])], 200, 0, 4)] == [
        100,
        100,
    ]


def test_questions__an_endpoint_asks_for_its_own_service_and_is_masqueraded():
    asked = asked_of(golden("072-hairpin-self", "output.save"))

    own = next(question for question in asked if question.source.name.startswith("endpoint "))
    address = own.source.name.removeprefix("endpoint ")
    assert {outcome.endpoint for outcome in own.shares if outcome.is_masqueraded} == {f"{address}:8080"}


@pytest.mark.parametrize(
    ("destination", "is_compared"), [("224.0.0.1", False), ("0.0.0.1", False), ("10.96.0.1", True)]
)
def test_questions__does_not_know_what_the_kernel_does_with_odd_addresses(destination, is_compared):
    rule = f"-A PREROUTING -d {destination} -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.0.2:80"

    asked = asked_of(f"*nat\n:PREROUTING ACCEPT [0:0]\n{rule}\nCOMMIT\n")

    assert all(bool(question.shares) is is_compared for question in asked)
    assert is_compared or asked[0].notes
