"""Who is inside a line: priorities first, then the nominating body's order; equal or missing ranks are a tie."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from casework.policy import Policy
from casework.shapes.procedure import PriorityOrder
from casework.vocabulary import Kind, Subject

IN, OUT, TIED, UNKNOWN = "in", "out", "tied", "unknown"


@dataclass(frozen=True)
class Tie:
    """People with an equal claim to fewer seats; `cell` is a cell of the plan, a cap's clause, or a fund."""

    cell: str
    seats: int
    case_ids: tuple[str, ...]


def priority_key(policy: Policy) -> tuple[pl.Expr, pl.Expr, bool]:
    """Return (key, best key, whether it orders people across units); larger keys come first.

    Reads the columns `met` and `unanswered`. An unanswered priority counts as not claimed in `key` and as
    claimed in the best key. A pack with one priority needs no clause that says how to weigh it.
    """
    orders = [order for _, order in policy.of_shape(PriorityOrder)]
    alone = [clause.id for clause in policy.of_kind(Kind.PRIORITY) if clause.subject is Subject.CASE]
    if not orders and len(alone) == 1:
        orders = [PriorityOrder(order="lexicographic", clauses=(alone[0],))]
    if not orders:
        return pl.lit(0, pl.Int64), pl.lit(0, pl.Int64), False
    order = orders[0]
    key, best = pl.lit(0, pl.Int64), pl.lit(0, pl.Int64)
    for place, clause_id in enumerate(reversed(order.clauses)):
        worth = 1 << place if order.order == "lexicographic" else 1
        met = pl.col("met").list.contains(clause_id)
        key = key + met.cast(pl.Int64) * worth
        best = best + (met | pl.col("unanswered").list.contains(clause_id)).cast(pl.Int64) * worth
    return key, best, order.across_units


def cut(frame: pl.DataFrame, *, by: list[str], seats: str, within: list[str] | None = None) -> pl.DataFrame:
    """Draw the line in every group: add `line` (in, out, tied, unknown) and `left` (seats the tied share).

    Args:
        frame: Columns `key` (larger first), `rank` (1 first, null: none given), `ruling` (order a recorded ruling
            gives, null: none), the group columns and `seats`.
        by: The group columns.
        seats: The column with the number of seats; null with `open` true has no line, null otherwise is unknown.
        within: Ranks are compared inside these columns only; nothing: across the whole group.

    Everyone who wins however the missing and equal ranks fall is in; everyone who loses in every case is out; the
    rest is a tie for what is left. A ruling settles it where it puts enough of the tied in a clear order.
    """
    level = [*by, "key"]
    free = (pl.col(seats) - (pl.col("key").rank("min", descending=True).over(by).cast(pl.Int64) - 1)).clip(0)
    comparable = [*level, *(within or [])]
    ahead = pl.col("rank").rank("min").over(comparable).cast(pl.Int64) - 1
    behind = (pl.col("rank").count().over(comparable).cast(pl.Int64)) - pl.col("rank").rank("max").over(comparable)
    size = pl.len().over(level).cast(pl.Int64)
    frame = frame.with_columns(_free=free, _size=size)
    certain = pl.col("_size") - behind.fill_null(0) <= pl.col("_free")
    lost = (pl.col("_free") == 0) | (ahead >= pl.col("_free")).fill_null(False)
    frame = frame.with_columns(
        line=pl.when(pl.col(seats).is_null())
        .then(pl.when(pl.col("open")).then(pl.lit(IN)).otherwise(pl.lit(UNKNOWN)))
        .when(certain)
        .then(pl.lit(IN))
        .when(lost)
        .then(pl.lit(OUT))
        .otherwise(pl.lit(TIED))
    )
    tied = pl.col("line") == TIED
    frame = frame.with_columns(left=pl.col("_free") - (pl.col("line") == IN).sum().over(level).cast(pl.Int64))
    place = pl.when(tied).then(pl.col("ruling")).rank("max").over(level).cast(pl.Int64)
    chosen = (tied & (place <= pl.col("left"))).fill_null(False)
    settled = chosen.sum().over(level).cast(pl.Int64) == pl.col("left")
    return frame.with_columns(
        line=pl.when(tied & settled & chosen)
        .then(pl.lit(IN))
        .when(tied & settled)
        .then(pl.lit(OUT))
        .otherwise(pl.col("line")),
        by_ruling=tied & settled,
    ).drop("_free", "_size")


def ties_of(frame: pl.DataFrame, cell: pl.Expr) -> list[Tie]:
    """Collect the open ties of a frame that `cut` has drawn lines in."""
    tied = frame.filter(pl.col("line") == TIED).with_columns(_cell=cell)
    grouped = tied.group_by("_cell", "key", maintain_order=True).agg("case_id", pl.col("left").first())
    return sorted(
        (Tie(row["_cell"], row["left"], tuple(sorted(row["case_id"]))) for row in grouped.iter_rows(named=True)),
        key=lambda tie: (tie.cell, tie.case_ids),
    )
