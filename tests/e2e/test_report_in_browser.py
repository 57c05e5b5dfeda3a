"""What a reader's browser makes of the report, of results in a notebook, and of an exported notebook."""

import pytest

from kubenetlab import sample
from kubenetlab.cluster import frames
from kubenetlab.dns.cluster_dns import cluster_dns
from kubenetlab.findings import check, rules
from kubenetlab.ipam.range_use import node_use, range_occupancy, range_use
from kubenetlab.kube_proxy.endpoint_counts import service_endpoints
from kubenetlab.report import write_report
from tests.report.hostile import HostileDump

pytestmark = pytest.mark.requires("chromium")
A4_TEXT_WIDTH_PX = 703  # 210 mm less two margins of 12 mm, at 96 px an inch

RESULTS = {
    "cluster": lambda cluster: cluster,
    "settings": lambda cluster: cluster.settings,
    "provenance": lambda cluster: cluster.provenance,
    "findings": check,
    "rules": lambda _: rules(),
    "what_is": lambda cluster: cluster.what_is("10.244.0.5"),
    "range_use": range_use,
    "range_occupancy": range_occupancy,
    "node_use": node_use,
    "service_endpoints": service_endpoints,
    "cluster_dns": cluster_dns,
}


@pytest.fixture(scope="module")
def browser():
    from tests.e2e.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def visit(browser):
    from tests.e2e.browser import Visit

    return lambda path, **options: Visit(browser, path, **options)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    dump = HostileDump()
    folder = tmp_path_factory.mktemp("hostile")
    cluster = dump.read(folder)
    return dump, cluster, write_report(cluster, folder / "report.html", title=dump.text())


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_report(sample("shop"), tmp_path_factory.mktemp("shop") / "report.html")


@pytest.fixture(scope="module")
def pages(hostile, shop, tmp_path_factory):
    from kubenetlab.report.exporter import Exporter
    from tests.report.test_exporter import everything

    notebook = tmp_path_factory.mktemp("notebook") / "notebook.html"
    notebook.write_text(Exporter().from_notebook_node(everything())[0], "utf-8")
    return {"hostile": hostile[2], "shop": shop, "notebook": notebook}


@pytest.mark.parametrize("bypass_csp", [False, True])
def test_report__hostile_texts_run_nothing_ask_for_nothing_and_are_all_there(visit, hostile, bypass_csp):
    dump, _, path = hostile

    with visit(path, bypass_csp=bypass_csp) as page:
        assert page.requests == [page.address]
        assert page.alerts == []
        assert not [text for text in dump.shown if text not in page.text]


@pytest.mark.parametrize("name", RESULTS)
def test_repr_html__hostile_texts_run_nothing_and_are_all_there(visit, hostile, tmp_path, name):
    _, cluster, _ = hostile
    result = RESULTS[name](cluster)
    path = tmp_path / "result.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{result._repr_html_()}", "utf-8")

    with visit(path) as page:
        assert page.requests == [page.address]
        assert page.alerts == []
        assert not page.page.query_selector_all("script, img, [onmouseover], a[href^='javascript:']")
        shown = " ".join(page.text.split())
        frame = frames.summary(cluster) if name == "cluster" else result.frame
        texts = frame.select_dtypes("str").head(50).to_numpy().ravel()
        assert not [text for text in texts if " ".join(text.split()) not in shown]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["hostile", "shop", "notebook"])
def test_pages__have_no_barriers(visit, pages, name, scheme):
    with visit(pages[name], scheme=scheme, bypass_csp=True) as page:
        assert page.violations() == []


@pytest.mark.parametrize("width", [1280, 800, 390])
@pytest.mark.parametrize("name", ["hostile", "shop", "notebook"])
def test_pages__fit_the_window(visit, pages, name, width):
    with visit(pages[name], width=width) as page:
        assert page.overflow_px() <= 0


@pytest.mark.parametrize("name", ["hostile", "shop", "notebook"])
def test_pages__print_on_a4_with_nothing_cut(visit, pages, name):
    with visit(pages[name], width=A4_TEXT_WIDTH_PX, scheme="dark") as page:
        pdf = page.page.pdf(format="A4", print_background=True)
        page.page.emulate_media(media="print")

        assert pdf.startswith(b"%PDF")
        assert page.overflow_px() <= 0
        assert page.page.evaluate(
            "[...document.querySelectorAll('.wide')].every(e => e.scrollWidth <= e.clientWidth)"
        )
        assert page.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_report__prints_table_heads_on_every_page_and_the_targets_of_links(visit, hostile):
    with visit(hostile[2]) as page:
        page.page.emulate_media(media="print")

        head = page.page.evaluate("getComputedStyle(document.querySelector('thead')).display")
        target = "getComputedStyle(document.querySelector('a[href^=\"https:\"]'), '::after').content"
        assert head == "table-header-group"
        assert "https://" in page.page.evaluate(target)


def test_report__a_keyboard_reaches_the_summary_first(visit, shop):
    with visit(shop) as page:
        page.page.keyboard.press("Tab")
        assert page.page.evaluate("document.activeElement.textContent") == "Skip to the summary"

        page.page.keyboard.press("Enter")
        assert page.page.evaluate("location.hash") == "#summary"


def test_notebook__asks_for_nothing_and_formulas_have_a_shape(visit, pages):
    with visit(pages["notebook"]) as page:
        assert [url for url in page.requests if not url.startswith("data:")] == [page.address]
        assert page.page.evaluate(
            "[...document.querySelectorAll('math')].every(m => m.getBoundingClientRect().width > 5)"
        )
