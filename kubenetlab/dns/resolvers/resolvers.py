"""The libraries side by side: what they read, which candidates they make, how they ask. Tables that lookups walk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kubenetlab.result import Basis, Result

_LEAST, _MOST = -(10**9), 10**9
_MANY = 100  # stands for "no limit", so that every lookup ends
_LABEL = "[A-Za-z0-9_-]{1,63}"


def _traits(text: str) -> frozenset[str]:
    return frozenset(text.split("; "))


class Resolver(NamedTuple):
    """One library: how it reads resolv.conf, makes candidates and asks.

    ``numbers`` by option (timeout [s]) the default, the least and the greatest value; ``asked_names`` a regular
    expression of the names that it asks about at all; ``errors`` code and text by name; ``traits`` what it does and
    others do not.
    """

    version: str
    how: str
    numbers: dict[str, tuple[int, int, int]]
    flags: str
    asked_names: str
    errors: dict[str, tuple[int, str]]
    traits: frozenset[str]
    blanks: str = " \t"


#: By name. Sources: glibc 2.36 resolv/, musl 1.2.5 src/network/, Go 1.27 net/, c-ares 1.34 src/lib/, and recordings.
RESOLVERS: dict[str, Resolver] = {
    "glibc": Resolver(
        version="2.36",
        how="A and AAAA from one socket, one server after another; one answer lost: A, then AAAA",
        numbers={"ndots": (1, _LEAST, 15), "timeout": (5, _LEAST, 30), "attempts": (2, _LEAST, 5)},
        flags="rotate edns0 single-request-reopen single-request no_tld_query no-tld-query use-vc trust-ad no-aaaa",
        asked_names=rf"(?!-){_LABEL}(\.{_LABEL})*\.?|\.",
        errors={
            "EAI_NONAME": (-2, "Name or service not known"),
            "EAI_AGAIN": (-3, "Temporary failure in name resolution"),
            "EAI_NODATA": (-5, "No address associated with hostname"),
        },
        traits=_traits(
            "keyword begins line; junk is 0; options may go on; 10.1 is an address; RES_OPTIONS, LOCALDOMAIN; search for root"
        ),
    ),
    "musl": Resolver(
        version="1.2.5",
        how="A and AAAA from one socket to all servers at once; the first NOERROR or NXDOMAIN counts",
        numbers={"ndots": (1, 0, 15), "timeout": (5, 0, 60), "attempts": (2, 0, 10)},
        flags="",
        asked_names=r"(?s:(?!\.).{0,252}[^.]\.?)",
        errors={
            "EAI_NONAME": (-2, "Name does not resolve"),
            "EAI_AGAIN": (-3, "Try again"),
            "EAI_NODATA": (-5, "Name has no usable address"),
            "SIGFPE": (8, "attempts:0 makes musl divide by zero: the process ends"),
        },
        traits=_traits(
            "keyword begins line; no long lines; first of two options; domain has many; 10.1 is an address; no search at ndots"
        ),
        blanks=" \t\r\v\f",
    ),
    "go": Resolver(
        version="1.27",
        how="A and AAAA from two sockets, each on its own, one server after another",
        numbers={"ndots": (1, 0, 15), "timeout": (5, 1, _MOST), "attempts": (2, 1, _MANY)},
        flags="rotate single-request single-request-reopen use-vc usevc tcp trust-ad",
        asked_names=rf"(?=[^A-Za-z_-]*[A-Za-z_-])(?=.{{1,253}}\.?\Z)(?!-){_LABEL}(?<!-)(\.(?!-){_LABEL}(?<!-))*\.?|\.",
        errors={},
        traits=_traits("junk is 0; no .onion; edns0"),
        blanks=" \t\r",
    ),
    "cares": Resolver(
        version="1.34",
        how="A and AAAA from one socket, each on its own, first the server that failed least",
        numbers={"ndots": (1, 0, 15), "timeout": (2, 1, _MOST), "attempts": (3, 1, _MANY)},
        flags="use-vc usevc",
        asked_names=r"(?s:.+)",
        errors={
            "ARES_ENODATA": (1, "DNS server returned answer with no data"),
            "ARES_EFORMERR": (2, "DNS server claims query was misformatted"),
            "ARES_ESERVFAIL": (3, "DNS server returned general failure"),
            "ARES_ENOTFOUND": (4, "Domain name not found"),
            "ARES_ENOTIMP": (5, "DNS server does not implement requested operation"),
            "ARES_EREFUSED": (6, "DNS server refused query"),
            "ARES_ETIMEOUT": (12, "Timeout while contacting DNS servers"),
        },
        traits=_traits("RES_OPTIONS, LOCALDOMAIN; no .onion; edns0"),
        blanks=" \t\r\v\f",
    ),
}

#: Versions that are looked at only where they are named. Source: musl 1.2.3 src/network/; nothing is recorded here.
OLDER_RESOLVERS: dict[str, Resolver] = {
    "musl-1.2.3": RESOLVERS["musl"]._replace(
        version="1.2.3",
        traits=RESOLVERS["musl"].traits | {"no TCP", "no EAI_NODATA", "odd candidate ends search"},
    )
}
_OLDER = "musl before 1.2.4 (Alpine 3.17 and before) does otherwise: musl-1.2.3"


def rules_of(resolver: str) -> Resolver:
    """Return the table row of a library; ValueError for one that is none of `RESOLVERS` and `OLDER_RESOLVERS`."""
    known = RESOLVERS | OLDER_RESOLVERS
    if resolver not in known:
        raise ValueError(f"resolver is {resolver!r}, not one of {', '.join(known)}")
    return known[resolver]


def resolver_table(resolvers: Sequence[str] = tuple(RESOLVERS)) -> Result:
    """Return what libraries do side by side.

    Parameters
    ----------
    resolvers
        The libraries: of `RESOLVERS`, or musl-1.2.3.

    Returns
    -------
    A Result; its frame has the column property and one column a library (all text): version, how it asks, flags, numbers (default and most), then
    one row a trait with yes or no.
    """
    import pandas as pd

    columns = [rules_of(resolver) for resolver in resolvers]
    names = ("version", "how", "flags")
    rows = [(name, *(str(getattr(rules, name)) for rules in columns)) for name in names]
    for option in ("ndots", "timeout", "attempts"):
        numbers = [rules.numbers[option] for rules in columns]
        limits = (
            f"{default}, at most {most}" if most < _MOST else f"{default}" for default, _, most in numbers
        )
        rows.append((option, *limits))
    for trait in sorted(frozenset().union(*(rules.traits for rules in columns))):
        rows.append((trait, *("yes" if trait in rules.traits else "no" for rules in columns)))
    frame = pd.DataFrame(rows, columns=["property", *resolvers], dtype="str")
    return Result(
        title="How libraries look names up", _frame=frame, because=(_OLDER,), basis=basis_of(resolvers)
    )


def basis_of(resolvers: Iterable[str]) -> Basis:
    """Return how far the models of libraries were checked: the older ones against their source only."""
    return Basis.RAN if OLDER_RESOLVERS.keys().isdisjoint(resolvers) else Basis.SOURCE
