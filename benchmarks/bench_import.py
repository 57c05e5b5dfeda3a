"""How long a newcomer waits for `import kubenetlab` and `kubenetlab --help`: median of 9 fresh processes each.

Budgets on a quiet machine: 1.0 s and 0.3 s. Beside them an empty interpreter, which nobody can beat.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 9
CASES = {
    "python -c pass": (["-c", "pass"], None),
    "import kubenetlab": (["-c", "import kubenetlab"], 1.0),
    "kubenetlab --help": (["-m", "kubenetlab.cli", "--help"], 0.3),
    "kubenetlab show sample:shop": (["-m", "kubenetlab.cli", "show", "sample:shop"], None),
}


def seconds(arguments):
    """Wall time of one fresh process."""
    start_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start_s


def main():
    """Run the cases in turn, so that a busy moment hits all of them, and print medians."""
    times_s = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, (arguments, _) in CASES.items():
            times_s[name].append(seconds(arguments))
    for name, (_, budget_s) in CASES.items():
        budget = f"   budget {budget_s:.1f} s" if budget_s else ""
        print(f"{name:30} median {statistics.median(times_s[name]):.3f} s{budget}")


if __name__ == "__main__":
    main()
