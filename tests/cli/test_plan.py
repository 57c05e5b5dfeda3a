import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubenetlab.cli import main
from kubenetlab.ipam.planner.packing import ImpossiblePlanError
from tests.cli.command_line import NODE, POD, SERVICE, dump, run

PLANS = Path(__file__).parent.parent.parent / "data" / "plans"
REQUEST = """\
parents: {pods: 100.64.0.0/10, services: 172.20.0.0/14, nodes: 10.0.0.0/9, routable: 10.128.0.0/9}
clusters:
- {name: shop, nodes: 30, pods_per_node: 40, growth: [20%, 40%]}
"""


@pytest.fixture
def request_file(tmp_path):
    file = tmp_path / "request.yaml"
    file.write_text(REQUEST)
    return file


def plan(*arguments, stdin=""):
    return CliRunner().invoke(main, ["plan", *map(str, arguments)], input=stdin, prog_name="kubenetlab")


def test_plan__prints_every_range_what_binds_and_when(request_file):
    result = plan(request_file)

    assert result.exit_code == 0
    assert result.output.splitlines()[0].startswith("3 ranges for 1 cluster; the first to fill up is shop/")
    row = next(line for line in result.output.splitlines() if line.startswith("shop/pods"))
    assert "100.64.0.0/18" in row
    assert row.endswith("  4.3 to 7.9 years")
    assert " 84 of 128 nodes " in row


def test_plan__reads_standard_input():
    assert plan("-", stdin=REQUEST).output.startswith("3 ranges for 1 cluster")


def test_plan__the_request_in_its_help_has_a_plan(tmp_path):
    text = plan("--help").output.partition("YAML file:\n")[2].partition("\n\n")[0]
    (tmp_path / "prefixes.csv").write_text("prefix\n10.2.0.0/16\n")
    (tmp_path / "request.yaml").write_text(text)

    result = plan(tmp_path / "request.yaml")

    assert result.exit_code == 0, result.output
    assert "old/pods" in result.output


@pytest.mark.parametrize("name", ["one-cluster", "fleet", "fleet-next-year"])
def test_plan__of_a_sample_is_that_of_its_file(name):
    result = plan(f"sample:{name}", "--format", "json")

    assert result.exit_code == 0
    assert result.output == plan(PLANS / f"{name}.yaml", "--format", "json").output


def test_plan__of_a_sample_that_does_not_exist_names_those_that_do():
    result = plan("sample:bank")

    assert result.exit_code == 2
    assert "there is no sample request 'bank'; there are one-cluster, fleet, " in result.output


def test_plan__of_the_impossible_example_says_why_and_the_smallest_relaxation():
    result = plan("sample:impossible")

    assert result.exit_code == 1
    assert (
        "  - cluster north needs a /16 for its pods (221 nodes and 8,788 pods after 3 years)" in result.output
    )
    assert "The smallest relaxation that works: " in result.output


def test_plan__of_an_impossible_request_is_json_too():
    result = plan(PLANS / "impossible.yaml", "--format", "json")

    document = json.loads(result.output)
    assert (result.exit_code, document["impossible"]) == (1, True)
    assert document["in_the_way"]
    assert document["relaxation"]


def test_plan__that_was_neither_found_nor_proved_impossible_says_so(monkeypatch, request_file):
    def give_up(demands, obstacles):
        raise ImpossiblePlanError((), (), is_proved=False)

    monkeypatch.setattr("kubenetlab.ipam.planner.plan.pack", give_up)

    result = plan(request_file)

    assert result.exit_code == 1
    assert "Error: no plan was found in " in result.output


def test_plan__writes_large_counts_as_people_do_and_as_integers_for_programs():
    table = plan("sample:fleet").output
    ranges = json.loads(plan("sample:fleet", "--format", "json").output)["ranges"]

    row = next(line for line in table.splitlines() if line.startswith("platform/pods-ipv6"))
    assert " 2⁷²  75 of 256 nodes " in row
    assert next(r for r in ranges if r["name"] == "platform/pods-ipv6")["addresses"] == 2**72


