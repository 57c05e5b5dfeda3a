import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError
from kubenetlab.readers.rules import rules_from_text
from tests.readers.rules.mutations import mutated

SLOWEST_S = 5
BLOCK = 5_000


def outcome(seed):
    """Read a broken file; returns what came of it, its message if it was refused."""
    start = time.perf_counter()
    try:
        said = type(rules_from_text(mutated(seed), "rules")).__name__
    except KubenetlabError as error:
        said = str(error)
        assert said.startswith("rules: "), said
        assert said.isprintable(), said
    assert time.perf_counter() - start < SLOWEST_S
    return said


@pytest.mark.parametrize("first", range(0, 4 * BLOCK, BLOCK))
def test_rules_from_text__a_broken_file_is_read_or_refused_in_one_line(first):
    said = [outcome(seed) for seed in range(first, first + BLOCK)]

    n_read = said.count("RuleSet") + said.count("VirtualServers")
    assert 0.2 < n_read / BLOCK < 0.8
    assert len(set(said)) > BLOCK / 10


@given(seed=st.integers(BLOCK * 4, 2**62))
def test_rules_from_text__other_broken_files_too(seed):
    for number in range(100 if settings.default.max_examples > 1000 else 1):  # a million with `make fuzz`
        outcome(seed + number)
