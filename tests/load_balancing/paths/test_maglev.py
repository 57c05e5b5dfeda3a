from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.load_balancing.paths import _kernels_maglev
from kubenetlab.load_balancing.paths.maglev import TABLE_SIZES, maglev_disruption, maglev_table
from tests.load_balancing.paths import reference

WEIGHTS = {"one": 2, "three": 13, "two": 111, "tzwe": 10}

# Cilium, pkg/maglev/maglev_test.go, TestReproducible: slots by backend, as number(how many in a row).
CILIUM_251 = (
    "2(5),3(1),2(3),1(1),2(2),0(1),2(1),3(1),2(1),3(1),2(1),1(1),2(7),1(1),2(14),3(1),2(1),1(2),2(12),3(1),2(3),1(1),"
    "2(4),3(1),2(8),3(1),2(2),1(1),2(16),1(2),2(3),3(1),2(11),1(2),2(4),3(1),2(3),1(1),2(4),3(1),2(1),0(1),1(1),2(8),"
    "1(1),2(7),1(1),2(4),3(1),2(1),3(1),2(9),1(2),2(5),1(1),2(7),3(1),2(1),3(1),1(1),2(8),1(1),2(4),0(1),2(1),1(1),"
    "2(5),3(1),2(3),1(1),2(4),3(1),2(3),1(1),2(12),0(1),3(1),2(3),3(1),2(4),3(1),2(2),1(1),2(7)"
)


def cilium_name(number):
    return f"[0.0.0.{number}:{number}/TCP,State:active]"


def equal_backends(n):
    return {f"[10.244.{i // 250}.{i % 250 + 1}:8080/TCP,State:active]": 1 for i in range(n)}


@settings(max_examples=40)
@given(data=st.data(), n_backends=st.integers(1, 40), is_weighted=st.booleans())
def test_fill_slots__agrees_with_reference(data, n_backends, is_weighted):
    n_slots, size = 251, {"min_size": n_backends, "max_size": n_backends}
    offset = data.draw(st.lists(st.integers(0, n_slots - 1), **size))
    skip = data.draw(st.lists(st.integers(1, n_slots - 1), **size))
    weight = data.draw(st.lists(st.integers(1, 200 if is_weighted else 1), **size))

    actual = _kernels_maglev.fill_slots(*map(np.array, (offset, skip, weight)), n_slots)

    assert actual.tolist() == reference.fill_slots(offset, skip, weight, n_slots)


def test_maglev_table__is_ciliums_slot_by_slot():
    weights = {cilium_name(number): weight for number, weight in ((1, 2), (3, 13), (4, 111), (5, 10))}

    table = maglev_table(weights, 251)

    runs = [f"{backend}({len(list(run))})" for backend, run in groupby(table.tolist())]
    assert ",".join(runs) == CILIUM_251


@pytest.mark.parametrize(
    "weights", [WEIGHTS, {cilium_name(i): w for i, w in enumerate(WEIGHTS.values(), 1)}], ids=["old", "new"]
)
def test_maglev_table__has_the_published_weighted_slots(weights):
    # Cilium, pkg/maglev/maglev_test.go, TestWeightedBackendWithRemoval, with the names of before and of now
    assert np.bincount(maglev_table(weights, 1021)).tolist() == [16, 98, 832, 75]


@pytest.mark.parametrize("table_size", TABLE_SIZES[:7])
def test_maglev_table__equal_backends_differ_by_one_slot(table_size):
    slots = np.bincount(maglev_table(equal_backends(7), table_size))

    assert set(slots) == {table_size // 7, table_size // 7 + 1}


@settings(max_examples=30)
@given(st.permutations(list(WEIGHTS)))
def test_maglev_table__is_the_same_in_whatever_order_backends_are_given(names):
    table = maglev_table({name: WEIGHTS[name] for name in names}, 251)

    expected = maglev_table(WEIGHTS, 251)
    assert [names[i] for i in table] == [list(WEIGHTS)[i] for i in expected]


def test_maglev_table__ignores_weights_below_two_on_the_average():
    assert (maglev_table({"a": 1, "b": 2}, 251) == maglev_table({"a": 1, "b": 1}, 251)).all()


def test_maglev_table__depends_on_the_seed():
    assert (maglev_table(WEIGHTS, 251) != maglev_table(WEIGHTS, 251, "AAAAAAAAAAAAAAAA")).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({}, 251), "backends: found 0, expected from 1 to 251"),
        ((equal_backends(252), 251), "backends: found 252, expected from 1 to 251"),
        ((WEIGHTS, 1000), "table_size: found 1000, expected one of 251, 509"),
        (({"a": 0}, 251), "weight: found '0 for a', expected a whole number from 1 to 65535"),
        (({"a": 65536}, 251), "weight: found '65536 for a'"),
        (({"a": 1.5}, 251), "weight: found '1.5 for a'"),
        (({"a": float("nan")}, 251), "weight: found 'nan for a'"),
        (({"a": True}, 251), "weight: found 'True for a'"),
        ((WEIGHTS, 251, "AAAA"), "seed: found 'AAAA', expected 12 bytes in base64"),
        ((WEIGHTS, 251, "not base64!"), "seed: found 'not base64!'"),
    ],
)
def test_maglev_table__refuses_what_cilium_would_not_take(arguments, message):
    with pytest.raises(ValueError, match=message):
        maglev_table(*arguments)


