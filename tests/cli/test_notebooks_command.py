from click.testing import CliRunner

from kubenetlab.cli import main
from kubenetlab.samples import shipped_folder


def notebooks(*arguments):
    return CliRunner().invoke(main, ["notebooks", *map(str, arguments)], prog_name="kubenetlab")


def test_notebooks__are_copied_into_a_new_folder(tmp_path):
    result = notebooks(tmp_path / "mine")

    copied = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert result.exit_code == 0
    assert copied == sorted(path.name for path in shipped_folder("notebooks").glob("*.ipynb"))
    assert "00-meet-your-cluster.ipynb" in result.output


def test_notebooks__keep_what_is_there(tmp_path):
    mine = tmp_path / "00-meet-your-cluster.ipynb"
    mine.write_text("mine")

    result = notebooks(tmp_path)

    assert result.exit_code == 2
    assert "already holds 00-meet-your-cluster.ipynb; nothing was copied" in result.output
    assert mine.read_text() == "mine"


def test_notebooks__overwrite_by_force(tmp_path):
    mine = tmp_path / "00-meet-your-cluster.ipynb"
    mine.write_text("mine")

    assert notebooks(tmp_path, "--force").exit_code == 0
    assert mine.read_text() != "mine"


def test_notebooks__refuse_a_file_as_folder(tmp_path):
    (tmp_path / "file").write_text("")

    assert notebooks(tmp_path / "file").exit_code == 2
