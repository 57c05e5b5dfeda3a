"""``kubenetlab plan``: address ranges for clusters, from a request; checked, compared, kept, drafted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.exit_codes import GATE_FAILED, Stop
from kubenetlab.cli.plan_output import print_changes, print_check, print_impossible, print_plan
from kubenetlab.cli.tables import FORMATS, json_text

if TYPE_CHECKING:
    from kubenetlab.ipam.planner.plan import Plan

_HELP = """Plan the address ranges of clusters: a request in, every range, its head-room and the settings to type out.

\b
A request is a YAML file:
  as_of: 2026-11-21           # day of the counts; dates in page and JSON
  defaults: {growth: [20%, 40%], horizon_years: 3}
  parents:
    pods: 100.64.0.0/10       # not routable outside the cluster
    services: 172.20.0.0/14
    nodes: 10.0.0.0/9
    routable: 10.128.0.0/9    # pods of GKE, AKS, EKS that others reach
  forbidden: [10.13.0.0/16]
  in_use:
  - {range: 10.0.0.0/16, name: office}
  - {netbox: prefixes.csv}
  clusters:
  - {name: shop, platform: kubeadm, cni: calico, nodes: 30, pods_per_node: 40,
     services: 300, peers: [bank]}
  - {name: bank, platform: eks, instance_type: m5.large, zones: 3, nodes: 60,
     pods_per_node: 20}
  - {name: old, platform: aks, nodes: 9, pods_per_node: 30,
     pod_cidr: 10.244.0.0/16}

\b
Platforms:  kubeadm kind k3s rke2 openshift eks gke aks,
            or cloud: aws, azure, gcp, none
CNIs:       flannel calico cilium canal ovn-kubernetes, and the clouds' own
Also:       max_surge zones families dual_stack max_pods node_cidr_mask_size
            block_size prefix_delegation custom_networking routable_pods
            container_runtime mesh head_room service_cidr node_cidr reserved

\b
Which ranges are apart:
  routable ones (nodes, routable pods)   from every range of every cluster
  the others (pods, Services)            from routable ones, and from those of
                                         peers and of the same mesh; clusters
                                         that are neither may have the same
  in use, forbidden, reserved            from everything

\b
Examples:
  kubenetlab plan sample:fleet                a sample; also one-cluster,
                                              fleet-next-year, impossible
  kubenetlab plan r.yaml -o plan.html         a page for the network team
  kubenetlab plan r.yaml -o plan.json         for --keep, --compare, --check
  kubenetlab plan r.yaml -o plan.csv          prefixes as NetBox imports them
  kubenetlab plan r.yaml --settings shop      what to type for a cluster
  kubenetlab plan r.yaml --keep plan.json     nobody moves who need not
  kubenetlab plan r.yaml --compare plan.json  who moved, grew, is new, is gone
  kubenetlab plan --from dump.json > r.yaml   a first request, from clusters
                                              that exist
  kubenetlab plan --check plan.json           check a plan's certificate,
                                              without the planner

Exit 1 if no plan exists: it says which requirements are in the way, and the smallest relaxation. The JSON has schema
kubenetlab/plan/v1: ranges, clusters, settings, assumptions, in_the_way, notes, certificate.
"""
_JSON = "FILE.json"


@click.command("plan", help=_HELP)
@click.argument("sources", nargs=-1, required=True, metavar="REQUEST")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the plan: .html, .json, or .csv for NetBox.",
)  # fmt: skip
@click.option("--keep", metavar=_JSON, help="An earlier plan: its ranges stay where they are.")
@click.option("--compare", metavar=_JSON, help="An earlier plan: say what changed since.")
@click.option("--settings", metavar="CLUSTER", help="Print the settings to type for one cluster.")
@click.option("--from", "is_draft", is_flag=True, help="Read dumps, and print a request for their clusters.")
@click.option("--check", "is_check", is_flag=True, help="Read a plan (.json), and check its certificate.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print."
)
def command(sources: tuple[str, ...], **options: Any) -> None:
    """Draft, check, or plan."""
    _refuse_contradictions(options)
    if options["is_draft"]:
        _draft(sources, options["output"])
        return
    if len(sources) > 1:
        raise click.UsageError(f"one file is read at a time, {len(sources)} were given")
    if options["is_check"]:
        _check(sources[0])
        return
    request = _request(sources[0])
    _refuse_bad_output(request, options["output"])
    _plan(request, options)


def _request(source: str) -> str:
    """Return the file of a request: a sample's, or the one that was named."""
    from kubenetlab.cli.sources import SAMPLE_PREFIX
    from kubenetlab.samples import sample_request

    name = source.removeprefix(SAMPLE_PREFIX)
    return source if name == source else str(sample_request(name))


