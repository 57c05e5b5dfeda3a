import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kubenetlab.objects import Metadata, Node
from kubenetlab.report import report_html, write_report
from kubenetlab.visible_text import visible
from tests.builders import cluster, endpoint, endpoint_slice, node, pod, service
from tests.report.hostile import HostileDump

SETTINGS = {"cluster_cidr": ("10.244.0.0/16",), "service_cidr": ("10.96.0.0/12",), "ipam": "host-local"}
SHOP = cluster(
    node("worker-1", ip="10.0.0.4", pod_cidrs=("10.244.0.0/24",)),
    pod("shop/cart-1", node_name="worker-1", ips=("10.244.0.5",)),
    service("shop/cart", cluster_ip="10.96.0.10"),
    endpoint_slice(endpoint("10.244.0.5", node_name="worker-1")),
    settings=SETTINGS,
)


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, and the text outside of tags."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_report_html__asks_for_nothing():
    page = Page(report_html(SHOP))

    attributes = {name for _, attrs in page.tags for name in attrs}
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert not {"src", "srcset", "action", "onload", "onclick"} & attributes
    assert not {"script", "link", "iframe", "object", "img", "form"} & {tag for tag, _ in page.tags}


def test_report_html__every_link_is_our_own_or_https(tmp_path):
    page = Page(report_html(HostileDump().read(tmp_path)))

    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert links
    assert all(link.startswith(("#", "https://")) for link in links)


def test_report_html__links_lead_to_places_on_the_page():
    page = Page(report_html(SHOP))

    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    references = [
        a[name].removeprefix("#")
        for _, a in page.tags
        for name in ("href", "xlink:href")
        if a.get(name, "").startswith("#")
    ]
    assert len(ids) == len(set(ids))
    assert set(references) <= set(ids)


def test_report_html__hostile_texts_are_text(tmp_path):
    dump = HostileDump()

    html = report_html(dump.read(tmp_path), title=dump.text())

    page = Page(html)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not [text for text in dump.shown if text not in page.text]


def test_report_html__control_characters_show_as_codes():
    html = report_html(cluster(node("a\x00b\u202ec\ud800d"), settings=SETTINGS))

    assert r"a\x00b\u202ec\ud800d" in html
    html.encode("utf-8")


def test_report_html__numbers_of_a_small_cluster():
    text = " ".join(Page(report_html(SHOP)).text.split())

    assert "2⁸" not in text
    assert "256 of 65,536 addresses given to nodes (0.4 %), 1 held" in " ".join(report_html(SHOP).split())
    assert "which leaves room for" not in text  # no node_cidr_mask_size is known
    assert "65,280 addresses are left" in text
    assert "The fullest node, worker-1, has 1 pod where 110 fit" in text
    assert "All 1 Service that can have endpoints have a ready one." in text


def test_report_html__says_what_a_partial_dump_does_not_hold():
    text = " ".join(Page(report_html(cluster(service("shop/cart"), settings=SETTINGS))).text.split())

    assert (
        "There are no nodes, pods and EndpointSlices in this dump, so nothing is said about how full the nodes are"
        in text
    )
    assert (
        "There are no EndpointSlices in this dump, so nothing is said about which Services have endpoints."
        in text
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("default/cart-api-2", "default/<wbr>cart-<wbr>api-<wbr>2"),
        ("shop/cart-api", "shop/cart-api"),
        ("ip-10-0-1-5.eu.internal", "ip-<wbr>10-<wbr>0-<wbr>1-<wbr>5.<wbr>eu.<wbr>internal"),
        ("in 192.168.144.0/16 (fd00:10:244:0::/64)", "in 192.168.144.0/16 (fd00:10:244:0::/64)"),
        ("shop/<b>-cart-<wbr>", "shop/&lt;b&gt;-cart-&lt;wbr&gt;"),
        ("a\x00-bcdefghijkl", "a\\x00-<wbr>bcdefghijkl"),
    ],
)
def test_report_html__names_break_between_their_words(name, shown):
    html = report_html(cluster(Node(Metadata(name=name)), settings=SETTINGS))

    assert f'<th scope="row" class="text">{shown}</th>' in html
    assert visible(name) in Page(html).text


def test_report_html__an_empty_cluster_has_a_report():
    assert "The dump names no pod, Service or node range." in report_html(cluster())


def test_report_html__a_large_cluster_shows_the_worst_and_says_what_is_left_out():
    nodes = [node(f"node-{i:04}", pod_cidrs=(f"10.{i // 256}.{i % 256}.0/24",)) for i in range(5000)]
    pods = [pod(f"shop/p{i}", node_name="node-4321") for i in range(50)]
    services = [service(f"shop/s{i:05}") for i in range(10_000)]

    html = report_html(cluster(*nodes, *pods, *services, settings=SETTINGS))

    assert len(html) < 5_000_000
    assert "4,900 more rows not shown here; kubenetlab show SOURCE nodes lists them all." in html
    assert "9,900 more rows not shown here; kubenetlab show SOURCE services lists them all." in html
    assert re.search(r'<th scope="row" class="text">node-4321</th>', html)


def test_report_html__names_input_seed_and_version(tmp_path):
    value = HostileDump().read(tmp_path)

    html = report_html(value, seed=77)

    assert value.provenance.digest in html
    assert "<dd>77</dd>" in html


def test_write_report__writes_what_report_html_returns(tmp_path):
    path = write_report(SHOP, tmp_path / "r.html", seed=3, title="Shop")

    assert path.read_text(encoding="utf-8") == report_html(SHOP, seed=3, title="Shop")


def test_write_report__the_old_file_stays_if_the_report_fails(tmp_path):
    path = tmp_path / "r.html"
    path.write_text("old")

    with pytest.raises(ValueError, match="operator"):
        write_report(_broken_cluster(), path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _broken_cluster():
    class Broken(type(SHOP)):
        @property
        def has_endpoint_data(self):
            raise ValueError("operator")

    return Broken(services=SHOP.services, settings=SHOP.settings)


PROGRAM = """
import sys
from kubenetlab.readers import read_cluster
from kubenetlab.report import write_report
write_report(read_cluster(sys.argv[1]), sys.argv[2])
"""


def test_write_report__same_input_same_bytes_whatever_the_surroundings(tmp_path):
    HostileDump().read(tmp_path)
    (tmp_path / "matplotlibrc").write_text("axes.grid: True\nfont.size: 20\nsvg.fonttype: none\n")
    surroundings = (
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LANG": "de_DE.UTF-8", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "3", "MATPLOTLIBRC": str(tmp_path), "MPLBACKEND": "svg"},
    )

    reports = {_report_bytes(tmp_path, number, env) for number, env in enumerate(surroundings)}

    assert len(reports) == 1


def _report_bytes(folder, number, env):
    path = folder / f"report-{number}.html"
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), **env}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, folder / "dump.json", path], env=environment, check=True, timeout=120
    )
    return path.read_bytes()
