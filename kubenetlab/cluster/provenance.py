"""What a Cluster was read from: files and digests, what was read, skipped and refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from kubenetlab.errors import Refusal
from kubenetlab.result import frame_html

if TYPE_CHECKING:
    import pandas as pd

_EMPTY: Mapping[str, int] = MappingProxyType({})


class SourceFile(NamedTuple):
    """A file that was read: name, ``json`` or ``yaml``, size in bytes, SHA-256 of its bytes."""

    name: str
    format: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a Cluster comes from.

    ``read`` and ``skipped`` count items by kind; ``refused`` lists the items left out and why; ``n_secrets``
    counts Secrets, which are never decoded; ``notes`` says in words what a reader of results should know.
    """

    files: tuple[SourceFile, ...] = ()
    read: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    skipped: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    refused: tuple[Refusal, ...] = ()
    n_secrets: int = 0
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of all files, in order; of one file its own."""
        if len(self.files) == 1:
            return self.files[0].sha256
        return hashlib.sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()

    @property
    def refusals(self) -> pd.DataFrame:
        """One row a refused item: file, object, field, found, expected."""
        import pandas as pd

        return pd.DataFrame(self.refused, columns=list(Refusal._fields))

    @property
    def frame(self) -> pd.DataFrame:
        """One row a kind: kind, n_read, n_skipped, n_refused."""
        import pandas as pd

        refused = [refusal.object.split(" ")[0] for refusal in self.refused]
        kinds = sorted({*self.read, *self.skipped, *refused} | ({"Secret"} if self.n_secrets else set()))
        skipped = {**self.skipped, "Secret": self.n_secrets}
        rows = [(kind, self.read.get(kind, 0), skipped.get(kind, 0), refused.count(kind)) for kind in kinds]
        return pd.DataFrame(rows, columns=["kind", "n_read", "n_skipped", "n_refused"])

    def _repr_html_(self) -> str:
        return frame_html(self.frame) + (frame_html(self.refusals) if self.refused else "")
