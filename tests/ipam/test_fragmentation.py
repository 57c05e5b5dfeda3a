import numpy as np
import pandas as pd
import pytest

from kubenetlab.ipam.buddy import AddressPool, Policy
from kubenetlab.ipam.fragmentation import compare_policies


def small(**options):
    return compare_policies("10.0.0.0/20", range(24, 29), **{"n_operations": 400, **options})


def test_compare_policies__frame_is_closed():
    frame = small().frame

    assert frame["policy"].tolist() == ["best-fit", "first-fit", "worst-fit", "random-fit"]
    assert frame.dtypes.astype(str).to_dict() == {
        "policy": "str",
        "n_allocations": "int64",
        "n_refused": "int64",
        "use_share": "float64",
        "n_free_blocks": "int64",
        "largest_free_prefix_length": "Int64",
        "external_fragmentation_share": "float64",
        "first_refusal_use_share": "float64",
    }


def test_compare_policies__what_is_in_use_and_what_is_free_is_the_parent():
    result = small()

    free_share = result.free_blocks.groupby("policy")["parent_share"].sum()
    use_share = result.frame.set_index("policy")["use_share"]
    pd.testing.assert_series_equal(
        use_share + free_share, use_share * 0 + 1, check_names=False, check_like=True
    )
    n_blocks = result.free_blocks.groupby("policy")["n_blocks"].sum()
    assert n_blocks.to_dict() == result.frame.set_index("policy")["n_free_blocks"].to_dict()


# One size: every free block fits, so nothing is refused before everything is in use, and all policies are equal.
@pytest.mark.parametrize("parent", ["10.0.0.0/20", "fd00::/52"])
def test_compare_policies__one_size_does_not_fragment(parent):
    length = int(parent.split("/")[1]) + 6

    frame = compare_policies(parent, [length], n_operations=400).frame

    assert frame["n_refused"].tolist() == [0] * 4
    assert frame["first_refusal_use_share"].tolist() == [1.0] * 4
    assert frame["use_share"].tolist() == [54 / 64] * 4


# Mixed sizes at 85 % use: what splits large blocks, or any, is left with crumbs; the other two are not.
@pytest.mark.jit_only
def test_compare_policies__splitting_large_blocks_fragments():
    frame = compare_policies("10.0.0.0/12", range(22, 29)).frame.set_index("policy")

    assert frame.loc[["best-fit", "first-fit"], "n_refused"].tolist() == [0, 0]
    assert frame.loc["worst-fit", "n_refused"] > frame.loc["random-fit", "n_refused"] > 0
    assert frame.loc["worst-fit", "use_share"] < 0.55
    assert (frame.loc[["best-fit", "first-fit"], "largest_free_prefix_length"] <= 17).all()


def test_compare_policies__counts_what_the_pool_refused():
    result = small(fill_share=1.0, n_operations=600, seed=4)
    frame = result.frame.set_index("policy")

    assert (frame["n_refused"] > 0).any()
    assert result.because[0].startswith(
        "600 times a range of /24 to /28 came or went, with 100% of the addresses"
    )
    assert f"Worst-fit refused {frame.loc['worst-fit', 'n_refused']:,} of" in result.because[3]


def test_compare_policies__same_seed_same_numbers():
    pd.testing.assert_frame_equal(small(seed=7).frame, small(seed=7).frame)
    assert not small(seed=7).frame.equals(small(seed=8).frame)


def test_compare_policies__use_at_the_first_refusal_is_what_was_in_use_then():
    result = compare_policies("10.0.0.0/22", [24, 26], n_operations=1, fill_share=0.5, seed=2)
    rng = np.random.default_rng(2)
    lengths = [[24, 26][int(rng.integers(2))] for _ in range(40)]
    pool = AddressPool("10.0.0.0/22", 26, policy=Policy.BEST_FIT)
    starts = pool.run(lengths)

    n_before = int((starts < 0).argmax())
    in_use = sum(2.0 ** (22 - length) for length in lengths[:n_before])
    assert result.frame["first_refusal_use_share"][0] == in_use


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fill_share": 0}, "fill_share 0 must be above 0 and at most 1"),
        ({"fill_share": float("nan")}, "fill_share nan must be above 0"),
        ({"fill_share": 1.1}, "fill_share 1.1 must be"),
        ({"n_operations": 0}, "n_operations 0 must be at least 1"),
        ({"n_operations": 1.5}, "n_operations 1.5 must be at least 1"),
        ({"fill_share": "x"}, "fill_share 'x' must be above 0"),
        ({"prefix_lengths": 24}, "prefix_lengths must name at least one size, .* not 24"),
        ({"prefix_lengths": ["24"]}, r"prefix_lengths\[0\] is '24', expected a whole number"),
        ({"prefix_lengths": []}, "prefix_lengths must name at least one size"),
        ({"prefix_lengths": [20, 24]}, "a /20 is more than 85% of 10.0.0.0/20"),
        ({"prefix_lengths": [18, 24]}, "a /18 is more than 85% of 10.0.0.0/20"),
        ({"prefix_lengths": [33]}, "finest_prefix_length 33 must be 20 to 32"),
        ({"parent": "10.0.0.1/20"}, "has host bits set"),
    ],
)
def test_compare_policies__refuses(options, message):
    arguments = {"parent": "10.0.0.0/20", "prefix_lengths": [24], "n_operations": 10, **options}

    with pytest.raises(ValueError, match=message):
        compare_policies(**arguments)
