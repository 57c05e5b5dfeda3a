"""The recorded outputs under a folder with one sub-folder a component (see tests/golden/README.md)."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A JSON document holds one output for each item of the first of these lists it has; without one it is a trace, one output.
LISTS = ("answers", "cases", "rows")
#: Files that hold inputs only.
INPUTS = frozenset({"input.json", "e2e-objects.json"})
#: Folders that hold inputs only: what the kernel counted, for the verdicts of ``luck``.
INPUT_FOLDERS = frozenset({"counters"})


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recorded output: the whole document it stands in, and its index there where the document holds several.

    ``fault`` says why a file could not be read; such a file counts as one output that disagrees.
    """

    component: str
    output: str
    case: str
    path: Path
    document: Any = None
    index: int = 0
    fault: str = ""


def recordings(folder: Path) -> Iterator[Recording]:
    """Every recorded output under a folder, in a fixed order."""
    for component in sorted(
        path for path in folder.iterdir() if path.is_dir() and path.name not in INPUT_FOLDERS
    ):
        for path in sorted(path for path in component.rglob("*") if path.is_file()):
            if path.suffix != ".md" and path.name.removesuffix(".gz") not in INPUTS:
                yield from _outputs_of(component, path)


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked where its name ends in .gz."""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def _outputs_of(component: Path, path: Path) -> Iterator[Recording]:
    name = path.name.removesuffix(".gz")
    case = str(path.relative_to(component)).removesuffix(".gz").removesuffix(".json")
    try:
        output, items, document = _content(name, read_bytes(path))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        fault = f"cannot be read: {error}"
        yield Recording(component=component.name, output="unreadable", case=case, path=path, fault=fault)
        return
    for index in range(len(items)):
        numbered = case if len(items) == 1 else f"{case}[{index}]"
        yield Recording(
            component=component.name, output=output, case=numbered, path=path, document=document, index=index
        )


def _content(name: str, content: bytes) -> tuple[str, list[Any], Any]:
    """Name of the output a file holds, its items, and the whole document."""
    if name.endswith(".json") and not name.startswith("output."):
        return _json_content(name.removesuffix(".json"), json.loads(content))
    items = content.splitlines() if name.endswith(".jsonl") else [content]
    return name.removeprefix("output."), items, content


def _json_content(stem: str, document: Any) -> tuple[str, list[Any], Any]:
    if isinstance(document, list):
        return stem, document, document
    key = next(
        (key for key in LISTS if isinstance(document, dict) and isinstance(document.get(key), list)), None
    )
    if key is None:
        return "trace", [document], document
    return (key if key == "answers" else stem), document[key], document
