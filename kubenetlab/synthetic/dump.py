"""A synthetic dump: its items, what was planted, and its text as kubectl prints it."""

import gzip
import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from kubenetlab.cluster import Cluster
from kubenetlab.readers import read_bytes
from kubenetlab.synthetic.cni_objects import address_objects
from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.endpoint_slices import endpoint_slices
from kubenetlab.synthetic.pods import PodWriter
from kubenetlab.synthetic.shape import Planted
from kubenetlab.synthetic.workload_objects import namespaces, workload_objects

_CHUNK = 64
_HEAD = b'{\n    "apiVersion": "v1",\n    "items": ['
_TAIL = b'],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'


@dataclass(frozen=True, eq=False)
class Dump:
    """A synthetic cluster as ``kubectl get -o json`` shows it.

    Attributes
    ----------
    planted
        What the planted faults must cause, in the order of the codes asked for.
    """

    _draft: Draft

    @property
    def planted(self) -> tuple[Planted, ...]:
        """What the planted faults must cause."""
        return tuple(self._draft.planted)

    @cached_property
    def items(self) -> list[Json]:
        """Every object, with its kind. Pods of one workload share parts: copy before changing one."""
        return list(self.iter_items())

    def iter_items(self) -> Iterator[Json]:
        """Yield every object; pods are made one at a time."""
        draft = self._draft
        yield from draft.of_kind("Node")
        yield from namespaces(draft)
        for workload in draft.workloads:
            yield from map(PodWriter.of(draft, workload).write, workload.pods)
        yield from (item for item in draft.objects if item["kind"] != "Node")
        yield from endpoint_slices(draft)
        yield from workload_objects(draft)
        yield from address_objects(draft)

    def json_chunks(self) -> Iterator[bytes]:
        """Yield the text piece by piece: a List, keys sorted, indented by four, as kubectl prints it."""
        yield _HEAD
        items = self.iter_items()
        separator = b""
        while chunk := list(itertools.islice(items, _CHUNK)):
            text = msgspec.json.format(msgspec.json.encode({"": chunk}, order="sorted"), indent=4)
            yield separator + text[text.index(b"[") + 1 : text.rindex(b"\n    ]")]
            separator = b","
        yield b"\n    " + _TAIL

    def json(self) -> bytes:
        """Return the whole text."""
        return b"".join(self.json_chunks())

    def cluster(self) -> Cluster:
        """Return the cluster, read from the text as from any other dump."""
        return read_bytes("synthetic", self.json(), strict=True)

    def write(self, path: str | Path) -> Path:
        """Write the text to a file, compressed if its name ends in ``.gz``; the text is never held as a whole.

        Returns
        -------
        The path.
        """
        path = Path(path)
        with path.open("wb") as plain, _compressed(plain, path) as file:
            for chunk in self.json_chunks():
                file.write(chunk)
        return path


def _compressed(plain: BinaryIO, path: Path) -> AbstractContextManager[BinaryIO]:
    if path.suffix != ".gz":
        return plain
    return cast(
        AbstractContextManager[BinaryIO], gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0)
    )
