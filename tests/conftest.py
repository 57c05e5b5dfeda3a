"""Hypothesis profiles, and tests that need something of the machine (tests/requirements.py)."""

import os

import pytest
from hypothesis import settings

from tests import requirements

# In CI every run tries the same examples. The fuzz profile (`make fuzz`) tries many new ones.
settings.register_profile("kubenetlab", deadline=None, derandomize="CI" in os.environ, database=None)
settings.register_profile("fuzz", deadline=None, derandomize=False, max_examples=10_000, database=None)
settings.load_profile("kubenetlab")


def pytest_configure(config):
    try:
        config.kubenetlab_required = requirements.named(os.environ.get(requirements.ENVIRONMENT_VARIABLE, ""))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests recorded (record_property: a title and a text), also those of xdist's workers."""
    for report in terminalreporter.getreports("passed"):
        for title, text in report.user_properties:
            terminalreporter.section(title)
            terminalreporter.write_line(text)


def pytest_runtest_setup(item):
    if item.get_closest_marker("jit_only") and os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("needs compiled kernels")
    names = tuple(name for mark in item.iter_markers("requires") for name in mark.args)
    verdict, reason = requirements.outcome(names, item.config.kubenetlab_required)
    if verdict != "run":
        getattr(pytest, verdict)(reason)
