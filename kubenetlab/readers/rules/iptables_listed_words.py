"""What iptables' matches and targets print in a listing, and the words of iptables-save for it: one table."""

from __future__ import annotations

import re
from collections.abc import Callable

from kubenetlab.readers.rules.iptables_words import quoted

_RECENT = {"SET": "--set", "CHECK": "--rcheck", "UPDATE": "--update", "REMOVE": "--remove"}
#: By kind: what the print functions say (iptables 1.8.9), and the words for it; the last takes any word.
_PRINTED: tuple[tuple[int, str, str | Callable[[re.Match[str]], str]], ...] = (
    (0, r"/\* (.*?) \*/", lambda match: f"-m comment --comment {quoted(match[1])}"),
    (0, r"(tcp|udp|udplite|sctp|dccp)(?=\s|$)", r"-m \1"),
    (0, r"([sd])pts?:(!?)(\S+)", r"\2 --\1port \3"),
    (0, r"statistic mode random( !)? probability (\S+)", r"-m statistic --mode random\1 --probability \2"),
    (0, r"statistic mode nth( !)? every (\d+)", r"-m statistic --mode nth\1 --every \2"),
    (0, r"packet (\d+)", r"--packet \1"),
    (0, r"mark match (! )?(\S+)", r"-m mark \1--mark \2"),
    (0, r"ADDRTYPE match", r"-m addrtype"),
    (0, r"(src|dst)-type (!?)(\S+)", r"\2 --\1-type \3"),
    (0, r"limit-(in|out)(?=\s|$)", r"--limit-iface-\1"),
    (0, r"recent: (SET|CHECK|UPDATE|REMOVE)", lambda match: f"-m recent {_RECENT[match[1]]}"),
    (0, r"(seconds|name|mask): (\S+)", r"--\1 \2"),
    (0, r"hit_count: (\d+)", r"--hitcount \1"),
    (0, r"side: (source|dest)", r"--r\1"),
    (0, r"reap(?=\s|$)", r"--reap"),
    (0, r"TTL-Match", r"--rttl"),
    (0, r"(! ?)?ctstate (\S+)", r"-m conntrack \1 --ctstate \2"),
    (0, r"(! ?)?state (\S+)", r"-m state \1 --state \2"),
    (0, r"multiport (sports|dports|ports) (! ?)?(\S+)", r"-m multiport \2 --\1 \3"),
    (0, r"nfacct-name\s+(\S+)", r"-m nfacct --nfacct-name \1"),
    (0, r"(! ?)?match-set (\S+) (\S+)", r"-m set \1 --match-set \2 \3"),
    (1, r"MARK (or|and|xor|set) (\S+)", r"--\1-mark \2"),
    (1, r"MARK xset (\S+)", r"--set-xmark \1"),
    (1, r"to:(\S+)", r"--to-destination \1"),
    (1, r"random-fully|random|persistent", r"--\g<0>"),
    (1, r"(?:masq ports:|redir ports) (\S+)", r"--to-ports \1"),
    (1, r"reject-with (\S+)", r"--reject-with \1"),
    (1, r"(?:CT not|NOT)(?:rack|RACK)(?=\s|$)", r"--notrack"),
    (1, r"CONNMARK restore mask (\S+)", r"--restore-mark --mask \1"),
    (1, r"CONNMARK (restore|save)(?=\s*$)", r"--\1-mark"),
    (2, r"\S+|\s+", r"\g<0>"),
)
_WORDS = tuple((kind, re.compile(pattern), words) for kind, pattern, words in _PRINTED)


def listed_words(more: str) -> tuple[list[str], list[str], list[str]]:
    """Return the words of the matches, those of the target, and what is not understood, of a row's last column."""
    kinds: tuple[list[str], list[str], list[str]] = ([], [], [])
    at = 0
    while at < len(more):
        found = ((kind, pattern.match(more, at), words) for kind, pattern, words in _WORDS)
        kind, match, words = next((kind, match, words) for kind, match, words in found if match)
        kinds[kind].append((match.expand(words) if isinstance(words, str) else words(match)).strip())
        at = match.end()
    return kinds[0], kinds[1], [*filter(None, kinds[2])]
