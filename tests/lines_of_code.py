"""Lines of code of a folder, without blank lines, comments and docstrings: ``python tests/lines_of_code.py kubenetlab``."""

import ast
import sys
import tokenize
from collections import Counter
from pathlib import Path

NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def lines_of_code(path):
    """How many lines of one file hold code."""
    with path.open("rb") as file:
        tokens = [token for token in tokenize.tokenize(file.readline) if token.type not in NOT_CODE]
    lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - _docstring_lines(ast.parse(path.read_bytes())))


def _docstring_lines(tree):
    documented = (
        node for node in ast.walk(tree) if isinstance(node, WITH_DOCSTRING) and ast.get_docstring(node)
    )
    docstrings = (node.body[0] for node in documented)
    return {line for docstring in docstrings for line in range(docstring.lineno, docstring.end_lineno + 1)}


def main(folder):
    """Print the lines of code of each part of a folder, and their sum."""
    parts = Counter()
    for path in sorted(folder.rglob("*.py")):
        parts[path.relative_to(folder).parts[0]] += lines_of_code(path)
    for part, lines in parts.items():
        print(f"{lines:7,}  {part}")
    print(f"{parts.total():7,}  lines of code in {folder}, without blank lines, comments and docstrings")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
