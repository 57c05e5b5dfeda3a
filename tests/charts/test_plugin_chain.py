import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kubenetlab.charts.drawing import GREEN
from kubenetlab.charts.plugin_chain import plugin_chain
from kubenetlab.readers.corefile import corefile_from_text
from kubenetlab.result import Result

BLOCK = corefile_from_text(". {\n forward . 10.0.0.1\n acl\n errors\n cache\n}").blocks[0]


def query(*steps, title="a.test. A: ANSWER by forward"):
    """What became of a query: plugin, what it did, why."""
    rows = [(plugin, line, did, because) for line, (plugin, did, because) in enumerate(steps, 2)]
    return Result(title=title, _frame=pd.DataFrame(rows, columns=["plugin", "line", "did", "because"]))


def boxes(axes):
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def filled(axes):
    return [number for number, box in enumerate(boxes(axes)) if to_hex(box.get_facecolor()) == GREEN]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def key(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_plugin_chain__draws_a_block_in_compiled_order():
    axes = plugin_chain(BLOCK)

    assert texts(axes)[::2] == ["errors", "acl", "cache", "forward"]
    assert axes.get_title(loc="left") == "."
    assert filled(axes) == []


def test_plugin_chain__says_what_applies():
    text = texts(plugin_chain(corefile_from_text(". {\n cache 30\n}").blocks[0]))[1]

    assert text.endswith("[30 s, negative 30 s]")


def test_plugin_chain__hatches_what_is_not_modelled():
    axes = plugin_chain(BLOCK)

    assert [bool(box.get_hatch()) for box in boxes(axes)] == [False, True, False, False]
    assert key(axes) == ["modelled", "lets every query pass", "not modelled"]


def test_plugin_chain__fills_the_plugin_that_answers_and_says_why():
    axes = plugin_chain(
        query(
            ("errors", "passes on", ""),
            ("rewrite", "rewrites to b.test.", "line 3"),
            ("forward", "asks 10.0.0.1", "below ."),
            ("whoami", "is not asked", ""),
        )
    )

    assert filled(axes) == [2]
    assert texts(axes)[4:] == ["forward, line 4", "asks 10.0.0.1: below .", "whoami, line 5", "is not asked"]


def test_plugin_chain__fills_nothing_where_the_answer_cannot_be_known():
    steps = [("rewrite", "rewrites to b.test.", ""), ("acl", "cannot be known", "")]
    axes = plugin_chain(query(*steps, title="a.test. A: not known"))

    assert filled(axes) == []


def test_plugin_chain__describes_itself_and_takes_given_axes():
    assert plugin_chain(BLOCK).alt_text.startswith(".: errors: collects")

    given = Figure().add_subplot()
    assert plugin_chain(BLOCK, given) is given


def test_plugin_chain__refuses_another_result():
    other = Result(title="zone", _frame=pd.DataFrame({"name": []}))

    with pytest.raises(ValueError, match=r"expected a result of explain_query"):
        plugin_chain(other)
