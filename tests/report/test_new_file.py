import os

import pytest

from kubenetlab.new_file import replace_file


def test_replace_file__replaces_content_and_keeps_permissions(tmp_path):
    path = tmp_path / "r.html"
    path.write_bytes(b"old")
    path.chmod(0o640)

    replace_file(path, b"new")

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_replace_file__a_new_file_has_the_permissions_of_a_normal_one(tmp_path):
    (tmp_path / "normal").write_bytes(b"")

    replace_file(tmp_path / "new", b"")

    assert (tmp_path / "new").stat().st_mode == (tmp_path / "normal").stat().st_mode


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_replace_file__the_old_file_stays_if_the_disk_fails(tmp_path, monkeypatch, failing):
    path = tmp_path / "r.html"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_replace_file__follows_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")

    replace_file(tmp_path / "link", b"new")

    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def test_replace_file__writes_into_a_pipe(tmp_path):
    reader, writer = os.pipe()

    replace_file(type(tmp_path)(f"/dev/fd/{writer}"), b"page")

    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"page"


def test_replace_file__says_that_the_folder_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "missing" / "r.html", b"")
