import pytest

from kubenetlab.ipam.forecast.churn import NO_CHURN, Churn


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pod_lifetime_days", 0),
        ("pod_lifetime_days", float("nan")),
        ("node_lifetime_days", -1),
        ("update_share", 1.5),
        ("update_max_surge", float("nan")),
        ("updates_per_day", -1),
        ("updates_per_day", float("inf")),
        ("upgrade_every_days", 1.5),
        ("scale_down_after_days", -1),
        ("upgrade_every_days", True),
    ],
)
def test_churn__refuses_numbers_that_cannot_be(name, value):
    with pytest.raises(ValueError, match=f"{name} {value}: expected"):
        Churn(**{name: value})


@pytest.mark.parametrize("name", Churn.__slots__)
@pytest.mark.parametrize("value", ["7", None, [1]])
def test_churn__refuses_what_is_no_number_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"{name} .*: expected"):
        Churn(**{name: value})


def test_churn__says_what_is_left_of_a_day():
    churn = Churn(pod_lifetime_days=2, node_lifetime_days=4)

    assert churn.pod_survival == pytest.approx(0.60653066)
    assert churn.node_loss == pytest.approx(0.22119922)


def test_no_churn__ends_nothing():
    assert (NO_CHURN.pod_survival, NO_CHURN.node_loss) == (1, 0)
