import pytest

from kubenetlab.charts.fragmentation import fragmentation_by_policy
from kubenetlab.ipam.fragmentation import compare_policies


@pytest.fixture(scope="module")
def result():
    return compare_policies("10.0.0.0/20", range(24, 29), n_operations=400)


def test_fragmentation_by_policy__one_bar_a_policy_as_long_as_the_pool(result):
    ax = fragmentation_by_policy(result)

    lengths = dict.fromkeys(range(4), 0.0)
    for bar in ax.patches:
        lengths[round(bar.get_y() + bar.get_height() / 2)] += bar.get_width()
    assert list(lengths.values()) == pytest.approx([1] * 4)
    assert [label.get_text() for label in ax.get_yticklabels()] == result.frame["policy"].tolist()


def test_fragmentation_by_policy__marks_the_first_refusal(result):
    ax = fragmentation_by_policy(result)

    assert ax.lines[0].get_xdata().tolist() == result.frame["first_refusal_use_share"].tolist()


def test_fragmentation_by_policy__larger_blocks_are_darker(result):
    ax = fragmentation_by_policy(result)

    first_bar = [bar for bar in ax.patches if round(bar.get_y() + bar.get_height() / 2) == 0][1:]
    brightness = [sum(bar.get_facecolor()[:3]) for bar in first_bar]
    assert len(brightness) > 1
    assert brightness == sorted(brightness)


def test_fragmentation_by_policy__says_in_words_what_it_shows(result):
    shown, sizes = fragmentation_by_policy(result)._repr_mimebundle_()

    assert shown["text/plain"].startswith(
        "Fragmentation of 10.0.0.0/20 by policy. A range was first refused: best-fit at"
    )
    assert "image/png" in shown
    assert sizes["image/png"]["alt"] == shown["text/plain"]


def test_fragmentation_by_policy__draws_a_pool_with_nothing_free():
    full = compare_policies("10.0.0.0/24", [28], fill_share=1, n_operations=16)

    ax = fragmentation_by_policy(full)

    assert ax.get_legend_handles_labels()[1] == ["use when a range was first refused", "in use"]


def test_fragmentation_by_policy__draws_on_axes_of_ones_own(result):
    from matplotlib.figure import Figure

    own = Figure().add_subplot()

    assert fragmentation_by_policy(result, own) is own
