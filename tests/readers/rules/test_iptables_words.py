import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.readers.rules.iptables_words import WrongWord, restore_line, saved_line, unquoted, words_of

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Z", "C"]) | st.sampled_from(" \"'\\"), min_size=1
)


@given(texts=st.lists(TEXTS, min_size=1))
def test_saved_line__is_read_as_the_same_values(texts):
    words = [
        word
        for text in texts
        for word in ("--comment", '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
    ]

    for line_of in (saved_line, restore_line):
        assert [unquoted(word) for word in words_of(line_of(words))] == [unquoted(word) for word in words]


def test_saved_line__quotes_as_iptables_save_does():
    words = words_of(
        "-m comment --comment default/web -m nfacct --nfacct-name x -m comment --comment plain-1"
    )

    assert (
        saved_line(words)
        == '-m comment --comment "default/web" -m nfacct --nfacct-name  x -m comment --comment plain-1'
    )


def test_restore_line__quotes_as_kube_proxy_does():
    words = words_of('-m comment --comment "default/web" -m comment --comment "default/web cluster IP"')

    assert (
        restore_line(words)
        == '-m comment --comment default/web -m comment --comment "default/web cluster IP"'
    )


@pytest.mark.parametrize("text", ['"', 'a"b"', '"a"b', '"a\\"'])
def test_words_of__refuses_a_quote_that_is_not_closed(text):
    with pytest.raises(WrongWord, match="every quote closed"):
        words_of(text)
