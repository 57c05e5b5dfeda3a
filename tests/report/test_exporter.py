import base64
import copy
import re

import pytest
from nbconvert.exporters import get_exporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kubenetlab import charts
from kubenetlab.ipam.range_use import node_use
from kubenetlab.report.exporter import Exporter
from kubenetlab.report.mathematics import latex_output, mathml
from tests.builders import cluster, node, pod

PNG = charts.pods_per_node(node_use(cluster(node("a"), pod("shop/a", node_name="a"))))._repr_mimebundle_()[0][
    "image/png"
]
WIDGET = "application/vnd.jupyter.widget-view+json"
TABLE = '<table class="dataframe"><thead><tr><th></th><th>pods</th></tr></thead><tbody><tr><th>0</th><td>5</td></tr></tbody></table>'


def shows(cell_source, **data):
    mimetypes = {name.replace("_", "/", 1): value for name, value in data.items()}
    return new_code_cell(cell_source, execution_count=1, outputs=[new_output("display_data", data=mimetypes)])


def exported(*cells, **metadata):
    return Exporter().from_notebook_node(new_notebook(cells=list(cells), metadata=metadata))[0]


def everything():
    widget = shows(
        "slider", text_html=f'<figure><img alt="slider" src="data:image/png;base64,{PNG}"></figure>'
    )
    widget.outputs[0].data[WIDGET] = {"model_id": "abc", "version_major": 2, "version_minor": 0}
    notebook = new_notebook(
        cells=[
            new_markdown_cell(
                "# How *full* is it?\n\nShare $p_i = \\frac{1}{n}$ and\n\n$$\\sum_i p_i = 1$$\n\nnot `$x$`"
            ),
            shows("table", text_html=TABLE),
            shows("chart", image_png=PNG),
            widget,
        ]
    )
    state = {"version_major": 2, "version_minor": 0, "state": {"abc": {"model_name": "IntSliderModel"}}}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    return notebook


def test_exporter__is_found_by_its_short_name():
    assert get_exporter("kubenetlab.report.exporter.Exporter") is Exporter


def test_exporter__same_notebook_same_bytes_and_the_notebook_unchanged():
    notebook = everything()
    before = copy.deepcopy(notebook)

    first = Exporter().from_notebook_node(notebook)[0]
    for cell in notebook.cells:
        cell["id"] = f"other-{cell['id']}"

    assert Exporter().from_notebook_node(notebook)[0] == first
    assert [cell.get("outputs") for cell in notebook.cells] == [cell.get("outputs") for cell in before.cells]


def test_exporter__needs_nothing_from_outside():
    html = Exporter().from_notebook_node(everything())[0]

    addresses = set(re.findall(r"https?://[^\"'\s<)]+", html))
    assert addresses == {"http://www.w3.org/1998/Math/MathML"}  # a namespace, never fetched
    assert "<script" not in html
    assert "default-src 'none'" in html


def test_exporter__shows_the_picture_of_a_widget():
    html = Exporter().from_notebook_node(everything())[0]

    assert 'alt="slider"' in html
    assert "model_id" not in html


def test_exporter__shows_the_sentence_of_a_widget():
    described = {"image/png": {"alt": "a <b>", "caption": "10.0.0.0/8 & more"}}
    output = new_output("display_data", data={WIDGET: {}, "image/png": "iVBORw0KGgo="}, metadata=described)

    html = exported(new_code_cell("w", outputs=[output]))

    assert 'alt="a &lt;b&gt;"' in html
    assert "<figcaption>10.0.0.0/8 &amp; more (A widget:" in html


def test_exporter__formulas_become_mathml_but_code_stays():
    html = Exporter().from_notebook_node(everything())[0]

    assert html.count("<math") == 2
    assert "<mfrac>" in html
    assert "<code>$x$</code>" in html


def test_exporter__what_only_jupyter_can_show_is_said():
    cell = new_code_cell("w", outputs=[new_output("display_data", data={WIDGET: {"model_id": "abc"}})])

    assert "(shown only in Jupyter)" in exported(cell)


@pytest.mark.parametrize(
    ("cells", "metadata", "title"),
    [
        (["# Heading"], {"title": "Own title"}, "Own title"),
        (["text", "# A `code` *heading* #"], {}, "A code heading"),
        (["## Only a smaller one"], {}, "Notebook"),
        (['# "><script>alert(1)</script>'], {}, '"&gt;&lt;script&gt;alert(1)&lt;/script&gt;'),
    ],
)
def test_exporter__title_comes_from_metadata_or_the_first_heading(cells, metadata, title):
    html = exported(*map(new_markdown_cell, cells), **metadata)

    assert f"<title>{title}</title>" in html
    assert html.count("<h1") == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<meta http-equiv="refresh" content="0;url=https://example.org">',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<iframe src="https://example.org"></iframe>',
        '<form action="https://example.org"><input></form>',
    ],
)
def test_exporter__what_would_act_is_taken_out(hostile):
    html = exported(
        new_markdown_cell(f"before {hostile} after"), shows("x", text_html=f"<p>kept</p>{hostile}")
    )

    assert "example.org" not in html
    assert "<script" not in html
    assert "<p>kept</p>" in html


def test_exporter__links_that_would_run_lose_their_target():
    html = exported(
        new_markdown_cell("[a](javascript:alert(1)) [b](https://kubernetes.io) [c](other.html) [d](#e)")
    )

    assert re.findall(r'<a href="([^"]*)"', html) == ["https://kubernetes.io", "other.html", "#e"]


def test_exporter__tables_and_pictures_can_be_read_aloud():
    html = Exporter().from_notebook_node(everything())[0]

    assert '<th scope="col">pods</th>' in html
    assert "<th></th>" not in html
    assert 'alt="Picture that the code of cell 3 draws"' in html


def test_exporter__pictures_beside_the_notebook_are_embedded(tmp_path):
    (tmp_path / "map.png").write_bytes(base64.b64decode(PNG))
    notebook = new_notebook(cells=[new_markdown_cell("![a map](map.png)")])

    html, _ = Exporter().from_notebook_node(notebook, {"metadata": {"path": str(tmp_path), "name": "n"}})

    assert f'src="data:image/png;base64,{PNG}"' in html


def test_exporter__latex_and_diagrams_need_no_script():
    html = exported(shows("x", text_latex="$$x^2$$"), new_markdown_cell("```mermaid\ngraph <b>\n```"))

    assert "<msup>" in html
    assert "graph &lt;b&gt;" in html


def test_exporter__equations_in_environments_are_formulas():
    assert "<mtable" in exported(new_markdown_cell("\\begin{align} a &= b \\\\ c &= d \\end{align}"))


def test_mathml__shows_what_it_cannot_read_as_code():
    assert mathml(r"\begin{<b>") == r"<code>\begin{&lt;b&gt;</code>"


def test_latex_output__is_a_block():
    assert 'display="block"' in latex_output("$x$")
