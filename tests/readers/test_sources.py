import gzip
import io
import sys

import pytest

from kubenetlab.errors import UnreadableError
from kubenetlab.readers import sources
from kubenetlab.readers.sources import Content, digest_of, open_source, source_names, unpacked


def test_source_names__lists_a_directory_sorted_without_hidden_files(tmp_path):
    for name in ("b.json", "a.json", ".hidden", ".git/config", "sub/c.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert source_names(tmp_path) == [str(tmp_path / name) for name in ("a.json", "b.json", "sub/c.yaml")]


def test_source_names__hidden_directories_may_be_named():
    assert source_names(["-", "x/.y"]) == ["-", "x/.y"]


def test_source_names__bounds_the_number_of_files(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILES", 1)
    for name in "ab":
        (tmp_path / name).touch()

    with pytest.raises(UnreadableError, match="found more than 1 files, expected fewer"):
        source_names(tmp_path)


def test_open_source__bounds_the_size_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 3)
    (tmp_path / "a").write_text("abcd")

    with pytest.raises(UnreadableError, match="a: found 4 bytes, expected at most 3"):
        open_source(str(tmp_path / "a"))


def test_open_source__bounds_standard_input(monkeypatch):
    monkeypatch.setattr(sources, "MAX_HELD_BYTES", 3)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abcd")))

    with pytest.raises(UnreadableError, match="standard input: found more than 3 bytes"):
        open_source("-")


def test_unpacked__bounds_what_gzip_unpacks_to(monkeypatch):
    monkeypatch.setattr(sources, "MAX_HELD_BYTES", 1000)

    with pytest.raises(UnreadableError, match="found gzip that unpacks to more than 1,000 bytes"):
        unpacked(gzip.compress(b"\0" * 1001))


def test_unpacked__leaves_other_bytes_alone():
    data = b"{}"

    assert unpacked(data) is data


def test_digest_of__says_when_a_file_is_gone(tmp_path):
    (tmp_path / "a").write_text("abc")
    content = open_source(str(tmp_path / "a"))
    (tmp_path / "a").unlink()

    with pytest.raises(UnreadableError, match="found it gone while it was read"):
        digest_of(content)


def test_digest_of__is_sha256():
    assert digest_of(Content("x", b"abc")).startswith("ba7816bf8f01cfea")  # FIPS 180-2, appendix B.1


def test_source_names__refuses_a_directory_that_cannot_be_walked(tmp_path, monkeypatch):
    def walk(name, onerror):
        onerror(PermissionError(13, "Permission denied", name))
        return iter(())

    monkeypatch.setattr(sources.os, "walk", walk)

    with pytest.raises(UnreadableError, match=r"found no readable directory \(Permission denied\)"):
        source_names(tmp_path)


def test_open_source__names_any_file_in_print(tmp_path):
    path = bytes(tmp_path) + b"/\xff.json"
    with open(path, "wb") as file:
        file.write(b"{}")

    (name,) = source_names(tmp_path)
    content = open_source(name)

    assert content.name == f"{tmp_path}/\ufffd.json"
    assert len(digest_of(content)) == 64


def test_source_names__takes_no_open_file():
    with pytest.raises(TypeError, match="not BytesIO"):
        source_names(io.BytesIO())
