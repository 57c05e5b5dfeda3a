import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.visible_text import visible, width


@given(st.text())
def test_visible__leaves_nothing_that_a_terminal_obeys(text):
    categories = {unicodedata.category(character) for character in visible(text)}

    assert categories & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()


@given(st.text(st.characters(categories=("L", "N", "P", "Zs"))))
def test_visible__keeps_letters_of_any_script(text):
    assert visible(text) == text


@given(st.text(st.characters(max_codepoint=127, categories=("L", "N", "P"))))
def test_width__of_plain_text_is_its_length(text):
    assert width(text) == len(text)
