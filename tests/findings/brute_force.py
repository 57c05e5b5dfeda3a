"""Every finding code once more, in plain code that shares nothing with the library.

The input is what ``kubectl get -o json`` prints: a list of items as dictionaries. The exact semantics of a rule is
its docstring's first line. ``tests/findings`` compares the findings of the library with these.
"""

from tests.findings import (
    brute_force_addresses,
    brute_force_allocation,
    brute_force_listings,
    brute_force_names,
    brute_force_policies,
    brute_force_routing,
    brute_force_services,
)
from tests.findings.brute_force_dump import Dump

RULES = {
    **brute_force_services.RULES,
    **brute_force_addresses.RULES,
    **brute_force_allocation.RULES,
    **brute_force_listings.RULES,
    **brute_force_names.RULES,
    **brute_force_policies.RULES,
    **brute_force_routing.RULES,
}


def brute_force(items: list[dict]) -> set[tuple[str, str]]:
    """(code, object) of every finding; objects are ``Kind namespace/name``, ``Kind name`` or ``Cluster``."""
    dump = Dump(items)
    return {(code, found) for code, rule in RULES.items() for found in rule(dump)}
