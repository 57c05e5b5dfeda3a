"""Twins of kubenetlab.ipam.prefixes, with ipaddress, sets and brute force: obvious, not fast."""

import ipaddress


def network(version, first, length):
    kind = ipaddress.IPv4Network if version == 4 else ipaddress.IPv6Network
    return kind((first, length))


def sort_by_low_bits(keys, n_bits):
    return sorted(keys, key=lambda key: key % (1 << n_bits))


def sorted_rows(networks):
    return sorted(
        range(len(networks)), key=lambda row: (networks[row].network_address, networks[row].prefixlen, row)
    )


def outermost(networks):
    """Positions in a sorted list."""
    return [
        place
        for place, one in enumerate(networks)
        if not any(one.subnet_of(other) for other in networks[:place])
    ]


def overlapping_pairs(networks):
    """Set of (outer row, inner row)."""
    return {
        (outer, inner)
        for outer, around in enumerate(networks)
        for inner, inside in enumerate(networks)
        if outer != inner and inside.subnet_of(around) and (inside != around or outer < inner)
    }


def nearest_ancestors(networks):
    pairs = overlapping_pairs(networks)
    return [
        max(((networks[outer].prefixlen, outer) for outer, inner in pairs if inner == row), default=(0, -1))[
            1
        ]
        for row in range(len(networks))
    ]


def longest_match(networks, address):
    """Row, or -1; of equal prefixes the last."""
    around = [
        (one.prefixlen, row)
        for row, one in enumerate(networks)
        if int(one.network_address) <= address <= int(one.broadcast_address)
    ]
    return max(around, default=(0, -1))[1]


def merged(networks):
    return list(ipaddress.collapse_addresses(networks))


def free_space(parent, networks):
    """Take the prefixes out of the range one by one."""
    free = [parent]
    for taken in networks:
        kept = [one for one in free if not one.overlaps(taken)]
        cut = [one for one in free if one.overlaps(taken) and not one.subnet_of(taken)]
        free = kept + [part for one in cut for part in one.address_exclude(taken)]
    return merged(free)


def aligned_blocks(version, first, last):
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    return list(ipaddress.summarize_address_range(kind(first), kind(last)))


def parsed(text):
    """Address and prefix length as (integer, length), or None."""
    _, slash, length = text.partition("/")
    is_number = length.isascii() and length.isdigit() and str(int(length)) == length
    if "%" in text or (slash and not is_number):
        return None
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        return None
    return int(found.ip), found.network.prefixlen
