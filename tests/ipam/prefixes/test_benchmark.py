"""The benchmark of prefix arithmetic at a small size: its peers agree with us there too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.jit_only
def test_bench_prefixes__finds_every_output_equal():
    pytest.importorskip("pytricia")
    pytest.importorskip("radix")
    command = [sys.executable, str(ROOT / "benchmarks" / "bench_prefixes.py"), "--size", "300", "--runs", "1"]

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert run.returncode == 0, run.stderr
    assert run.stdout.count("times IPv4") == 7
