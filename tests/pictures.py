"""Pictures of what users see, to be looked at: ``python tests/pictures.py [DIR]`` (default build/pictures).

The report in light, dark, on a phone and on paper; every chart alone; the notebooks as exported HTML; and the
README's picture of the report.
"""

import base64
import io
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402

import kubenetlab as knl  # noqa: E402
from kubenetlab import charts, sample  # noqa: E402
from kubenetlab.load_balancing.long_lived.load import EndpointEvent  # noqa: E402
from kubenetlab.report import write_report  # noqa: E402
from kubenetlab.report.plan_page import plan_html  # noqa: E402
from tests.charts.test_chain_graph import walk_of  # noqa: E402
from tests.e2e.browser import Visit, chromium  # noqa: E402

README_PICTURE = ROOT / ".github" / "report.png"
README_HALF_PX = (960, 1040)
NDOTS_1 = (
    "search edge.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:1\n"
)
CHARTS = {
    charts.address_map: knl.range_occupancy,
    charts.hilbert_map: knl.range_use,
    charts.pareto: lambda cluster: knl.pareto_front(knl.set_up_of(cluster)),
    charts.pods_per_node: knl.node_use,
}


def picture_of(browser, html, target, **options):
    with Visit(browser, html, **options) as visit:
        visit.page.screenshot(path=target, full_page=True)


def pictures_of_print(browser, html, folder):
    with Visit(browser, html) as visit:
        pdf = folder / f"{html.stem}-print.pdf"
        pdf.write_bytes(visit.page.pdf(format="A4", print_background=True))
    if shutil.which("pdftoppm"):
        subprocess.run(["pdftoppm", "-r", "80", "-png", pdf, pdf.with_suffix("")], check=True)


def pictures_of_report(browser, name, folder):
    html = write_report(sample(name), folder / f"{name}.html", title=f"Network report: {name}")
    picture_of(browser, html, folder / f"{name}-light.png")
    picture_of(browser, html, folder / f"{name}-dark.png", scheme="dark")
    picture_of(browser, html, folder / f"{name}-phone.png", width=390)
    pictures_of_print(browser, html, folder)


def pictures_of_charts(name, folder):
    for chart, result in CHARTS.items():
        write_chart(chart(result(sample(name))), folder / f"{name}-{chart.__name__}.png")


def write_chart(axes, path):
    path.write_bytes(base64.b64decode(axes._repr_mimebundle_()[0]["image/png"]))


