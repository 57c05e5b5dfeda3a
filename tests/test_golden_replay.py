import gzip
import json
from pathlib import Path

import pytest

from tests import golden_replay
from tests.golden_models import MODELS
from tests.golden_recordings import recordings

GOLDEN = Path(__file__).parent / "golden"
NODE_CIDRS = GOLDEN / "node-cidrs"
TRACE = ("node-cidrs", "trace")


def documents():
    """Every recorded trace of node CIDRs by name."""
    return {r.case: r.document for r in recordings(GOLDEN) if r.component == "node-cidrs"}


def recorded_fields():
    """Each kind of recorded field, with a place where it stands: case, keys that lead there."""
    places = {}
    for case, document in documents().items():
        places |= {key: (case, ()) for key in ("maxCIDRs", "newError") if key in document}
        for index, step in enumerate(document.get("steps", [])):
            places |= dict.fromkeys(step.keys() - {"op", "cidr"}, (case, ("steps", index)))
    return sorted(places.items())


def agree(tmp_path, document):
    """How many of one recording agree."""
    folder = tmp_path / "node-cidrs"
    folder.mkdir(exist_ok=True)
    (folder / "case.json").write_text(json.dumps(document), "utf-8")
    return golden_replay.replay(tmp_path)[TRACE].agree


def fields_at(document, keys):
    for key in keys:
        document = document[key]
    return document


def keys_of(value):
    """The names of all fields in a document."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set(value if isinstance(value, dict) else ()).union(*map(keys_of, parts))


# A byte of a text, the next number, the other truth value.
DAMAGED = {
    str: lambda text: text[:-1] + chr(ord(text[-1]) ^ 1),
    int: lambda number: number + 1,
    bool: lambda truth: not truth,
}


def test_replay__all_recordings_have_a_model_and_agree():
    tallies = golden_replay.replay(GOLDEN)

    results = {key: (tally.disagreements, tally.not_modelled) for key, tally in tallies.items()}
    assert results == dict.fromkeys(tallies, ([], 0))


def test_replay__readme_says_what_it_gives():
    readme = golden_replay.README.read_text("utf-8")
    table = golden_replay.agreement_table(golden_replay.replay(GOLDEN))

    assert golden_replay.with_agreement_table(readme, table) == readme


def test_replay__golden_readme_names_every_component_and_its_cases():
    readme = (GOLDEN / "README.md").read_text("utf-8").splitlines()
    rows = {
        cells[1].strip(" `"): int(cells[3])
        for row in readme
        if len(cells := row.split("|")) > 4 and cells[3].strip().isdigit()
    }

    assert rows == {
        folder.name: len(list(folder.iterdir())) for folder in GOLDEN.iterdir() if folder.is_dir()
    }


@pytest.mark.parametrize(("field", "place"), recorded_fields())
def test_replay__sees_each_kind_of_field_damaged(tmp_path, field, place):
    case, keys = place
    document = documents()[case]
    before = agree(tmp_path, document)

    fields = fields_at(document, keys)
    fields[field] = DAMAGED[type(fields[field])](fields[field])

    assert (before, agree(tmp_path, document)) == (1, 0)


@pytest.mark.parametrize(("field", "place"), recorded_fields())
def test_replay__sees_each_kind_of_field_missing(tmp_path, field, place):
    case, keys = place
    document = documents()[case]

    del fields_at(document, keys)[field]

    assert agree(tmp_path, document) == 0


@pytest.mark.parametrize("component", sorted({component for component, _ in MODELS} - {"kube-proxy"}))
def test_split__hands_the_model_no_recorded_field(component):
    shared = {}
    for recording in recordings(GOLDEN):
        if recording.component == component:
            inputs, recorded = MODELS[component, recording.output].split(recording)
            shared[recording.case] = keys_of(inputs) & keys_of(recorded) - {"steps"}

    assert shared
    assert {case: names for case, names in shared.items() if names} == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda steps: steps.insert(0, steps.pop(1)),
        lambda steps: steps[0].update(error="none"),
        lambda steps: steps[0].update(tries=False),
        lambda steps: steps[0].update(op="allocat"),
    ],
    ids=["two steps swapped", "a field more", "another type", "an unknown operation"],
)
def test_replay__sees_damaged_steps(tmp_path, damage):
    document = documents()["release_finer_than_node"]
    damage(document["steps"])

    assert agree(tmp_path, document) == 0


def test_replay__a_file_that_cannot_be_read_disagrees(tmp_path):
    (tmp_path / "node-cidrs").mkdir()
    (tmp_path / "node-cidrs" / "cut.json.gz").write_bytes(gzip.compress(b"{}")[:-4])

    tally = golden_replay.replay(tmp_path)["node-cidrs", "unreadable"]

    assert (tally.total, tally.disagree) == (1, 1)


def test_replay__counts_every_output_of_a_component_without_model(tmp_path):
    (tmp_path / "dns").mkdir()
    (tmp_path / "dns" / "case.json").write_text('{"queries": ["a", "b"], "answers": [1, 2]}', "utf-8")
    (tmp_path / "rules" / "000").mkdir(parents=True)
    (tmp_path / "rules" / "000" / "input.json").write_text("{}", "utf-8")
    (tmp_path / "rules" / "000" / "output.save").write_text("*nat\n", "utf-8")
    (tmp_path / "rules" / "000" / "output.trace.jsonl").write_text("{}\n{}\n{}\n", "utf-8")

    tallies = golden_replay.replay(tmp_path)

    assert {key: (tally.total, tally.not_modelled) for key, tally in tallies.items()} == {
        ("dns", "answers"): (2, 2),
        ("rules", "save"): (1, 1),
        ("rules", "trace.jsonl"): (3, 3),
    }


@pytest.mark.parametrize(
    ("recorded", "answer", "difference"),
    [
        (b"one\ntwo\n", b"one\ntwo\n", ""),
        (b"one\ntwo\n", b"one\ntwo", "answer line 2"),
        (b"one\n", b"one\n\n", "answer line 2: recorded nothing"),
        ([1, 2], [2, 1], "answer[0]: recorded 1, model 2"),
        ({"a": None}, {}, "answer.a: recorded null, model nothing"),
        ({"a": [1]}, {"a": [True]}, "answer.a[0]: recorded 1, model true"),
    ],
)
def test_first_difference__shows_the_place_and_both_answers(recorded, answer, difference):
    assert golden_replay.first_difference(recorded, answer).startswith(difference)
    assert bool(golden_replay.first_difference(recorded, answer)) == bool(difference)


def test_main__exit_status_and_first_disagreements(tmp_path, capsys):
    document = documents()["v4_single"]
    document["steps"][0]["result"] = "127.123.234.0/31"
    agree(tmp_path, document)

    status = golden_replay.main([str(tmp_path)])

    assert status == 1
    assert capsys.readouterr().out == (
        "node-cidrs/trace: agree 0 of 1 (0 not modelled)\n"
        '  case: answer.steps[0].result: recorded "127.123.234.0/31", model "127.123.234.0/30"\n'
    )


def test_main__not_modelled_is_no_disagreement(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "case.json").write_text("{}", "utf-8")

    assert golden_replay.main([str(tmp_path)]) == 0


def test_main__refuses_a_folder_without_recordings(tmp_path, capsys):
    assert golden_replay.main([str(tmp_path)]) == 2
    assert "no recordings found" in capsys.readouterr().err
