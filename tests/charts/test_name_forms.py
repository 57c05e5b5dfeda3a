import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kubenetlab import charts
from kubenetlab.charts.name_forms import MAX_COLUMNS
from kubenetlab.result import Result


def matrix(cells, title="Ways to write shop/cart"):
    """Cells: form, namespace, resolver, queries, whether it is found."""
    columns = ["form", "namespace", "resolver", "n_queries", "is_found"]
    return Result(title=title, _frame=pd.DataFrame(cells, columns=columns))


def two_by_two(resolvers=("glibc",), namespaces=("shop", "edge")):
    return matrix([
        (form, namespace, resolver, 2 if namespace == "shop" else 8, form == "cart.shop" or namespace == "shop")
        for form in ("cart", "cart.shop") for namespace in namespaces for resolver in resolvers
    ])  # fmt: skip


def cells(axes):
    return {
        (round(text.get_position()[0], 1), text.get_position()[1]): text.get_text()
        for text in axes.texts
        if text.get_position()[1] >= 0
    }


def columns(axes):
    return [label.get_text() for label in axes.get_xticklabels()]


def test_name_forms__a_cell_says_how_many_queries_and_whether_it_fails():
    assert cells(charts.name_forms(two_by_two())) == {
        (0, 0): "2",
        (0, 1): "2",
        (1, 0): "8 \N{MULTIPLICATION SIGN}",
        (1, 1): "8",
    }


def test_name_forms__what_is_not_found_is_hatched():
    boxes = [patch for patch in charts.name_forms(two_by_two()).patches if isinstance(patch, Rectangle)]

    assert [bool(box.get_hatch()) for box in boxes] == [False, False, True, False]


def test_name_forms__resolvers_stand_in_groups():
    axes = charts.name_forms(two_by_two(("glibc", "cares")))

    assert [text.get_text() for text in axes.texts if text.get_position()[1] < 0] == ["glibc", "c-ares"]
    assert columns(axes) == ["shop", "edge", "shop", "edge"]


def test_name_forms__namespaces_that_are_alike_share_a_column():
    axes = charts.name_forms(two_by_two(namespaces=("shop", "edge", "data", "web")))

    assert columns(axes) == ["shop", "edge and 2 others"]


def test_name_forms__of_many_namespaces_draws_the_first():
    axes = charts.name_forms(matrix([("cart", f"n{n}", "musl", n, True) for n in range(30)]))

    assert len(columns(axes)) == MAX_COLUMNS


def test_name_forms__its_words_name_what_is_not_found():
    assert charts.name_forms(two_by_two()).alt_text == (
        "Ways to write shop/cart: from 2 to 8 queries; nothing is found in 1 cell, first cart in edge by glibc."
    )
    assert charts.name_forms(matrix([("a", "b", "go", 2, True)])).alt_text.endswith(
        "from 2 to 2 queries; all are found."
    )


def test_name_forms__hostile_names_are_drawn_as_text():
    axes = charts.name_forms(matrix([("x\x1b$a$", "n\n" * 40, "go", 2, True)], title="y" * 300))

    assert axes.get_yticklabels()[0].get_text() == "x?$a$"
    assert len(columns(axes)[0]) <= 20


def test_name_forms__draws_on_given_axes():
    axes = Figure().add_subplot()

    assert charts.name_forms(two_by_two(), ax=axes) is axes


@pytest.mark.parametrize("wrong", [None, Result(title="Rules", _frame=pd.DataFrame())])
def test_name_forms__refuses_what_is_no_such_result(wrong):
    with pytest.raises(ValueError, match=r"matrix is .*, expected a result of name_form_matrix"):
        charts.name_forms(wrong)
