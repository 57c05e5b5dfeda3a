from pathlib import Path

from kubenetlab.ipam.planner.why_impossible import why_impossible

PLANS = Path(__file__).parents[3] / "data" / "plans"


def test_why_impossible__names_what_is_in_the_way_and_the_relaxation():
    frame = why_impossible(PLANS / "impossible.yaml").frame

    assert frame["what"].tolist() == ["in the way"] * (len(frame) - 1) + ["relaxation"]
    assert "10.41.128.0/17 is forbidden: the VPN" in " ".join(frame["words"])


def test_why_impossible__has_no_row_where_there_is_a_plan():
    result = why_impossible(PLANS / "one-cluster.yaml")

    assert (result.title, len(result.frame)) == ("There is a plan", 0)
