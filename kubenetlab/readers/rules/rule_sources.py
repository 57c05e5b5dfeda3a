"""The text of rules: from a file or standard input, also gzipped or in UTF-16; with bounds."""

from __future__ import annotations

import os

from kubenetlab.errors import UnreadableError
from kubenetlab.readers.sources import open_source, shown_name, unpacked
from kubenetlab.readers.text_encoding import encoding_of

MAX_RULE_BYTES = 512 << 20


def rule_text(path: str | os.PathLike[str]) -> tuple[str, str]:
    r"""Return the name and the text of a file of rules, ``-`` for standard input; bytes that are no UTF-8 do not matter.

    Raises
    ------
    UnreadableError
        If it cannot be read, is no text, or holds more than 512 MiB.
    """
    name = os.fspath(path)
    if "\n" in name and not os.path.exists(name):
        raise UnreadableError(
            "found a text of many lines, expected the name of a file; rules_from_text reads a text"
        )
    if os.path.isdir(name):
        raise UnreadableError(f"{shown_name(name)}: found a directory, expected one file of rules, or -")
    content = open_source(name)
    try:
        data = unpacked(content.data)
        encoding, n_mark = encoding_of(data)
    except UnreadableError as error:
        raise UnreadableError(f"{content.name}: {str(error).replace('JSON or YAML', 'rules')}") from None
    if len(data) > MAX_RULE_BYTES:
        expected = f"rules of at most {MAX_RULE_BYTES:,}; give one table at a time"
        raise UnreadableError(f"{content.name}: found {len(data):,} bytes, expected {expected}")
    return content.name, str(memoryview(data)[n_mark:], encoding, "replace")
