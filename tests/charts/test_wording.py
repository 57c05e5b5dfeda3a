from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.charts.wording import label_text, share_text


@given(st.floats(0, 1))
def test_share_text__never_rounds_to_none_or_all(share):
    text = share_text(share)

    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)


@given(st.text(max_size=300))
def test_label_text__is_one_short_line_of_plain_glyphs(name):
    label = label_text(name)

    assert len(label) <= 48
    assert label.replace("…", "").isascii()
    assert label.isprintable()
