import pytest
from click.testing import CliRunner

from kubenetlab.cli import main
from tests.cli.command_line import NODE, POD, SERVICE, dump, run


def report(*arguments, stdin=""):
    return CliRunner().invoke(main, ["report", *map(str, arguments)], input=stdin, prog_name="kubenetlab")


def test_report__writes_a_page_and_prints_its_path(tmp_path):
    result = report("-", "-o", tmp_path / "shop.html", "--title", "My shop", stdin=dump(NODE, POD, SERVICE))

    assert (result.exit_code, result.output) == (0, f"{tmp_path / 'shop.html'}\n")
    assert "<title>My shop</title>" in (tmp_path / "shop.html").read_text("utf-8")


def test_report__reads_several_sources_as_one_cluster(tmp_path):
    (tmp_path / "nodes.json").write_text(dump(NODE))
    (tmp_path / "pods.json").write_text(dump(POD))

    result = report(tmp_path / "nodes.json", tmp_path / "pods.json", "-o", tmp_path / "both.html")

    html = (tmp_path / "both.html").read_text("utf-8")
    assert result.exit_code == 0
    assert "worker-1" in html
    assert "10.244.1.0/24" in html


@pytest.mark.parametrize("missing", [["-"], ["-o", "x.html"]])
def test_report__needs_a_source_and_an_output(missing):
    assert report(*missing).exit_code == 2


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("no/such/x.html", "Error: no/such/x.html: the folder no/such does not exist; nothing was written"),
        ("", "Error: -o names no file; give the HTML file to write, such as -o report.html."),
    ],
)
def test_report__names_the_output_that_it_cannot_write(output, message):
    result = report("sample:shop", "-o", output)

    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith(message)


def test_report__names_the_output_where_a_file_beside_it_cannot_be_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def fail(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(tmp_path.resolve() / ".x.html-abc.part"))

    monkeypatch.setattr("kubenetlab.report.write_report", fail)

    assert report("sample:shop", "-o", "x.html").output == "Error: permission denied: x.html\n"


def test_report__does_not_overwrite_the_dump(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(NODE))

    result = report(source, "-o", source)

    assert result.exit_code == 2
    assert "is the dump itself" in result.output
    assert source.read_text() == dump(NODE)


def test_report__is_the_same_bytes_whatever_the_environment(tmp_path):
    (tmp_path / "matplotlibrc").write_text("axes.grid: True\nfont.size: 20\n")
    elsewhere = {
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Kathmandu",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
    }

    for name, variables in {"here": {"PYTHONHASHSEED": "1"}, "there": elsewhere}.items():
        run("report", "sample:shop", "-o", tmp_path / f"{name}.html", variables=variables)

    assert (tmp_path / "here.html").read_bytes() == (tmp_path / "there.html").read_bytes()
