"""What each library reads out of a resolv.conf: nameservers, search list, numbers and flags."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from kubenetlab.dns.resolvers.resolvers import Resolver, rules_of

_MOST_NAMESERVERS = 3  # MAXNS of glibc and musl, "the standard limit" of Go
_LONGEST_LINE = 254  # bytes before the newline, of which fgets(line, 256) takes 255
_ALIASES = {"usevc": "use-vc", "tcp": "use-vc", "no_tld_query": "no-tld-query"}


class Configuration(NamedTuple):
    """A resolv.conf as one library understands it; ``flags`` are what it knows of its own and the options without a number."""

    nameservers: tuple[str, ...]
    search: tuple[str, ...]
    ndots: int
    timeout_s: int
    attempts: int
    flags: frozenset[str]


def read_configuration(text: str, resolver: str, env: Mapping[str, str] | None = None) -> Configuration:
    """Return what a library understands of a resolv.conf; every text is accepted, as the libraries do.

    Parameters
    ----------
    text
        The file's content; empty stands for a file that is not there.
    resolver
        One of `RESOLVERS`, or of `OLDER_RESOLVERS`.
    env
        Environment of the program: RES_OPTIONS and LOCALDOMAIN count for glibc and c-ares.

    Notes
    -----
    Not modelled: the domain of the host's own name, which glibc and Go search where no line says it (pods have none).

    References
    ----------
    .. [1] glibc 2.36, resolv/res_init.c. [2] musl 1.2.5, src/network/resolvconf.c. [3] Go 1.27, net/dnsconfig_unix.go.
       [4] c-ares 1.34, ares_sysconfig_files.c. Recordings: sets syntax, searchlimit, env.
    """
    env = env or {}
    return _read(text, resolver, env.get("RES_OPTIONS", ""), env.get("LOCALDOMAIN", ""))


@lru_cache(maxsize=256)
def _read(text: str, resolver: str, res_options: str, local_domain: str) -> Configuration:
    rules = rules_of(resolver)
    numbers = {name: default for name, (default, _, _) in rules.numbers.items()}
    flags = {"edns0", "no TCP", "no EAI_NODATA"} & rules.traits
    nameservers: list[str] = []
    search: list[str] = []
    for line in _lines(text, rules):
        keyword, *words = re.split(f"[{rules.blanks}]+", line.strip(rules.blanks))
        if keyword == "options":
            flags |= _read_options(line, rules, numbers)
        elif keyword == "nameserver" and words:
            nameservers += filter(None, [literal(re.split("[;#]", words[0])[0], rules)])
        elif keyword in ("search", "domain") and words:
            search = words if keyword == "search" or "domain has many" in rules.traits else words[:1]
    if "RES_OPTIONS, LOCALDOMAIN" in rules.traits:
        flags |= _read_options(f"options {res_options}", rules, numbers)
        search = local_domain.split() or search
    servers = tuple(nameservers[:_MOST_NAMESERVERS]) or ("127.0.0.1",)
    ndots, timeout_s, attempts = numbers.values()
    return Configuration(servers, tuple(search), ndots, timeout_s, attempts, frozenset(flags))


def _lines(text: str, rules: Resolver) -> list[str]:
    """Return the lines that a library looks at."""
    comments = ("#", ";", *rules.blanks) if "keyword begins line" in rules.traits else ("#", ";")
    longest = _LONGEST_LINE if "no long lines" in rules.traits else len(text) * 4
    lines = text.split("\n")
    return [line for line in lines if not line.startswith(comments) and len(line.encode()) <= longest]


def _read_options(line: str, rules: Resolver, numbers: dict[str, int]) -> set[str]:
    """Put the numbers of an options line into ``numbers``, and return its flags."""
    is_first, is_loose = "first of two options" in rules.traits, "options may go on" in rules.traits
    before = "" if is_first else f"(?<=[{rules.blanks}])"
    for name, (_, low, high) in rules.numbers.items():
        values = re.findall(rf"{before}{name}:(\s*[+-]?[0-9]{{1,9}}|)", line)
        for value in values[:1] if is_first else values:
            if value.isdigit() or "junk is 0" in rules.traits:
                numbers[name] = min(max(int(value or 0) if value.isdigit() or is_loose else 0, low), high)
    numbers["ndots"] %= 16  # glibc keeps four bits
    words, flags = re.split(f"[{rules.blanks}]+", line), rules.flags.split()
    found = (f for f in flags for w in words if w == f or (is_loose and w.startswith(f)))
    return {_ALIASES.get(flag, flag) for flag in found}


def literal(text: str, rules: Resolver) -> str:
    """Return an address as text where a name is one, else the empty string."""
    try:
        if "10.1 is an address" in rules.traits and ":" not in text:
            return socket.inet_ntoa(socket.inet_aton(text))
        return str(ipaddress.ip_address(text))
    except (OSError, ValueError):
        return ""
