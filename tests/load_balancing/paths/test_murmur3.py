from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.load_balancing.paths.murmur3 import murmur3_x64_128
from tests.load_balancing.paths import reference


@given(data=st.binary(max_size=70), seed=st.integers(0, 2**32 - 1))
def test_murmur3_x64_128__agrees_with_reference(data, seed):
    assert murmur3_x64_128(data, seed) == reference.murmur3_x64_128(data, seed)


def test_murmur3_x64_128__has_smhashers_verification_value():
    # SMHasher, main.cpp: MurmurHash3_x64_128 is listed with 0x6384BA69; KeysetTest.cpp, VerificationTest says how
    hashes = (murmur3_x64_128(bytes(range(n)), 256 - n) for n in range(256))
    joined = b"".join(half.to_bytes(8, "little") for both in hashes for half in both)

    assert murmur3_x64_128(joined, 0)[0] % 2**32 == 0x6384BA69
