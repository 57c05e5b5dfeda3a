import numpy as np
import pytest
from matplotlib.figure import Figure

import kubenetlab as knl
from kubenetlab import charts
from kubenetlab.dns.demand.demand import DnsDemand
from kubenetlab.objects.name_inventory import NameInventory, NameRate

SHOP = knl.sample("shop")


def demand(loss=0.001, **entry):
    name = NameRate(**{"name": "cart.shop", "namespace": "shop", "rate_per_s": 1.0, **entry})
    return knl.dns_demand(SHOP, NameInventory(entries=(name,)), loss=loss)


def curve(axes, number=0):
    line = axes.lines[number]
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def test_lookup_latency__is_the_share_that_takes_longer():
    found = demand()

    times, shares = curve(charts.lookup_latency(found))

    assert shares[0] == 1
    for place in (100, 600, 1000):
        assert shares[place] == pytest.approx(found.share_above(times[place]))
    assert (np.diff(shares) <= 1e-12).all()


def test_lookup_latency__shows_the_tail_of_five_seconds():
    """A lost packet costs glibc 5 s; two queries a candidate of two packets each, two candidates: about 8 losses in 1,000."""
    times, shares = curve(charts.lookup_latency(demand()))

    assert 0.006 < shares[times > 1][0] < 0.01
    assert shares[times > 5.1][0] < 0.0005


def test_lookup_latency__without_loss_has_no_tail():
    times, shares = curve(charts.lookup_latency(demand(loss=0.0)))

    assert shares[times > 1].max() == 0


def test_lookup_latency__several_have_their_own_line_and_name():
    axes = charts.lookup_latency({"before": demand(), "after": demand(name="cart")})

    assert len({line.get_linestyle() for line in axes.lines[:2]}) == 2
    assert [text.get_text().partition(":")[0] for text in axes.figure.legends[0].texts] == ["before", "after"]


def test_lookup_latency__both_scales_are_logarithmic_and_named():
    axes = charts.lookup_latency(demand())

    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.xaxis.get_major_formatter()(0.01, 0) == "10 ms"
    assert axes.xaxis.get_major_formatter()(10, 0) == "10 s"
    assert axes.yaxis.get_major_formatter()(0.001, 0) == "0.1 %"


def test_lookup_latency__its_words_tell_how_many_wait():
    assert charts.lookup_latency(demand(loss=0.0)).alt_text == (
        "Time of a DNS lookup. 0 % of the lookups take more than 1 s."
    )
    assert "after: 0 % of" in charts.lookup_latency({"after": demand(loss=0.0)}).alt_text


def test_lookup_latency__dust_of_rounding_is_nothing():
    dust = type("Dusty", (DnsDemand,), {"share_above": lambda self, limit_s: 1.1e-16})
    found = object.__new__(dust)

    assert charts.lookup_latency(found).alt_text.endswith(" 0 % of the lookups take more than 1 s.")


def test_lookup_latency__words_stand_outside_of_the_curves():
    axes = charts.lookup_latency(demand())

    assert axes.get_legend() is None
    assert [text.xy[1] for text in axes.texts] == [1, 1]  # of the height: the upper edge


def test_lookup_latency__draws_on_given_axes():
    axes = Figure().add_subplot()

    assert charts.lookup_latency(demand(), ax=axes) is axes


@pytest.mark.parametrize("wrong", [None, {}, {"before": 1}, dict.fromkeys("abcde", demand())])
def test_lookup_latency__refuses_what_it_cannot_draw(wrong):
    with pytest.raises(ValueError, match="demands: expected 1 to 4 results of dns_demand"):
        charts.lookup_latency(wrong)
