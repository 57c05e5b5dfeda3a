"""The replay of kube-proxy's recordings sees damage: in an output, and in what the model is given."""

import gzip
import json
import shutil

import pytest

from tests.golden_kube_proxy import CASES, case_in, content
from tests.golden_kube_proxy_outputs import OUTPUTS
from tests.golden_replay import replay

#: A case that has most outputs, and one that has those of IPv6.
CASE, DUAL_STACK = "018-nodeport-etp-local-with-local", "068-dual-stack-lb"
RECORDED = {
    path.name.removeprefix("output.").removesuffix(".gz"): case
    for case in (DUAL_STACK, CASE)
    for path in (CASES / case).iterdir()
    if path.name.startswith("output.")
}
#: What to damage in an output that is not one whole text: a fragment, and what becomes of it.
DAMAGE = {
    "categories.json": ('"hasAnyEndpoints": true', '"hasAnyEndpoints": false'),
    "trace.jsonl": ('"masquerade":false', '"masquerade":true'),
    "nft-trace.jsonl": ('"masquerade":false', '"masquerade":true'),
    "iptables-nft-save": ("-j ACCEPT", "-j DROP"),
    "iptables-legacy-save": ("-j ACCEPT", "-j DROP"),
    "ip6tables-nft-save": ("-j ACCEPT", "-j DROP"),
    "nft-kernel-list": ("mark set", "mark set mark or 0x1 mark set"),
}


@pytest.fixture
def copied(tmp_path):
    """A function that copies a case into a folder of recordings, with one file's text changed."""

    def copy(case, file, change):
        shutil.rmtree(tmp_path / "kube-proxy", ignore_errors=True)
        folder = tmp_path / "kube-proxy" / case
        shutil.copytree(CASES / case, folder)
        text = content(folder, file).decode()
        (folder / f"{file}.gz").unlink(missing_ok=True)
        (folder / file).write_text(change(text), "utf-8")
        return tmp_path

    return copy


def disagreeing(folder):
    case_in.cache_clear()
    tallies = replay(folder)
    return {output for (_, output), tally in tallies.items() if tally.disagree}


@pytest.mark.parametrize("output", RECORDED)
def test_replay__sees_a_damaged_output(copied, output):
    old, new = DAMAGE.get(output.removeprefix("ipv6."), ("4", "5"))

    def damage(text):
        assert old in text
        return text.replace(old, new, 1)

    assert output in disagreeing(copied(RECORDED[output], f"output.{output}", damage))


@pytest.mark.parametrize("output", [o for o in RECORDED if o.endswith("ipvs") or "rules" in o or "save" in o])
def test_replay__sees_a_line_missing(copied, output):
    def damage(text):
        return "".join(text.splitlines(keepends=True)[:-2])

    assert output in disagreeing(copied(RECORDED[output], f"output.{output}", damage))


def test_replay__a_model_sees_its_inputs(copied):
    def without_a_slice(text):
        document = json.loads(text)
        document["endpointSlices"] = []
        return json.dumps(document)

    folder = copied(CASE, "input.json", without_a_slice)

    assert {
        "categories.json",
        "rules",
        "save",
        "nft",
        "nft-dump",
        "ipvs",
        "iptables-nft-save",
    } <= disagreeing(folder)


def test_replay__finds_packed_files(copied, tmp_path):
    folder = copied(CASE, "input.json", lambda text: text) / "kube-proxy" / CASE
    for path in list(folder.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()

    assert disagreeing(tmp_path) == set()


def test_outputs__every_recorded_kind_is_in_the_table():
    kinds = {p.name.removeprefix("output.").removesuffix(".gz") for p in CASES.rglob("output.*")}

    assert kinds <= set(OUTPUTS)


def test_case_in__without_defaults_a_slice_port_without_name_does_not_count(copied):
    def nameless(text):
        document = json.loads(text) | {"noDefaults": True}
        for piece in document["endpointSlices"]:
            piece["endpoints"][0]["hints"] = None
            piece["ports"][0].pop("name")
        return json.dumps(document)

    folder = copied(CASE, "input.json", nameless) / "kube-proxy" / CASE
    case_in.cache_clear()

    assert [selection.everything for _, selection in case_in(folder, 4).ports] == [()]
