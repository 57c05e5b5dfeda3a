"""Recorded rules for the kernel: what tests of several modules load."""

from pathlib import Path

import pytest

from kubenetlab.kernel.proof import prove
from tests.golden_recordings import read_bytes

GOLDEN = Path(__file__).parents[1] / "golden" / "kube-proxy"
SEEDS = Path(__file__).parents[2] / "data" / "rules"
CASES = (
    *("004-clusterip-2-endpoints", "006-clusterip-5-endpoints", "007-clusterip-10-endpoints"),
    *("008-clusterip-100-endpoints", "010-kube-dns-udp-tcp-metrics", "018-nodeport-etp-local-with-local"),
    *("019-nodeport-etp-local-no-local", "020-nodeport-no-endpoints", "021-nodeport-addresses-cidr"),
    *("025-nodeport-udp-and-sctp", "028-loadbalancer-etp-local-no-local", "029-loadbalancer-source-ranges"),
    *("038-itp-local-etp-cluster-nodeport", "040-external-ips", "042-affinity-default-timeout"),
    *("061-masquerade-all", "062-no-cluster-cidr", "063-detect-local-bridge"),
    *("064-detect-local-interface-prefix", "068-dual-stack-lb", "103-random", "109-random"),
)
#: As parameters of tests: in the slow pass of `make check`, which is for the coverage, three do.
TRIED = [*CASES[:3], *(pytest.param(case, marks=pytest.mark.jit_only) for case in CASES[3:])]
LEVEL = 0.001  # over all rule sets of one run together
N_RULE_SETS = 3 * (len(CASES) + len(list(SEEDS.glob("*.rules"))))


def golden(case, output):
    """The text of a recorded output."""
    path = GOLDEN / case / output
    return read_bytes(path if path.exists() else path.with_name(f"{output}.gz")).decode()


def disagreements(text, tool, **options):
    """Rows that disagree twice, with new flows: a false alarm needs chance to strike twice (below 1 in 10**8 a run)."""
    rows = None
    for seed in (1, 2):
        frame = prove(text, tool=tool, seed=seed, **options).frame
        found = frame[frame["p_value"] < LEVEL / N_RULE_SETS]
        rows = {(row.destination, row.source): row._asdict() for row in found.itertuples(index=False)}
        if not rows:
            break
    return rows
