import pytest

import kubenetlab as knl
from kubenetlab.report import report_html
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.sections.rules import rules
from tests.builders import cluster, endpoint, endpoint_slice, node, pod, service

TOOLS = ("iptables-legacy", "iptables-nft", "nftables")
PARTS = (
    node("a", pod_cidrs=("10.244.0.0/24",), ip="192.168.0.1"),
    pod("shop/cart-1", node_name="a", ips=("10.244.0.5",)),
    service("shop/cart", cluster_ip="10.96.0.10"),
    endpoint_slice(endpoint("10.244.0.5", node_name="a")),
)


def section(*parts, **settings):
    return rules(
        Evidence(cluster(*(parts or PARTS), settings={"proxy_mode": "iptables", **settings}), seed=1)
    )


def table_of(part, caption):
    return next(table for table in part.tables if table.caption.startswith(caption))


@pytest.fixture(scope="module")
def shop_section():
    return rules(Evidence(knl.sample("shop"), seed=1))


@pytest.fixture(scope="module")
def platform_section():
    return rules(Evidence(knl.sample("platform"), seed=1))


def test_rules__states_how_many_a_worker_has(shop_section):
    shop = knl.sample("shop")
    settings = knl.proxy_settings(shop, "worker-1")

    text = knl.iptables_save(knl.proxied_ports(shop, settings), settings)

    n_rules = sum(line.startswith("-A KUBE-") for line in text.splitlines())
    assert f"Node worker-1 has {n_rules} rules for 22 service ports." in shop_section.sentences[0]


@pytest.mark.parametrize("label", ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"])
def test_rules__of_a_cluster_with_nothing_but_a_control_plane_are_its(label):
    first = node("a", pod_cidrs=("10.244.0.0/24",), ip="192.168.0.1", labels={label: ""})

    assert "Node a has" in section(first, *PARTS[1:]).sentences[0]
    assert "Node b has" in section(first, node("b", ip="192.168.0.2"), *PARTS[1:]).sentences[0]


def test_rules__of_an_assumed_mode_say_so(shop_section):
    assert "iptables, which is assumed." in shop_section.sentences[0]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("iptables", "rules for 1 service port. A new connection passes"),
        ("nftables", "For 1 service port with 1 endpoint it fills maps"),
        ("ipvs", "For 1 service port Node a has 1 virtual server with 1 real server."),
    ],
)
def test_rules__every_mode_has_its_own_size(mode, words):
    assert words in section(proxy_mode=mode).sentences[0]


def test_rules__what_they_refuse_or_drop_is_listed():
    none, local, elsewhere = (service(f"shop/{name}", **spec) for name, spec in (
        ("none", {"cluster_ip": "10.96.0.11"}),
        ("local", {"cluster_ip": "10.96.0.12", "internal_traffic_policy": "Local"}),
        ("elsewhere", {"cluster_ip": "10.96.0.13", "type": "LoadBalancer", "external_traffic_policy": "Local",
                       "addresses": ("192.0.2.9",)}),
    ))  # fmt: skip
    slices = [
        endpoint_slice(endpoint("10.244.1.5", node_name="b"), of=f"shop/{name}")
        for name in ("local", "elsewhere")
    ]

    rows = table_of(section(*PARTS, none, local, elsewhere, *slices), "What Node a refuses or drops").rows

    assert [tuple(cell.text for cell in row) for row in rows] == [
        ("shop/none", "ClusterIP", "refused: no endpoint"),
        ("shop/elsewhere", "load balancer", "dropped: policy Local, no endpoint here"),
        ("shop/local", "ClusterIP", "dropped: policy Local, no endpoint here"),
    ]


def test_rules__where_nothing_is_refused_there_is_no_such_table():
    assert not any("refuses" in table.caption for table in section().tables)


def test_rules__costs_are_estimated_for_every_tool_and_what_was_measured_stated():
    part = section()

    costs = table_of(part, "Estimated")
    assert [row[0].text for row in costs.rows] == [*TOOLS, "measured with"]
    assert [cell.text for cell in costs.rows[-1][1:]] == [
        "1,000 to 10,000 Services; here fewer",
        "103 to 80,023 rules; here fewer",
        "10 to 10,000 Services; here fewer",
    ]
    assert part.notes[0].startswith("Times were measured with two endpoints")


def test_rules__more_rules_take_longer_to_load(shop_section, platform_section):
    small, large = (
        [row[2].text for row in table_of(part, "Estimated").rows] for part in (shop_section, platform_section)
    )

    assert small == ["6.9 ms", "31 ms", "21 ms", "103 to 80,023 rules"]
    assert large == ["69 ms", "0.27 s", "0.12 s", "103 to 80,023 rules"]


def test_rules__say_whether_their_number_is_a_problem(platform_section):
    ports = [service(f"shop/s{n}", cluster_ip=f"10.96.0.{n + 1}") for n in range(2)]
    many = [
        endpoint_slice(
            *(endpoint(f"10.{240 + n}.{i // 250}.{i % 250}", node_name="a") for i in range(5_000)),
            of=f"shop/s{n}",
        )
        for n in range(2)
    ]

    assert platform_section.sentences[1].startswith(
        "That is no problem: iptables-nft loads them all in about 0.27 s"
    )
    assert section(PARTS[0], *ports, *many).sentences[1].startswith("That is many")


@pytest.mark.parametrize(
    ("mode", "listed"),
    [("iptables", "iptables-save"), ("nftables", "nft list table ip kube-proxy"), ("ipvs", "ipvsadm -S -n")],
)
def test_rules__commands_stand_in_a_block_of_their_own(mode, listed):
    (block,) = section(proxy_mode=mode).texts

    assert block.text.splitlines() == [
        "kubenetlab rules write SOURCE --node a",
        f"ssh a sudo {listed} | kubenetlab rules drift SOURCE - --node a",
    ]


def test_rules__a_large_cluster_is_called_so():
    many = endpoint_slice(*(endpoint(f"10.244.{i // 250}.{i % 250}", node_name="a") for i in range(1001)))

    assert any("1,001 endpoints, more than 1,000" in text for text in section(*PARTS[:3], many).sentences)
    assert not any("more than 1,000" in text for text in section().sentences)


def test_rules__what_an_older_release_does_otherwise_is_listed():
    older = table_of(section(kubernetes_version="1.21.3"), "What kube-proxy 1.36 does differently")

    assert [column.heading for column in older.headings] == [
        "Release",
        "From then on",
        "In this cluster (1.21.3)",
    ]
    assert "1.22" in {row[0].text for row in older.rows}
    for release in ("1.35.1", "1.36.2"):  # what changed after 1.35 is no rule
        assert not any("does differently" in t.caption for t in section(kubernetes_version=release).tables)


@pytest.mark.parametrize(
    ("parts", "mode"), [(PARTS[:2], "iptables"), (PARTS[1:], "iptables"), (PARTS, "none")]
)
def test_rules__are_left_out_without_services_nodes_or_kube_proxy(parts, mode):
    assert section(*parts, proxy_mode=mode) is None


def test_rules__of_headless_services_alone_are_left_out():
    headless = service("shop/cart", cluster_ip="None")

    assert section(PARTS[0], PARTS[1], headless) is None


@pytest.mark.parametrize(("mode", "is_there"), [("iptables", True), ("none", False)])
def test_report__has_the_section_where_kube_proxy_runs(mode, is_there):
    html = report_html(cluster(*PARTS, settings={"proxy_mode": mode}))

    assert ('<section id="rules"' in html) is is_there