@pytest.mark.parametrize(
    ("columns", "hidden"),
    [
        (120, ""),
        (110, "addresses"),
        (80, "addresses, needed of room"),
        (20, "addresses, needed of room, binds, full in"),
    ],
)
def test_plan__leaves_columns_out_rather_than_shorten_a_range(monkeypatch, columns, hidden):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("kubenetlab.cli.plan_output._is_terminal", lambda: True)

    output = plan("sample:fleet").output

    assert "fd00:30:0:1::/64" in output
    assert (f"Note: the terminal is too narrow for: {hidden}\n" in output) == bool(hidden)


def test_plan__prints_json_and_netbox_csv(request_file):
    document = json.loads(plan(request_file, "--format", "json").output)
    rows = list(csv.DictReader(io.StringIO(plan(request_file, "--format", "csv").output)))

    assert document["schema"] == "kubenetlab/plan/v1"
    assert [row["prefix"] for row in rows] == [row["range"] for row in document["ranges"]]


@pytest.mark.parametrize(
    ("name", "start"), [("p.html", "<!DOCTYPE html>"), ("p.json", "{"), ("p.csv", "prefix,status")]
)
def test_plan__writes_the_file_that_its_name_asks_for(request_file, tmp_path, name, start):
    result = plan(request_file, "-o", tmp_path / name)

    assert (result.exit_code, result.output) == (0, f"{tmp_path / name}\n")
    assert (tmp_path / name).read_text().startswith(start)


def test_plan__prints_notes_below_the_table(request_file):
    request_file.write_text(REQUEST.replace("nodes: 30", "nodes: 3, pod_cidr: 10.0.0.0/25"))

    assert "Note: shop/pods is fixed at 10.0.0.0/25, which is too small" in plan(request_file).output


def test_plan__prints_the_settings_of_one_cluster(request_file):
    output = plan(request_file, "--settings", "shop").output

    assert output.startswith("# kubeadm: kubeadm.yaml\napiVersion: kubeadm.k8s.io/v1beta4\n")
    assert "# Flannel: net-conf.json\n{" in output


def test_plan__keep_moves_nobody_and_compare_says_who_changed(request_file, tmp_path):
    plan(request_file, "-o", tmp_path / "old.json")
    request_file.write_text(REQUEST.replace("- {", "- {name: bank, nodes: 900, pods_per_node: 90}\n- {"))

    kept = plan(request_file, "--keep", tmp_path / "old.json", "--compare", tmp_path / "old.json")
    document = plan(
        request_file, "--keep", tmp_path / "old.json", "--compare", tmp_path / "old.json", "--format", "json"
    )

    assert kept.output.splitlines()[0] == "3 new, 3 stayed"
    rows = json.loads(document.output)["tables"][0]["rows"]
    assert {row["name"] for row in rows if row["change"] == "stayed"} == {
        "shop/pods",
        "shop/services",
        "shop/nodes",
    }


def test_plan__check_takes_a_plan_and_refuses_a_damaged_one(request_file, tmp_path):
    plan(request_file, "-o", tmp_path / "plan.json")
    whole = plan("--check", tmp_path / "plan.json")
    text = (tmp_path / "plan.json").read_text()
    (tmp_path / "plan.json").write_text(text.replace("100.64.0.0/18", "100.64.0.0/17"))
    damaged = plan("--check", tmp_path / "plan.json")

    assert whole.exit_code == 0
    assert whole.output.startswith(
        f"{tmp_path / 'plan.json'}: the plan holds.\n  - 3 ranges, each once, of the size"
    )
    assert "nothing was changed since it was written" in whole.output
    assert damaged.exit_code == 1
    assert "Fault: shop/pods: " in damaged.output


def test_plan__check_sees_that_only_the_list_of_ranges_was_changed(request_file, tmp_path):
    plan(request_file, "-o", tmp_path / "plan.json")
    document = json.loads((tmp_path / "plan.json").read_text())
    document["ranges"][0]["range"] = "100.64.64.0/18"
    (tmp_path / "plan.json").write_text(json.dumps(document))

    result = plan("--check", tmp_path / "plan.json")

    assert result.exit_code == 1
    assert "the plan lists other ranges than its certificate" in result.output


