import json

import netaddr
import pytest

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.readers import plan_file as module
from kubenetlab.readers.plan_file import SCHEMA, plan_file, read_plan_file


def document(*ranges, **more):
    return json.dumps(
        {"schema": SCHEMA, "ranges": [{"name": n, "range": r} for n, r in ranges], **more}
    ).encode()


def test_plan_file__has_the_ranges_by_name():
    assert plan_file(document(("a/pods", "10.0.0.0/16"))).networks == {
        "a/pods": netaddr.IPNetwork("10.0.0.0/16")
    }


def test_read_plan_file__reads_a_file(tmp_path):
    (tmp_path / "plan.json").write_bytes(document(certificate={"sha256": "x"}))

    assert read_plan_file(tmp_path / "plan.json").certificate == {"sha256": "x"}


def test_plan_file__keeps_the_whole_document():
    data = document(("a/pods", "10.0.0.0/16"), notes=["x"], document="y")

    assert plan_file(data).document == json.loads(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"nothing", "found no JSON, expected a plan"),
        (b"PK\x03\x04", "found no JSON, expected a plan"),
        (b"\xff", "found no JSON, expected a plan"),
        (b"[]", "found schema None, expected kubenetlab/plan/v1"),
        (b'{"schema": "kubenetlab/check/v1"}', "found schema 'kubenetlab/check/v1', expected"),
    ],
)
def test_plan_file__refuses_what_is_no_plan(data, message):
    with pytest.raises(UnreadableError, match=message):
        plan_file(data)


@pytest.mark.parametrize("text", ["10.0.0.1/16", "10.0.0.0/33", "x", "10.0.0.0"])
def test_plan_file__refuses_what_is_no_range(text):
    with pytest.raises(
        ManifestError, match=r"the plan: ranges\[0\]\.range: found .*, expected a range without host bits"
    ):
        plan_file(document(("a/pods", text)))


def test_plan_file__refuses_a_field_of_another_type():
    with pytest.raises(ManifestError, match="ranges: found 3, expected a list"):
        plan_file(json.dumps({"schema": SCHEMA, "ranges": 3}).encode())


def test_read_plan_file__bounds_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_PLAN_BYTES", 10)
    (tmp_path / "plan.json").write_bytes(document())

    with pytest.raises(UnreadableError, match=r"found .* bytes, expected a plan of at most 10"):
        read_plan_file(tmp_path / "plan.json")
