from tests.lines_of_code import lines_of_code

MODULE = '''"""Docstring
of two lines."""

# a comment
import os  # 1


class Name:  # 2
    """Docstring."""

    text = """not a docstring
    """  # 3 and 4

    def name(self):  # 5

        return (self,
                os)  # 6 and 7
'''


def test_lines_of_code__counts_no_blank_lines_comments_or_docstrings(tmp_path):
    (tmp_path / "module.py").write_text(MODULE, "utf-8")

    assert lines_of_code(tmp_path / "module.py") == 7