@pytest.mark.parametrize(
    "damage",
    [
        lambda plan: plan["settings"][0].update(text="podSubnet: 192.168.0.0/16"),
        lambda plan: plan["settings"].clear(),
        lambda plan: plan["ranges"][0].update(needed=1),
        lambda plan: plan["ranges"][0].update(holds=10**6),
        lambda plan: plan["ranges"][0].update(binds="nothing"),
        lambda plan: plan["notes"].append("all is well"),
        lambda plan: plan["assumptions"].pop(),
        lambda plan: plan["clusters"].clear(),
        lambda plan: plan.update(title="1 cluster"),
        lambda plan: plan.pop("sha256"),
    ],
)
def test_plan__check_refuses_a_plan_that_was_edited_beside_its_certificate(request_file, tmp_path, damage):
    plan(request_file, "-o", tmp_path / "plan.json")
    document = json.loads((tmp_path / "plan.json").read_text())
    damage(document)
    (tmp_path / "plan.json").write_text(json.dumps(document))

    result = plan("--check", tmp_path / "plan.json")

    assert result.exit_code == 1
    assert result.output.startswith("Fault: ")


def test_plan__check_of_a_plan_without_certificate_does_not_hold(tmp_path):
    (tmp_path / "plan.json").write_text('{"schema": "kubenetlab/plan/v1", "ranges": []}')

    result = plan("--check", tmp_path / "plan.json")

    assert result.exit_code == 1
    assert "Fault: this is not readable: KeyError" in result.output


def test_plan__from_drafts_a_request_that_can_be_planned(tmp_path):
    (tmp_path / "prod.json").write_text(dump(NODE, POD, SERVICE))

    draft = plan("--from", tmp_path / "prod.json", "sample:shop")
    (tmp_path / "request.yaml").write_text(draft.output)

    assert "- name: prod\n" in draft.output
    assert "- name: shop\n" in draft.output
    assert plan(tmp_path / "request.yaml").exit_code == 0


def test_plan__from_writes_the_request_into_a_file(tmp_path):
    result = plan("--from", "sample:shop", "-o", tmp_path / "request.yaml")

    assert result.output == f"{tmp_path / 'request.yaml'}\n"
    assert plan(tmp_path / "request.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.yaml"], "no.yaml: found no readable file (No such file or directory)"),
        ([], "Missing argument 'REQUEST'"),
        (["a.yaml", "b.yaml"], "one file is read at a time, 2 were given"),
        (
            [PLANS / "fleet.yaml", "-o", "plan.txt"],
            "-o plan.txt: expected a name that ends in .html, .json, .csv",
        ),
        (
            [PLANS / "fleet.yaml", "-o", "no/such/plan.html"],
            "the folder no/such does not exist; nothing was written",
        ),
        (
            [PLANS / "one-cluster.yaml", "--settings", "bank"],
            "--settings: there is no cluster bank, there are shop",
        ),
        (
            [PLANS / "one-cluster.yaml", "--keep", PLANS / "one-cluster.yaml"],
            "found no JSON, expected a plan",
        ),
        (["--check", PLANS / "one-cluster.yaml"], "found no JSON, expected a plan"),
        (
            ["--from", "sample:shop", "--keep", "x.json"],
            "--from and --keep have nothing to do with each other",
        ),
        (["--from", "sample:shop", "--check"], "--from and --check have nothing to do with each other"),
        ([PLANS / "in-use.csv"], "expected one map with clusters and parents"),
    ],
)
def test_plan__refuses_in_one_line(arguments, message):
    result = plan(*arguments)

    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_plan__does_not_overwrite_the_request(tmp_path):
    (tmp_path / "request.json").write_text('{"clusters": [{"name": "a"}]}')

    result = plan(tmp_path / "request.json", "-o", tmp_path / "request.json")

    assert result.exit_code == 2
    assert "is the request itself" in result.output


def test_plan__is_the_same_bytes_whatever_the_environment(tmp_path):
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}

    for name, variables in {"here": {"PYTHONHASHSEED": "1"}, "there": elsewhere}.items():
        run("plan", PLANS / "fleet.yaml", "-o", tmp_path / f"{name}.html", variables=variables)

    assert (tmp_path / "here.html").read_bytes() == (tmp_path / "there.html").read_bytes()


