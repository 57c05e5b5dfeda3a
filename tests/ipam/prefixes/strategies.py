"""Prefixes that are likely to meet: around a few addresses, the first and the last of all among them."""

from hypothesis import strategies as st

from kubenetlab.ipam.prefixes.column import Prefixes
from kubenetlab.ipam.prefixes.words import words_of
from tests.ipam.prefixes import reference

BITS = {4: 32, 6: 128}
_PLACES = {
    4: [0, 1 << 31, (10 << 24) - 8, (1 << 32) - 1],
    6: [0, 1 << 64, (0xFD << 120) + (1 << 64) - 8, (1 << 128) - 1],
}
versions = st.sampled_from((4, 6))


@st.composite
def addresses(draw, version):
    """An integer near one of the places."""
    place = draw(st.sampled_from(_PLACES[version]))
    return min(max(place + draw(st.integers(-20, 20)), 0), (1 << BITS[version]) - 1)


@st.composite
def networks(draw, version, min_length=0):
    bits = BITS[version]
    near_the_end = st.integers(max(min_length, bits - 6), bits)
    near_a_word = st.sampled_from(
        sorted({max(min_length, n) for n in (0, 1, bits // 2 - 1, bits // 2, bits // 2 + 1)})
    )
    length = draw(st.one_of(near_the_end, near_the_end, near_a_word))
    first = draw(addresses(version)) >> (bits - length) << (bits - length)
    return reference.network(version, first, length)


@st.composite
def lists(draw, max_size=12):
    """IP version, and networks of it."""
    version = draw(versions)
    return version, draw(st.lists(networks(version), max_size=max_size))


def column(version, some):
    """The column of some ipaddress networks."""
    return Prefixes.of([str(network) for network in some], version)


def words(version, some):
    return words_of(version, some)


def texts(prefixes):
    """Rows of a column as ipaddress networks."""
    rows = zip(prefixes.addresses(), prefixes.prefix_length.tolist(), strict=True)
    return [reference.network(prefixes.version, first, length) for first, length in rows]
