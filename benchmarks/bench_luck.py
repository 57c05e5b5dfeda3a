"""False alarms of the test of luck at 5 %, beside scipy's chi-square and G tests on the same draws; and its power.

    python benchmarks/bench_luck.py [--simulations 20000] [--endpoints 2 3 5 10 50 100 500]

``attained`` is the level that the test can have, computed; ``seen`` what it had in the simulations by chance alone,
with its noise (one standard error). scipy's tests take the chi-square distribution for few connections too.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from scipy.stats import chi2
from scipy.stats import power_divergence as scipy_test

from kubenetlab.load_balancing.luck.levels import attained_level
from kubenetlab.load_balancing.luck.null_distribution import null_distribution
from kubenetlab.load_balancing.luck.power import connections_needed, luck_power, overloaded

CONNECTIONS = (5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000)
ALPHA = 0.05


def draws_of(n_connections, shares, n_draws, seed):
    """Counts in pieces of at most two million."""
    rng, left = np.random.default_rng(seed), n_draws
    while left:
        size = min(left, max(1, 2_000_000 // len(shares)))
        yield rng.multinomial(n_connections, shares, size)
        left -= size


def scipy_rejects(counts, statistic):
    return scipy_test(counts, axis=1, lambda_=statistic).pvalue <= ALPHA


def false_alarms(n_endpoints, n_connections, n_draws):
    """One line of the table; the seen level must be the attained one within four standard errors."""
    start = time.perf_counter()
    null = null_distribution(n_connections, np.full(n_endpoints, 1 / n_endpoints))
    attained = attained_level(null, ALPHA)
    build_s, times, seen = time.perf_counter() - start, np.zeros(2), np.zeros(3)
    for counts in draws_of(n_connections, null.shares, n_draws, [n_endpoints, n_connections]):
        start = time.perf_counter()
        seen[0] += null.rejects(counts, ALPHA).sum()
        middle = time.perf_counter()
        seen[1] += scipy_rejects(counts, "pearson").sum()
        times += (middle - start, time.perf_counter() - middle)
        seen[2] += scipy_rejects(counts, "log-likelihood").sum()
    seen /= n_draws
    noise = (attained * (1 - attained) / n_draws) ** 0.5
    assert attained <= ALPHA + 1e-9
    assert abs(seen[0] - attained) <= 4 * noise + 5e-4
    print(
        f"{n_endpoints:9} {n_connections:11,} {null.test!s:>10} {attained:9.3%} {seen[0]:8.3%} {noise:7.3%}"
        f" {seen[1]:8.3%} {seen[2]:8.3%} {build_s * 1e3:9.1f} {times[0] * 1e6 / n_draws:9.2f} {times[1] * 1e6 / n_draws:9.2f}"
    )


def power(n_endpoints, n_draws):
    """The power for one endpoint with 1.5 times its share, beside a simulation and the chi-square test alone."""
    shares = np.full(n_endpoints, 1 / n_endpoints)
    needed = connections_needed(shares)
    null = null_distribution(needed, shares)
    critical, seen, alone = chi2.isf(ALPHA, n_endpoints - 1), 0.0, 0.0
    for counts in draws_of(needed, overloaded(shares, 1.5), n_draws, n_endpoints):
        seen += null.rejects(counts, ALPHA).sum() / n_draws
        alone += (null.distances(counts) >= critical).sum() / n_draws
    found = luck_power(needed, shares)
    assert abs(found - seen) < 0.02
    print(f"{n_endpoints:9} {needed:11,} {found:9.2%} {seen:8.2%} {alone:8.2%}")


def main(n_draws, endpoints):
    print(f"{n_draws:,} simulations by chance alone")
    print(
        "endpoints connections       test  attained     seen   noise  scipy X2  scipy G  build ms   µs each scipy µs"
    )
    for n_endpoints in endpoints:
        for n_connections in CONNECTIONS:
            false_alarms(n_endpoints, n_connections, n_draws)
    print("\none endpoint has 1.5 times its share: connections for a power of 80 %")
    print("endpoints connections     power     seen  X2 alone")
    for n_endpoints in endpoints:
        power(n_endpoints, n_draws)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--simulations", type=int, default=20_000)
    parser.add_argument("--endpoints", type=int, nargs="+", default=[2, 3, 5, 10, 50, 100, 500])
    options = parser.parse_args()
    main(options.simulations, options.endpoints)