def test_plan__does_not_overwrite_a_file_that_the_request_reads(tmp_path):
    (tmp_path / "nb.csv").write_text("prefix\n10.0.0.0/24\n")
    (tmp_path / "request.yaml").write_text(f"in_use: [{{netbox: nb.csv}}]\n{REQUEST}")

    result = plan(tmp_path / "request.yaml", "-o", tmp_path / "nb.csv")

    assert result.exit_code == 2
    assert "nb.csv is read by the request; name another file for the plan" in result.output
    assert (tmp_path / "nb.csv").read_text() == "prefix\n10.0.0.0/24\n"


def test_plan__of_an_impossible_request_says_that_nothing_was_written(tmp_path):
    result = plan("sample:impossible", "-o", tmp_path / "plan.json")

    assert result.exit_code == 1
    assert f"{tmp_path / 'plan.json'}: nothing was written, there is no plan" in result.output
    assert not (tmp_path / "plan.json").exists()


def test_plan__says_that_a_relaxation_ends_other_conflicts_too(tmp_path):
    head = "parents: {pods: 100.64.0.0/18, services: 172.20.0.0/26, nodes: 10.0.0.0/9}\n"
    clusters = (
        "clusters: [{name: a, nodes: 300, pods_per_node: 40}, {name: b, nodes: 300, pods_per_node: 40}]\n"
    )
    (tmp_path / "request.yaml").write_text(head + clusters)

    result = plan(tmp_path / "request.yaml")

    assert result.exit_code == 1
    assert "They are not the only ones: " in result.output


def test_plan__names_no_more_than_20_requirements_that_are_in_the_way(tmp_path):
    clusters = "".join(f"- {{name: c{n}, nodes: 7, pods_per_node: 9, mesh: m}}\n" for n in range(33))
    head = "parents: {pods: 100.64.0.0/17, services: 172.20.0.0/14, nodes: 10.0.0.0/9}\nclusters:\n"
    (tmp_path / "request.yaml").write_text(head + clusters)

    result = plan(tmp_path / "request.yaml")

    assert result.exit_code == 1
    assert sum(line.startswith("  - ") for line in result.output.splitlines()) == 20
    assert " more of 33 (--format json has them all)" in result.output


def test_plan__compare_without_keep_says_how_nobody_moves(request_file, tmp_path):
    plan(request_file, "-o", tmp_path / "old.json")
    request_file.write_text(REQUEST + "- {name: big, nodes: 900, pods_per_node: 40, mesh: m}\n")

    moved = plan(request_file, "--compare", tmp_path / "old.json")
    kept = plan(request_file, "--compare", tmp_path / "old.json", "--keep", tmp_path / "old.json")

    assert f" moved; with --keep {tmp_path / 'old.json'} nobody moves who need not" in moved.output
    assert "--keep" not in kept.output


def test_plan__in_a_narrow_terminal_cuts_no_name_and_no_range(tmp_path, monkeypatch):
    monkeypatch.setattr("kubenetlab.cli.plan_output._is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    name = "a" * 63
    (tmp_path / "request.yaml").write_text(REQUEST.replace("name: shop", f"name: {name}"))

    result = plan(tmp_path / "request.yaml")

    assert f"{name}/pods      100.64.0.0/18\n" in result.output
    assert "the terminal is too narrow for: addresses, needed of room, binds, full in" in result.output


def test_plan__refuses_a_pod_range_where_nodes_hold_the_pods_rather_than_give_it_to_others(tmp_path):
    old = "- {name: old, platform: eks, instance_type: m5.large, nodes: 3, pods_per_node: 20, pod_cidr: 10.0.0.0/24}\n"
    (tmp_path / "request.yaml").write_text(REQUEST + old)

    result = plan(tmp_path / "request.yaml")

    assert result.exit_code == 2
    assert "cluster old: pod_cidr: found 10.0.0.0/24, expected nothing with aws-vpc-cni" in result.output
