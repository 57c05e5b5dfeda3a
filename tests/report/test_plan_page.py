import re
from html.parser import HTMLParser

from kubenetlab.report import plan_page
from kubenetlab.report.plan_page import _n_addresses, plan_html, write_plan
from tests.ipam.planner.written_requests import PARENTS, cluster, planned


def page(*clusters, **options):
    return plan_html(planned(*clusters, **options))


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html.partition("<main>")[2]))


class _Ids(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.tags = [], [], set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value[1:] for name, value in attrs if name == "href" and value.startswith("#")]


def test_plan_html__says_the_summary_the_ranges_and_what_to_type():
    text = text_of(page(cluster("growth: 30%, dual_stack: true")))

    assert "6 ranges for 1 cluster; the first to fill up is shop/" in text
    assert "fd00:10::/56" in text
    assert "apiVersion: kubeadm.k8s.io/v1beta4" in text
    assert "kubenetlab plan --check plan.json" in text


def test_plan_html__has_dates_where_the_request_has_a_day():
    with_day, without = (
        page(cluster("growth: 30%"), head=f"as_of: 2026-11-21\n{PARENTS}"),
        page(cluster("growth: 30%")),
    )

    assert re.search(r"20[34]\d-\d\d", text_of(with_day))
    assert "Counts of" not in text_of(without)
    assert "after 5.4 years" in text_of(without)


def test_plan_html__leaves_empty_what_nobody_knows():
    html = page(cluster("platform: aks, dual_stack: true"))  # how many nodes its IPv6 pod range holds

    (row,) = (row for row in html.split("<tr>") if 'scope="row"' in row and ">shop/pods-ipv6<" in row)
    assert "unknown" in row
    assert row.count("—") >= 2


def test_plan_html__needs_no_network_and_runs_no_script():
    html = page(cluster())

    parsed = _Ids(html)
    assert "default-src 'none'" in html
    assert not parsed.tags & {"script", "link", "img", "iframe", "object"}
    assert re.findall(r"(?:src|href)=\"(?!#)[^\"]*\"", html) == []


def test_plan_html__every_link_has_its_place_and_every_id_is_there_once():
    parsed = _Ids(page(cluster(), cluster("platform: gke", name="b")))

    assert [link for link in parsed.links if link not in parsed.ids] == []
    assert len(parsed.ids) == len(set(parsed.ids))


def test_plan_html__shows_texts_of_the_request_as_texts():
    head = f"{PARENTS}in_use: [{{range: 10.0.0.0/16, name: '<script>alert(1)</script>'}}]"

    html = page(cluster(), head=head)

    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_plan_html__the_picture_has_a_text_for_those_who_do_not_see_it():
    assert '<desc id="plan_map-description">Map of the plan. In 10.0.0.0/9: shop/nodes 10.0.0.0/26.' in page(
        cluster()
    )


def test_plan_html__bounds_what_it_lists(monkeypatch):
    monkeypatch.setattr(plan_page, "_MAX_TEXTS", 2)

    text = text_of(page(*(cluster("platform: gke", name=name) for name in "abcd")))

    assert "2 more texts: kubenetlab plan REQUEST --settings CLUSTER prints them" in text
    assert "and 10 more" in text  # inequalities


def test_write_plan__writes_the_page(tmp_path):
    plan = planned(cluster())

    assert write_plan(plan, tmp_path / "plan.html").read_text("utf-8") == plan_html(plan)


def test_plan_html__counts_addresses_that_several_ranges_have_once():
    plan = planned(*(cluster("pod_cidr: 10.96.0.0/24, service_cidr: 10.97.0.0/24", name=n) for n in "ab"))

    assert _n_addresses(plan) == 2 * 256 + 2 * plan.networks["a/nodes"].size
