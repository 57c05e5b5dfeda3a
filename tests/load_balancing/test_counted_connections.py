import pytest
from scipy.stats import chisquare

from kubenetlab.load_balancing.counted_connections import counted_connections
from kubenetlab.load_balancing.packet import Packet
from kubenetlab.load_balancing.walk import walk
from kubenetlab.readers.rules import rules_from_text
from kubenetlab.samples import sample_rules

CHAIN = """*nat
:PREROUTING ACCEPT [0:0]
[{all}:0] -A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -m statistic --mode random --probability 0.25 -j DNAT --to-destination 10.0.0.1:80
[{rest}:0] -A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2:80
COMMIT
"""


def walk_of(rules, destination="10.96.0.1"):
    return walk(rules, Packet("192.0.2.1", destination, "tcp", 80))


def counted(first, second):
    return counted_connections(walk_of(rules_from_text(CHAIN.format(all=first, rest=second))))


def test_counted_connections__of_the_recorded_rules_are_the_kernels():
    found = counted_connections(walk_of(sample_rules("counted-connections"), "10.96.3.30")).frame

    assert found["counted"].tolist() == [3597, 2426, 5977]
    assert found["expected"].round().tolist() == [3600, 2520, 5880]
    assert found["counted_share"].sum() == pytest.approx(1)


def test_counted_connections__the_verdict_is_that_of_a_chi_square_test():
    (verdict,) = counted(280, 720).because

    p_value = chisquare([280, 720], [250, 750]).pvalue
    assert verdict.startswith("1,000 connections: ")
    assert verdict.endswith(f"in {p_value * 100:.2g} % of cases.")


def test_counted_connections__far_from_the_shares_are_no_chance():
    assert counted(500, 500).because[0].endswith("less than once in a million cases.")


@pytest.mark.parametrize("name", ["two-endpoints", "statistic-example"])
def test_counted_connections__refuses_rules_without_counts(name):
    destination = {"two-endpoints": "10.0.33.45", "statistic-example": "172.17.0.1"}[name]

    with pytest.raises(ValueError, match=r"no counts of connections; iptables-save -c prints them"):
        counted_connections(walk_of(sample_rules(name), destination))


def test_counted_connections__refuses_counts_of_nothing():
    with pytest.raises(ValueError, match="no counts of connections"):
        counted(0, 0)


def test_counted_connections__refuses_a_packet_that_reaches_no_endpoint():
    with pytest.raises(ValueError, match="no counts of connections"):
        counted_connections(walk_of(sample_rules("counted-connections"), "10.96.9.9"))
