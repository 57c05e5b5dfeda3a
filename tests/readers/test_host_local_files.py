"""host-local's data directory: a copy, and what ls, find and grep print of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.objects.listings import HostLocalFile
from kubenetlab.readers import read_bytes, read_cluster
from kubenetlab.readers.host_local_files import files_in_text, is_host_local_text
from tests.readers.test_cloud_listings import NODE

PATH = "/var/lib/cni/networks/cbr0"
GREP = (
    f"{PATH}/10.244.1.7:0a1b2c\r\n{PATH}/10.244.1.7:eth0\n"
    f"{PATH}/fd00::7:0a1b2c\r\n{PATH}/fd00::7:eth0\n"
    f"{PATH}/last_reserved_ip.0:10.244.1.9\n"
)
LS_LONG = """total 8
drwxr-xr-x 2 root root 4096 Aug  1 10:00 .
drwxr-xr-x 4 root root 4096 Aug  1 10:00 ..
-rw-r--r-- 1 root root   70 Aug  1 10:00 10.244.1.7
-rw-r--r-- 1 root root   70 Aug  1 10:00 fd00::7
-rw-r--r-- 1 root root   10 Aug  1 10:00 last_reserved_ip.0
-rwxr-x--- 1 root root    0 Aug  1 10:00 lock
"""
LISTINGS = {
    "grep -r .": GREP,
    "ls": "10.244.1.7\nfd00::7\nlast_reserved_ip.0\nlock\n",
    "ls to a terminal": "10.244.1.7  fd00::7  last_reserved_ip.0  lock\n",
    "ls -la": LS_LONG,
    "ls -R": f"{PATH.rpartition('/')[0]}:\ncbr0\n\n{PATH}:\n10.244.1.7\nfd00::7\nlast_reserved_ip.0\nlock\n",
    "find": f"{PATH}\n{PATH}/lock\n{PATH}/10.244.1.7\n{PATH}/fd00::7\n{PATH}/last_reserved_ip.0\n",
    "ls with Windows' line ends": "10.244.1.7\r\nfd00::7\r\nlock\r\n",
}


@pytest.mark.parametrize("text", LISTINGS.values(), ids=LISTINGS)
def test_files_in_text__reads_what_people_can_print(text):
    assert is_host_local_text(text.encode())
    (found,) = files_in_text("x", text.encode())

    assert [file.address for file in found.files] == ["10.244.1.7", "fd00::7"]
    assert found.network in ("cbr0", "")


def test_files_in_text__grep_tells_container_interface_and_the_last_address():
    (found,) = files_in_text("x", GREP.encode())

    assert found.files[1] == HostLocalFile("fd00::7", "0a1b2c", "eth0")
    assert found.last_reserved == ("10.244.1.9",)


def test_files_in_text__keeps_networks_apart():
    text = "/n/a/10.244.1.7\n/n/b/10.244.1.7\n"

    assert [found.network for found in files_in_text("x", text.encode())] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kind: Pod\n",
        "nameserver 10.96.0.10\noptions ndots:5\n",
        "10.244.0.0/16\n",
        "status:\n  podIP: 10.244.1.7\n  hostIP: 10.0.0.4\n",
        "lock\n",
        "127.0.0.1 localhost\n10.0.0.4 worker-1\n",
    ],
)
def test_is_host_local_text__other_texts_are_none(text):
    assert not is_host_local_text(text.encode())


@given(st.text())
def test_files_in_text__never_fails_and_bounds_what_others_chose(text):
    for directory in files_in_text("x", f"/n/{text}/10.0.0.1:{text}\n".encode("utf-8", "replace")):
        for file in directory.files:
            assert len(file.container_id) <= 128
            assert (file.container_id + directory.network).isprintable()


def test_files_in_text__a_hostile_network_name_is_bounded():
    text = f"/n/{'a' * 5000}/10.0.0.1\n/m/{'b' * 300}/10.0.0.2\n"

    assert max(len(found.network) for found in files_in_text("x", text.encode())) <= 128


def write_directory(folder):
    folder.mkdir(parents=True)
    (folder / "10.244.1.7").write_bytes(b"0a1b2c\r\neth0")
    (folder / "last_reserved_ip.0").write_text("10.244.1.7")
    (folder / "lock").touch()


def test_read_cluster__reads_a_copied_directory_beside_a_dump(tmp_path):
    write_directory(tmp_path / "networks" / "cbr0")
    (tmp_path / "dump.json").write_text(json.dumps(NODE))

    cluster = read_cluster(tmp_path)

    (found,) = cluster.listings.host_local
    assert (found.network, found.files) == ("cbr0", (HostLocalFile("10.244.1.7", "0a1b2c", "eth0"),))
    assert found.last_reserved == ("10.244.1.7",)
    assert cluster.provenance.refused == ()


def test_read_cluster__a_copied_directory_is_one_source(tmp_path):
    write_directory(tmp_path / "node-a" / "cbr0")
    write_directory(tmp_path / "node-b" / "cbr0")
    (tmp_path / "node-b" / "cbr0" / "10.244.1.7").write_text("other")

    files = read_cluster(tmp_path).provenance.files

    assert [(file.name.rpartition("/")[2], file.format) for file in files] == [("cbr0", "host-local")] * 2
    assert files[0].n_bytes == len(b"0a1b2c\r\neth0") + len("10.244.1.7")
    assert files[0].sha256 != files[1].sha256


def test_read_cluster__reads_a_listing():
    (found,) = read_bytes("x", GREP.encode()).listings.host_local

    assert len(found.files) == 2


def test_read_cluster__reads_the_oldest_form_of_a_file(tmp_path):
    folder = tmp_path / "cbr0"
    folder.mkdir()
    (folder / "10.244.1.7").write_text("0a1b2c")

    (found,) = read_cluster(tmp_path).listings.host_local

    assert found.files == (HostLocalFile("10.244.1.7", "0a1b2c", ""),)


def test_read_cluster__bytes_that_are_no_text_stay_readable(tmp_path):
    folder = tmp_path / "cbr0"
    folder.mkdir()
    (folder / "10.244.1.7").write_bytes(b"\xff\x00\x1b[2J" + b"x" * 10_000)

    (found,) = read_cluster(tmp_path).listings.host_local

    assert found.files[0].container_id.isprintable()


def test_read_cluster__a_link_in_a_data_directory_is_not_followed(tmp_path):
    write_directory(tmp_path / "networks" / "cbr0")
    (tmp_path / "secret").write_text("a-private-text")
    (tmp_path / "networks" / "cbr0" / "10.244.1.99").symlink_to(tmp_path / "secret")

    (found,) = read_cluster(tmp_path / "networks").listings.host_local

    assert "10.244.1.99" not in [file.address for file in found.files]
    assert "a-private-text" not in str(found)
