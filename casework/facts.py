"""What the ledger knows on one day, as one frozen bundle of frames: the only input of rules and allocation."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from casework.frames import FACTS, Schema, conform

if TYPE_CHECKING:
    from typing import Self

Rows: TypeAlias = pl.DataFrame | Iterable[Mapping[str, object]]


@dataclass(frozen=True, eq=False)
class Facts:
    """The frames of `casework.frames.FACTS`, with the day and the round they are true for.

    Build one with `Facts.build`: it puts every frame into its schema. Two bundles with the same rows in another
    order are the same facts, and have the same `digest()`.

    Attributes:
        as_of: The day these facts were read for; ages and windows count from it.
        round_id: The round, "" outside a ledger.
    """

    cases: pl.DataFrame
    people: pl.DataFrame
    households: pl.DataFrame
    members: pl.DataFrame
    causes: pl.DataFrame
    evidence: pl.DataFrame
    honours: pl.DataFrame
    judgements: pl.DataFrame
    aid: pl.DataFrame
    completeness: pl.DataFrame
    answers: pl.DataFrame
    units: pl.DataFrame
    rulings: pl.DataFrame
    as_of: date
    round_id: str

    @classmethod
    def build(cls, *, as_of: date, round_id: str = "", **tables: Rows) -> Self:
        """Return facts from rows or frames; a table that is not given is empty.

        Args:
            as_of: The day the facts are true for.
            round_id: The round they belong to.
            tables: Any of `FACTS`, as a frame or as mappings; absent columns are null, which is *unknown*.

        Raises:
            ValueError: A table or a column is in no schema.
        """
        strangers = tables.keys() - FACTS.keys()
        if strangers:
            raise ValueError(f"tables not among the facts: {', '.join(sorted(strangers))}")
        frames = {name: conform(tables.get(name, ()), schema) for name, schema in FACTS.items()}
        return cls(**frames, as_of=as_of, round_id=round_id)

    def replace(self, *, as_of: date | None = None, **tables: Rows) -> Self:
        """Return a copy with some tables exchanged.

        Raises:
            KeyError: A table is not among the facts.
            ValueError: A column is in no schema.
        """
        frames: dict[str, Any] = {name: conform(rows, FACTS[name]) for name, rows in tables.items()}
        return dataclasses.replace(self, **frames, as_of=as_of or self.as_of)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return every frame by name, in the order of `FACTS`."""
        return {name: getattr(self, name) for name in FACTS}

    def canonical_bytes(self) -> bytes:
        """Return these facts as canonical JSON: the same facts give the same bytes, whatever the order of rows.

        Dates are ISO texts, a list (`tags`) is a set and therefore sorted, rows are sorted by their own JSON.
        """
        tables = {name: _canonical(frame) for name, frame in self.tables().items()}
        head = {"as_of": self.as_of.isoformat(), "round_id": self.round_id}
        body = ",".join(f'"{name}":{tables[name]}' for name in sorted(tables))
        return f'{{"head":{_json(head)},"tables":{{{body}}}}}'.encode()

    def digest(self) -> str:
        """Return the SHA-256 of `canonical_bytes()`, in hexadecimal."""
        return hashlib.sha256(self.canonical_bytes()).hexdigest()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Return the facts that `canonical_bytes()` wrote, e.g. from a snapshot years ago.

        A column that has come since then is null: nobody knew it.
        """
        read = json.loads(stored)
        frames = {name: frame_of(table, FACTS[name]) for name, table in read["tables"].items()}
        head = read["head"]
        return cls.build(as_of=date.fromisoformat(head["as_of"]), round_id=head["round_id"], **frames)


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with values that JSON has: dates are ISO texts, a list (`tags`) is a set and therefore sorted."""
    return frame.select(
        pl.col(name).cast(pl.String)
        if dtype == pl.Date
        else pl.col(name).list.sort()
        if dtype == pl.List(pl.String)
        else pl.col(name)
        for name, dtype in frame.schema.items()
    )


def _canonical(frame: pl.DataFrame) -> str:
    """Return one frame as `{"columns": […], "rows": [[…], …]}` with sorted rows."""
    rows = sorted(_json(row) for row in plain(frame).iter_rows())
    return f'{{"columns":{_json(frame.columns)},"rows":[{",".join(rows)}]}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def frame_of(table: Mapping[str, list[Any]], schema: Schema) -> pl.DataFrame:
    """Return one frame from `{"columns": […], "rows": [[…], …]}`; dates are texts there."""
    days = [name for name in table["columns"] if schema[name] == pl.Date]
    types = {name: pl.String if name in days else schema[name] for name in table["columns"]}
    frame = pl.DataFrame(table["rows"], schema=types, orient="row")
    return frame.with_columns(pl.col(days).str.to_date("%Y-%m-%d"))
