"""What every model returns: a frame, the assumptions behind it, and the objects or rules that decided."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

from kubenetlab.visible_text import visible

if TYPE_CHECKING:
    import pandas as pd


class Basis(StrEnum):
    """How far a model was checked against the real component."""

    RAN = "ran"  # against recordings of the component, or the kernel
    SOURCE = "source"  # against the component's source text
    DOCS = "docs"  # against its documentation
    UNCHECKED = "unchecked"


class Origin(StrEnum):
    """Where the value of a setting comes from."""

    READ = "read"  # it stands in the dump
    INFERRED = "inferred"  # the dump's objects imply it
    DEFAULT = "default"  # the component's documented default
    UNKNOWN = "unknown"  # a dump cannot hold it


class Setting(NamedTuple):
    """One setting of a cluster: its value, where that comes from, and the evidence in words."""

    name: str
    value: Any
    origin: Origin
    evidence: str

    @property
    def is_known(self) -> bool:
        """Whether the setting has a value."""
        return self.origin is not Origin.UNKNOWN

    @property
    def text(self) -> str:
        """The value as people write it."""
        if self.value is None:
            return "unknown"
        return ", ".join(map(str, self.value)) if isinstance(self.value, tuple) else str(self.value)

    def __repr__(self) -> str:
        """Name, value, origin and evidence in one line."""
        return visible(f"Setting {self.name}: {self.text} ({self.origin}: {self.evidence})")


class Settings(Mapping[str, Setting]):
    """The assumption ledger: every setting by name, in a fixed order; read-only."""

    def __init__(self, settings: Iterator[Setting] | tuple[Setting, ...] = ()) -> None:
        self._by_name = {setting.name: setting for setting in settings}

    def __getitem__(self, name: str) -> Setting:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a setting: setting, value, origin, evidence (all text)."""
        import pandas as pd

        rows = [(s.name, s.text, str(s.origin), s.evidence) for s in self.values()]
        return pd.DataFrame(rows, columns=["setting", "value", "origin", "evidence"])

    def __repr__(self) -> str:
        """How many settings have a value."""
        n_known = sum(setting.is_known for setting in self.values())
        return f"Settings({n_known} of {len(self)} known; .frame lists them)"

    def _repr_html_(self) -> str:
        return frame_html(self.frame)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """What a model found.

    ``frame`` rows are things and columns named quantities, units in the names; ``assumptions`` the settings
    that the numbers rest on; ``because`` the objects and rules that decided, in order; ``basis`` how far the
    model was checked.
    """

    title: str
    _frame: pd.DataFrame = field(repr=False)
    assumptions: tuple[Setting, ...] = ()
    because: tuple[str, ...] = ()
    basis: Basis = Basis.UNCHECKED

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self._frame.copy()

    def _repr_html_(self) -> str:
        because = "".join(f"<li>{escape(reason)}</li>" for reason in self.because)
        reasons = f"<ul>{because}</ul>" if because else ""
        return f"<p><strong>{escape(self.title)}</strong></p>{frame_html(self._frame)}{reasons}"


def frame_html(frame: pd.DataFrame, max_rows: int = 60) -> str:
    """Return a frame as an HTML table in which every text is escaped and none is cut.

    Texts are on the left and numbers on the right: every cell says so itself, because notebooks put all cells of a
    table on the right and drop style sheets that come with an output.
    """
    import pandas as pd

    shown = frame.astype("object").map(lambda value: "" if value is pd.NA else _shown(value))
    with pd.option_context("display.max_colwidth", None, "display.max_columns", None):
        html = shown.to_html(index=False, escape=True, max_rows=max_rows, border=0, na_rep="")
    sides = cycle(["right" if _is_number(frame[name]) else "left" for name in frame])
    html = html.replace('<tr style="text-align: right;">', "<tr>")
    return re.sub(r"<(t[hd])>", lambda tag: f'<{tag[1]} style="text-align: {next(sides)}">', html)


def _shown(value: Any) -> Any:
    return visible(value, kept="\n\t") if isinstance(value, str) else value


def _is_number(values: pd.Series) -> bool:
    from pandas.api.types import infer_dtype

    return infer_dtype(values, skipna=True) in ("integer", "floating", "mixed-integer-float")
