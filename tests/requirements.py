"""What some tests need of the machine: marked ``@pytest.mark.requires("kubectl")`` and so on.

Where it is missing, the test is skipped with the reason; where ``KUBENETLAB_REQUIRE=kernel,kubectl,chromium`` names
it, the test fails instead.
"""

import os
import shutil
import subprocess
from collections.abc import Callable

ENVIRONMENT_VARIABLE = "KUBENETLAB_REQUIRE"
KERNEL_COMMANDS = ("unshare", "ip", "iptables", "nft", "conntrack", "nfacct")


def _command_is_missing(*commands: str) -> str:
    missing = [command for command in commands if shutil.which(command) is None]
    return f"not on PATH: {', '.join(missing)}" if missing else ""


def _kernel_is_missing() -> str:
    if missing := _command_is_missing(*KERNEL_COMMANDS):
        return missing
    if os.geteuid() != 0:
        return "needs root"
    probe = subprocess.run(
        ["unshare", "--net", "iptables", "-S"], capture_output=True, text=True, check=False, timeout=30
    )
    return probe.stderr.strip() if probe.returncode else ""


#: Requirement by name: a function that says why it is missing, or an empty text.
PROBES: dict[str, Callable[[], str]] = {
    "kernel": _kernel_is_missing,
    "kubectl": lambda: _command_is_missing("kubectl"),
    "chromium": lambda: _command_is_missing("chromium"),
}


def named(text: str) -> frozenset[str]:
    """The requirements that a value of KUBENETLAB_REQUIRE names."""
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := names - PROBES.keys():
        raise ValueError(
            f"{ENVIRONMENT_VARIABLE} names {', '.join(sorted(unknown))}; known are {', '.join(PROBES)}"
        )
    return names


def outcome(names: tuple[str, ...], required: frozenset[str]) -> tuple[str, str]:
    """What becomes of a test that needs ``names``: ("run" or "skip" or "fail", reason)."""
    missing = {name: reason for name in names if (reason := PROBES[name]())}
    if not missing:
        return "run", ""
    reason = "; ".join(f"needs {name} ({reason})" for name, reason in missing.items())
    return ("fail" if required & missing.keys() else "skip"), reason
