"""Every kind of recorded field counts: damage one, take it away or add one, and one recording fewer agrees."""

import copy
import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import copyfile

import pytest

from tests.golden_models import MODELS
from tests.golden_recordings import INPUTS, recordings
from tests.golden_replay import replay

GOLDEN = Path(__file__).parent / "golden"
SEEN_ELSEWHERE = {("node-cidrs", "trace")}  # and kube-proxy: test_golden_kube_proxy
NOT_RECORDED = {("resolvers", "musl-1.2.3")}
KEYS = [key for key in MODELS if key not in SEEN_ELSEWHERE | NOT_RECORDED and key[0] != "kube-proxy"]
LABELS = {"cases.*.set"}  # of the recorder: it says whether waits are compared
#: Their records hold what was asked beside what came back, so that a new field may be either.
MIXED = {("coredns", "trace"), *(key for key in KEYS if key[0] in ("coredns-cache", "resolvers"))}
TRIES = 5  # recordings of a group that may show that a field counts
# A byte of a text, the next number, the other truth value; nothing becomes something.
DAMAGED = {
    str: lambda text: text[:-1] + chr(ord(text[-1]) ^ 1) if text else "?",
    int: lambda number: number + 1,
    float: lambda number: number + 1,
    bool: lambda truth: not truth,
    type(None): lambda _: "?",
}


def leaves(value, path=()):
    """Every value that holds no others, with the way to it."""
    parts = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if parts is None:
        yield path, value
    else:
        for name, part in parts:
            yield from leaves(part, (*path, name))


def kind(path):
    """The way to a value without numbers and addresses: which field of a recording it is."""
    return ".".join("*" if re.search(r"\A[\d.]+\Z|:", str(name)) else name for name in path)


def changed(document, path, change):
    """A copy of a document with a change to what holds the value at the end of a way."""
    document = copy.deepcopy(document)
    holder = document
    for name in path[:-1]:
        holder = holder[name]
    change(holder, path[-1])
    return document


def recorded_by_split(recording, document):
    """What a changed document says was recorded; None where it can no longer be split, which is a disagreement too."""
    try:
        return MODELS[recording.component, recording.output].split(replace(recording, document=document))[1]
    except Exception:
        return None


def damage(holder, name):
    holder[name] = DAMAGED[type(holder[name])](holder[name])


def remove(holder, name):
    del holder[name]


@cache
def recordings_of(key):
    return [alone(r) for r in recordings(GOLDEN) if (r.component, r.output) == key]


def alone(recording):
    """A recording without its neighbours where a document holds hundreds that have nothing to do with one another."""
    document, index = recording.document, recording.index
    if isinstance(document, dict) and "cases" in document:
        return replace(recording, document={**document, "cases": [document["cases"][index]]}, index=0)
    if isinstance(document, list) and "variant" in document[index]:
        rows = document[: index + 1]
        mine = [
            row for row in rows if (row["variant"], row["name"]) == (rows[-1]["variant"], rows[-1]["name"])
        ]
        return replace(recording, document=mine, index=len(mine) - 1)
    return recording


def places():
    """One place for each kind of recorded field of each component: the recording, and the way."""
    found, tried = {}, Counter()
    for key in KEYS:
        for recording in recordings_of(key):
            for field, path in kinds_of(recording).items():
                story = (*key, field, set_of(recording))
                tried[story] += 1
                if tried[story] > TRIES or (*key, field) in found:
                    continue
                if is_recorded(recording, path):
                    found[*key, field] = (recording, path)
    return [pytest.param(*place, id="/".join(name)) for name, place in found.items()]


def set_of(recording):
    """The group that a recording belongs to: what counts there may be an input elsewhere."""
    document = recording.document
    cases = document.get("cases", [{}]) if isinstance(document, dict) else [{}]
    return cases[0].get("set") if cases and isinstance(cases[0], dict) else None


def kinds_of(recording):
    """Each kind of field of a recording, with the way to the first of them."""
    document, index = recording.document, recording.index
    many = isinstance(document, list)
    ways = [path for path, _ in leaves(document) if not many or path[0] == index]
    return {kind(path): path for path in reversed(ways) if kind(path) not in LABELS}


def is_recorded(recording, path):
    """Whether a field belongs to the recorded answer, not to the inputs or labels."""
    after = changed(recording.document, path, damage)
    return recorded_by_split(recording, after) != recorded_by_split(recording, recording.document)


PLACES = places()


def agree(tmp_path, recording, document):
    """How many recordings of one file agree."""
    folder = tmp_path / recording.component
    folder.mkdir(exist_ok=True)
    for inputs in (path for path in recording.path.parent.iterdir() if path.name in INPUTS):
        copyfile(inputs, folder / inputs.name)
    (folder / recording.path.name.removesuffix(".gz")).write_text(json.dumps(document), "utf-8")
    return replay(tmp_path)[recording.component, recording.output].agree


@pytest.mark.parametrize(("recording", "path"), PLACES)
@pytest.mark.parametrize("change", [damage, remove])
def test_replay__sees_each_kind_of_field(tmp_path, recording, path, change):
    before = agree(tmp_path, recording, recording.document)

    after = agree(tmp_path, recording, changed(recording.document, path, change))

    assert before - after == 1


@pytest.mark.parametrize("key", [key for key in KEYS if key not in MIXED], ids="/".join)
def test_replay__sees_a_field_more(tmp_path, key):
    recording = recordings_of(key)[0]
    document = copy.deepcopy(recording.document)
    items = (document.get("rows") or document.get("answers")) if isinstance(document, dict) else document
    (items[0] if items else document)["nobody"] = 1

    before = agree(tmp_path, recording, recording.document)

    assert before - agree(tmp_path, recording, document) == 1


def test_places__cover_every_model():
    assert {(place.values[0].component, place.values[0].output) for place in PLACES} == set(KEYS)