def _refuse_contradictions(options: Mapping[str, Any]) -> None:
    """Refuse what a draft and a check would not look at."""
    face = "--from" if options["is_draft"] else "--check" if options["is_check"] else ""
    others = ["--check"] * (options["is_draft"] and options["is_check"])
    others += [f"--{name}" for name in ("keep", "compare", "settings") if options[name]]
    if face and others:
        raise click.UsageError(f"{face} and {others[0]} have nothing to do with each other; use one of them")


def _plan(source: str, options: Mapping[str, Any]) -> None:
    from kubenetlab.cli.progress import working
    from kubenetlab.ipam.planner.packing import ImpossiblePlanError
    from kubenetlab.ipam.planner.plan import plan_addresses

    try:
        with working("Planning"):
            plan = plan_addresses(source, options["keep"])
    except ImpossiblePlanError as error:
        if options["output"]:
            click.echo(f"{options['output']}: nothing was written, there is no plan", err=True)
        print_impossible(error, options["form"])
        click.get_current_context().exit(GATE_FAILED)
    if options["output"]:
        _write(plan, options["output"])
    _print(plan, options)


def _print(plan: Plan, options: Mapping[str, Any]) -> None:
    if options["settings"]:
        click.echo(_settings(plan, options["settings"]), nl=False)
    elif options["compare"]:
        print_changes(plan, options["compare"], options["form"], has_kept=bool(options["keep"]))
    elif options["output"]:
        click.echo(options["output"])
    else:
        _print_plan(plan, options["form"])


def _print_plan(plan: Plan, form: str) -> None:
    if f".{form}" in _WRITERS:
        click.echo(_WRITERS[f".{form}"](plan), nl=False)
    else:
        print_plan(plan)


def _settings(plan: Plan, cluster: str) -> str:
    from kubenetlab.ipam.planner.plan_document import settings_text

    try:
        return settings_text(plan, cluster)
    except ValueError as error:
        raise click.UsageError(f"--settings: {error}") from error


def _refuse_bad_output(source: str, output: Path | None) -> None:
    if output is None:
        return
    if output.suffix.lower() not in _WRITERS:
        raise click.UsageError(f"-o {output}: expected a name that ends in {', '.join(_WRITERS)}")
    if not output.parent.is_dir():
        raise Stop(f"{output}: the folder {output.parent} does not exist; nothing was written")
    if output.is_file() and Path(source).is_file():
        _refuse_to_overwrite_what_is_read(source, output)


def _refuse_to_overwrite_what_is_read(source: str, output: Path) -> None:
    if output.samefile(source):
        raise click.UsageError(f"{output} is the request itself; name another file for the plan")
    from kubenetlab.readers.plan_request import read_plan_request

    for file in read_plan_request(source).files:
        if file.is_file() and output.samefile(file):
            raise click.UsageError(f"{output} is read by the request; name another file for the plan")


def _write(plan: Plan, output: Path) -> None:
    from kubenetlab.new_file import replace_file

    replace_file(output, _WRITERS[output.suffix.lower()](plan).encode())


def _html_text(plan: Plan) -> str:
    from kubenetlab.report.plan_page import plan_html

    return plan_html(plan)


def _json_text(plan: Plan) -> str:
    from kubenetlab.ipam.planner.plan_document import plan_document

    return json_text(plan_document(plan, __version__))


def _csv_text(plan: Plan) -> str:
    from kubenetlab.ipam.planner.plan_document import netbox_csv

    return netbox_csv(plan)


_WRITERS: Mapping[str, Callable[[Plan], str]] = {".html": _html_text, ".json": _json_text, ".csv": _csv_text}


def _draft(sources: Sequence[str], output: Path | None) -> None:
    from kubenetlab.cli.sources import SAMPLE_PREFIX, read
    from kubenetlab.ipam.planner.draft_from_clusters import draft_request
    from kubenetlab.new_file import replace_file

    names = [Path(source.removeprefix(SAMPLE_PREFIX)).name.split(".")[0] for source in sources]
    text = draft_request([(name, read([source], False)) for name, source in zip(names, sources, strict=True)])
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(output, text.encode())
        click.echo(output)


def _check(source: str) -> None:
    from kubenetlab.ipam.planner.checker import check_plan
    from kubenetlab.readers.plan_file import read_plan_file

    document = read_plan_file(source).document
    faults = check_plan(document)
    print_check(source, document, faults)
    if faults:
        click.get_current_context().exit(GATE_FAILED)
