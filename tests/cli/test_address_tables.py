import json

import pytest
from click.testing import CliRunner

from kubenetlab.cli import main
from tests.cli.command_line import NODE, POD, SERVICE, changed, dump
from tests.readers import cloud_listings as listings


def show(*arguments, stdin=None, exit_code=0):
    result = CliRunner().invoke(main, ["show", *map(str, arguments)], input=stdin, prog_name="kubenetlab")
    assert result.exit_code == exit_code, result.output
    return result.output


def tables(*arguments, stdin=None):
    document = json.loads(show(*arguments, "--format", "json", stdin=stdin))
    return {table["title"]: table["rows"] for table in document["tables"]}


@pytest.fixture
def dump_file(tmp_path):
    path = tmp_path / "dump.json"
    path.write_text(dump(NODE, POD, SERVICE))
    return path


def test_show__without_a_word_tells_how_full_the_ranges_are():
    output = show("sample:platform")

    assert "\nRanges (largest_free: block that nothing takes; part: what a node gets)\n" in output
    assert "10.54.0.0/15" in output


def test_show__addresses_tells_ranges_nodes_and_mtu():
    titles = [title.split(" ")[0] for title in tables("sample:shop", "addresses")]

    assert {"Ranges", "Nodes", "Pod"} <= set(titles)
    assert "Days" not in titles


def test_show__with_a_growth_tells_how_long_ranges_last():
    found = tables("sample:platform", "addresses", "--growth", "50-100%")

    (title,) = (title for title in found if title.startswith("Days left at 50 % to 100 % a year"))
    assert title.endswith("first to run out: 10.52.0.0/14 (1,225 to 2,095 days)")
    assert found[title][0]["days_low"] == 1225


def test_show__growth_goes_with_ranges_only():
    assert "--growth goes with no WHAT or with addresses, not with 'pods'" in show(
        "sample:shop", "pods", "--growth", "5%", exit_code=2
    )


def test_show__a_growth_that_is_none_is_refused_in_one_line():
    assert "found 'much', expected 20%, 20-40% (a year) or 2-5/day" in show(
        "sample:shop", "--growth", "much", exit_code=2
    )


def test_show__also_reads_the_clouds_listing(dump_file):
    found = tables(dump_file, "addresses", "--also", "-", stdin=json.dumps(listings.AWS_SUBNETS))

    assert found["Subnets of the cloud"][0]["n_free"] == 233


def test_show__also_reads_host_locals_files(dump_file):
    text = "/var/lib/cni/networks/cbr0/10.244.1.7:ab\n/var/lib/cni/networks/cbr0/10.244.1.9:cd\n"

    found = tables(dump_file, "addresses", "--also", "-", stdin=text)

    (leak,) = found["Addresses that are leaked, or in use without a file"]
    assert (leak["node"], leak["address"], leak["state"]) == ("worker-1", "10.244.1.9", "leaked")
    assert found["host-local's files"][0]["leaked_share"] == pytest.approx(0.004, abs=1e-4)


def test_show__a_listing_alone_is_a_source(tmp_path):
    listings.write(tmp_path, subnets=listings.AWS_SUBNETS)

    assert "subnet-0b" in show(tmp_path, "addresses")


def test_show__counts_beyond_64_bits_stay_whole(tmp_path):
    node = changed(NODE, ("spec", "podCIDR"), "fd00::/64")
    settings = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kube-controller-manager-a", "namespace": "kube-system"},
        "spec": {
            "containers": [{"name": "x", "command": ["kube-controller-manager", "--cluster-cidr=fd00::/48"]}]
        },
    }
    path = tmp_path / "dump.json"
    path.write_text(dump(node, settings))

    rows = next(rows for title, rows in tables(path, "addresses").items() if title.startswith("Ranges"))

    assert rows[0]["n_usable"] == 2**80


def test_show__terminals_obey_no_name_of_a_listing(dump_file):
    subnets = {"Subnets": [{"SubnetId": "\x1b[2J", "CidrBlock": "10.0.0.0/24"}]}

    output = show(dump_file, "addresses", "--also", "-", stdin=json.dumps(subnets))

    assert "\x1b" not in output
    assert "\\x1b[2J" in output