# Equal weights, 16,381 slots: most by fewest slots less one, and the share of slots that move without need when one
# backend of so many leaves. The spread does not depend on the names; what moves does: bounds from other names.
@pytest.mark.parametrize(
    ("n_backends", "spread", "low", "high"),
    [
        (10, 0.0006, 0.001, 0.010),
        (50, 0.0031, 0.006, 0.014),
        (100, 0.0061, 0.009, 0.016),
        (160, 0.0098, 0.011, 0.019),
        (300, 0.0185, 0.011, 0.019),
    ],
)
def test_maglev_disruption__spread_and_needless_moves_are_those_measured(n_backends, spread, low, high):
    backends = equal_backends(n_backends)

    frame = maglev_disruption(backends, [list(backends)[n_backends // 2]]).frame

    needless = frame.loc[~frame["is_removed"], "slots_lost"].sum() / 16381
    assert frame["slots_before"].max() / frame["slots_before"].min() - 1 == pytest.approx(spread, abs=5e-5)
    assert low < needless < high


@pytest.mark.parametrize("removed", [["one"], ["two", "tzwe"]])
def test_maglev_disruption__counts_agree_with_the_tables(removed):
    kept = {name: weight for name, weight in WEIGHTS.items() if name not in removed}
    before = [list(WEIGHTS)[i] for i in maglev_table(WEIGHTS, 1021)]
    after = [list(kept)[i] for i in maglev_table(kept, 1021)]

    frame = maglev_disruption(WEIGHTS, removed, 1021).frame.set_index("backend")

    assert frame["slots_before"].to_dict() == Counter(before)
    assert frame["slots_after"].to_dict() == {**dict.fromkeys(removed, 0), **Counter(after)}
    lost = Counter(old for old, new in zip(before, after, strict=True) if old != new)
    assert frame["slots_lost"].to_dict() == {name: lost[name] for name in WEIGHTS}
    assert frame["share_after"].sum() == pytest.approx(1)


def test_maglev_disruption__weighted_moves_are_below_one_percent_as_cilium_tests():
    # Cilium, pkg/maglev/maglev_test.go, TestWeightedBackendWithRemoval
    backends = {cilium_name(i): weight for i, weight in enumerate(WEIGHTS.values(), 1)}

    frame = maglev_disruption(backends, [cilium_name(1)], 1021).frame

    assert frame.loc[~frame["is_removed"], "slots_lost"].sum() < 0.01 * 1021


@pytest.mark.parametrize(
    ("n_backends", "table_size", "said"),
    [(2, 251, "is kept"), (3, 251, "is broken"), (163, 16381, "is kept")],
)
def test_maglev_disruption__says_whether_the_table_is_large_enough(n_backends, table_size, said):
    backends = equal_backends(n_backends)

    because = maglev_disruption(backends, list(backends)[:1], table_size).because

    assert any(said in reason for reason in because)


@pytest.mark.parametrize(("weights", "is_said"), [([1, 1], False), ([1, 2], True), ([2, 2], False)])
def test_maglev_disruption__says_where_weights_do_not_count(weights, is_said):
    because = maglev_disruption(dict(zip("ab", weights, strict=True)), "a", 251).because

    assert any("ignores weights" in reason for reason in because) is is_said


@pytest.mark.parametrize("removed", [["nobody"], list(WEIGHTS)])
def test_maglev_disruption__refuses_to_remove_what_is_not_there_or_everything(removed):
    with pytest.raises(ValueError, match=r"removed: found .*, expected some backends, not all"):
        maglev_disruption(WEIGHTS, removed)
