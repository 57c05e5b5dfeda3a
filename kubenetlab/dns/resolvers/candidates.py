"""The names that a library asks for one name, in order: with each search domain, and as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile

from kubenetlab.dns.records.zones import absolute
from kubenetlab.dns.resolvers.configuration import Configuration, read_configuration
from kubenetlab.dns.resolvers.resolvers import Resolver, rules_of

_LONGEST_KEPT = (
    256  # with the dot: what is longer does not fit into musl's buffer, and is left out (lookup_name.c)
)


def candidates(
    name: str, resolv_conf: str, resolver: str = "glibc", env: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    r"""Return the names that a library asks for, absolute, in order; the search ends at the first that is found.

    Examples
    --------
    >>> candidates("web.shop", "search a.test b.test\noptions ndots:5")
    ('web.shop.a.test.', 'web.shop.b.test.', 'web.shop.')
    >>> candidates("web.shop", "search a.test b.test\noptions ndots:1", "musl")
    ('web.shop.',)
    """
    rules, configuration = rules_of(resolver), read_configuration(resolv_conf, resolver, env)
    return tuple(candidate for candidate, _ in candidates_of(name, configuration, rules))


def candidates_of(name: str, configuration: Configuration, rules: Resolver) -> list[tuple[str, bool]]:
    """Return the candidates, and for each whether it is the name as it is that might have been searched."""
    if not re.fullmatch(rules.asked_names, name):
        return []
    is_rooted = name.endswith(".")
    as_is = [(absolute(name), not is_rooted)]
    comes_first = is_rooted or name.count(".") >= configuration.ndots
    is_alone = is_rooted or (comes_first and "no search at ndots" in rules.traits)
    searched = [] if is_alone else [(one, False) for one in _searched(name, configuration, rules)]
    if ("no-tld-query" in configuration.flags and searched and "." not in name) or (
        "search for root" in rules.traits and not comes_first and (f"{name}.", False) in searched
    ):
        as_is = []
    found = as_is + searched if comes_first else searched + as_is
    if "odd candidate ends search" in rules.traits:
        found = list(takewhile(lambda one: _fits(one[0]) or len(one[0]) > _LONGEST_KEPT, found))
    ending = ".onion." if "no .onion" in rules.traits else "\n"
    return [one for one in found if _fits(one[0]) and not one[0].lower().endswith(ending)]


def _searched(name: str, configuration: Configuration, rules: Resolver) -> Iterator[str]:
    """Give the name with each search domain; glibc ends at the first that is too long."""
    is_glibc = "search for root" in rules.traits
    for domain in configuration.search:
        candidate = absolute(f"{name}.{domain.removeprefix('.') if is_glibc else domain}")
        if is_glibc and not _fits(candidate):
            return
        yield candidate


def _fits(name: str) -> bool:
    """Whether a name fits into a question: labels of 1 to 63 characters, 253 without the dot (RFC 1035, 2.3.4)."""
    labels = name[:-1].split(".")
    return name == "." or (len(name) <= 254 and all(1 <= len(label) <= 63 for label in labels))
