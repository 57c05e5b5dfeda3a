import gzip
import re
from pathlib import Path

import pytest

from kubenetlab.findings import check
from kubenetlab.readers import read_bytes
from kubenetlab.synthetic import platform_dump, shop_dump

DATA = Path(__file__).parents[2] / "data"


def test_shop__is_what_the_command_writes():
    assert (DATA / "shop.json").read_bytes() == shop_dump().json()


def test_platform__is_what_the_command_writes():
    # the texts are compared: builds of zlib compress differently
    assert gzip.decompress((DATA / "platform.json.gz").read_bytes()) == platform_dump().json()


@pytest.mark.parametrize("make", [shop_dump, platform_dump])
def test_samples__what_was_planted_is_found_and_nothing_else(make):
    dump = make()

    found = {(finding.code, finding.object) for finding in check(read_bytes("sample", dump.json()))}

    assert found == {(planted.code, planted.object) for planted in dump.planted}


def test_shop__has_5_nodes_and_60_pods_and_is_small():
    cluster = shop_dump().cluster()

    assert (len(cluster.nodes), len(cluster.pods)) == (5, 60)
    assert (DATA / "shop.json").stat().st_size < 400_000
    assert (DATA / "platform.json.gz").stat().st_size < 1_500_000


def test_readme__tells_the_shops_mistakes():
    text = (DATA / "README.md").read_text(encoding="utf-8")

    rows = set(re.findall(r"^\| (KNL\d+) \| ([^|]+) \|", text, re.MULTILINE))
    assert rows == {(planted.code, planted.object) for planted in shop_dump().planted}


def test_readme__names_every_file():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    names = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file()}

    assert {name for name in names if f"`{name}`" not in text} == {"README.md"}


def test_rules__have_the_numbers_of_the_examples():
    # seeds 000 and 001: probabilities and addresses of the two published examples
    three = (DATA / "rules" / "000-statistic-example.rules").read_text(encoding="utf-8")
    two = (DATA / "rules" / "001-two-endpoints.rules").read_text(encoding="utf-8")

    assert re.findall(r"--probability (\S+)", three) == ["0.3", "0.3"]
    assert re.findall(r"--to-destination (\S+)", three) == [f"172.16.0.{n}:8080" for n in (1, 2, 3)]
    assert "-d 172.17.0.1/16" in three
    assert re.findall(r"--probability (\S+)", two) == ["0.50000000000"]
    assert re.findall(r"--to-destination (\S+)", two) == ["10.240.0.28:80", "10.240.0.57:80"]