def pictures_of_models(folder):
    """The charts of what is planned or foreseen, which need no cluster."""
    load = knl.Load(set_up=knl.SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/18",)), pods=1000, nodes=40)
    runs = knl.Runs(n_days=730, n_replicates=200, seed=1)
    outlook = knl.forecast(load, knl.Growth(0.2, 0.5), knl.Churn(), runs)
    write_chart(charts.forecast_fan(outlook), folder / "forecast_fan.png")
    write_chart(charts.refusal_probability(outlook), folder / "refusal_probability.png")
    policies = knl.compare_policies("10.0.0.0/12", list(range(22, 29)), n_operations=20_000)
    write_chart(charts.fragmentation_by_policy(policies), folder / "fragmentation_by_policy.png")
    for allocator in ("kube-controller-manager", "Calico"):
        write_chart(charts.allocator_step(knl.trace_allocator(allocator), 30), folder / f"{allocator}.png")


def pictures_of_rules(folder):
    """The way of a packet and the shares, of few endpoints and of many, and of rules that somebody got wrong."""
    platform = knl.sample("platform")
    settings = knl.proxy_settings(platform, platform.nodes[0].metadata.name)
    ports = knl.proxied_ports(platform, settings)
    largest = max(ports, key=lambda port: len(port.selection.cluster))
    for mode, text in (
        ("iptables", knl.iptables_save(ports, settings)),
        ("nftables", knl.nftables_dump(ports, settings)),
    ):
        rules = knl.rules_from_text(text)
        write_chart(
            charts.chain_graph(way_to(rules, largest.service_port.cluster_ip)),
            folder / f"chain_graph-{mode}.png",
        )
    for n in (1, 2, 10, 100):  # every rule with the same chance, the last takes the rest
        write_chart(charts.chain_graph(walk_of(*[1 / n] * (n - 1))), folder / f"chain_graph-{n}.png")
    recorded = knl.sample_rules("counted-connections")
    wrong = way_to(recorded, "10.96.3.30")
    write_chart(charts.chain_graph(wrong), folder / "chain_graph-wrong.png")
    write_chart(charts.endpoint_shares(knl.rule_shares(rules)), folder / "endpoint_shares-even.png")
    counted = knl.endpoint_luck(knl.counts_of_rules(recorded)[0])
    write_chart(charts.endpoint_shares(counted), folder / "endpoint_shares-counted.png")
    write_chart(charts.luck_band(counted), folder / "luck_band.png")
    spreads = (knl.connection_spread([10, 100, 1_000, 10_000], n) for n in (3, 50))
    write_chart(charts.connection_spread(*spreads), folder / "connection_spread.png")


def pictures_of_connections(folder):
    """Clients that keep their endpoint, and connections that stay through a roll-out and a scale-up."""
    clients = [10, 100, 200, 300, 350, 400, 500, 700, 1_000, 10_000, 100_000]
    write_chart(
        charts.affinity_retention(knl.affinity_retention(clients, 3)), folder / "affinity_retention.png"
    )
    events = (EndpointEvent("roll-out", 2_400, 10, every_s=30), EndpointEvent("scale-up", 4_800, 5))
    load = knl.ConnectionLoad(
        n_endpoints=10, duration_s=7_200, mean_lifetime_s=1_200, n_clients=2_000, events=events
    )
    choosers = ("random", "ipvs-rr", "cilium-maglev", "two-choices", "ipvs-lc")
    simulated = [knl.simulate_connections(load, chooser=chooser, seed=1, n_runs=5) for chooser in choosers]
    write_chart(charts.imbalance_over_time(*simulated), folder / "imbalance_over_time.png")


def pictures_of_names(folder):
    """One name in four resolvers, forms of a Service's name, the chain of plugins, and what names cost."""
    shop, outside = knl.sample("shop"), knl.outside_names(["www.example.com"])
    pod = next(pod for pod in shop.pods if pod.metadata.namespace == "shop")
    for name, conf in (("www.example.com", None), ("cart.shop", NDOTS_1)):
        asked = [
            knl.pod_lookup(shop, name, pod, resolver=one, resolv_conf=conf, upstream=outside)
            for one in ("glibc", "musl", "go", "cares")
        ]
        write_chart(charts.query_ladder(asked), folder / f"query_ladder-{name}.png")
    write_chart(charts.name_forms(knl.name_form_matrix(shop, "shop/cart")), folder / "name_forms.png")
    explained = knl.explain_query(shop, "cart.shop.svc.cluster.local")
    write_chart(charts.plugin_chain(explained.result), folder / "plugin_chain.png")
    names = knl.read_names(knl.sample_names("shop"), shop)
    today, cached = (knl.dns_demand(shop, names, node_local=there, loss=0.01) for there in (False, True))
    write_chart(charts.queries_by_place(today.by_place, cached.by_place), folder / "queries_by_place.png")
    write_chart(
        charts.lookup_latency({"today": today, "NodeLocal DNSCache": cached}), folder / "lookup_latency.png"
    )


def way_to(rules, address):
    return knl.walk(rules, knl.Packet("192.0.2.1", address, "tcp", 80))


def pictures_of_plan(browser, name, folder):
    plan = knl.plan_addresses(knl.sample_request(name))
    write_chart(charts.plan_map(plan), folder / f"plan_map-{name}.png")
    html = folder / f"plan-{name}.html"
    html.write_text(plan_html(plan), "utf-8")
    picture_of(browser, html, html.with_suffix(".png"))
    picture_of(browser, html, folder / f"plan-{name}-dark.png", scheme="dark")
    picture_of(browser, html, folder / f"plan-{name}-phone.png", width=390)
    pictures_of_print(browser, html, folder)


def pictures_of_notebook(browser, path, folder):
    from kubenetlab.report.exporter import Exporter

    html = folder / f"{path.stem}.html"
    html.write_text(Exporter().from_filename(str(path))[0], "utf-8")
    picture_of(browser, html, html.with_suffix(".png"))
    picture_of(browser, html, folder / f"{path.stem}-dark.png", scheme="dark")
    pictures_of_print(browser, html, folder)


def readme_picture(browser, html):
    """The summary on light and the addresses on dark paper, side by side."""
    width, height = README_HALF_PX
    both = Image.new("RGB", (2 * width, height))
    for number, (scheme, anchor) in enumerate((("light", "body"), ("dark", "#addresses"))):
        with Visit(browser, html, scheme=scheme, width=width) as visit:
            visit.page.set_viewport_size({"width": width, "height": height})
            visit.page.evaluate(f"document.querySelector('{anchor}').scrollIntoView()")
            both.paste(Image.open(io.BytesIO(visit.page.screenshot())), (number * width, 0))
    both.quantize(colors=256, dither=Image.Dither.NONE).save(README_PICTURE, optimize=True)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name in ("shop", "platform"):
            pictures_of_report(browser, name, folder)
            pictures_of_charts(name, folder)
        pictures_of_models(folder)
        pictures_of_rules(folder)
        pictures_of_connections(folder)
        pictures_of_names(folder)
        for name in ("one-cluster", "fleet"):
            pictures_of_plan(browser, name, folder)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            pictures_of_notebook(browser, path, folder)
        readme_picture(browser, folder / "shop.html")
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}; the README's is {README_PICTURE}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/pictures"))
