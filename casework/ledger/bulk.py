"""Many rows at once, inside the command's own transaction: the driver's fast road, not the ORM's."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import Connection, LargeBinary
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from casework.models import Table


def insert_frame(session: Session, model: type[Table], frame: pl.DataFrame, **constants: Any) -> int:
    """Insert a frame's rows; its column names are the table's.

    Args:
        session: The transaction of a command.
        model: The table.
        frame: The rows.
        constants: Columns that have one value for all rows, e.g. `round_id`.

    Returns:
        How many rows were inserted.
    """
    if frame.is_empty():
        return 0
    session.flush()
    connection = session.connection()
    table = model.__table__  # type: ignore[attr-defined]
    values = {name: frame[name].to_list() for name in frame.columns}
    values |= {name: [value] * frame.height for name, value in constants.items()}
    for name, column in values.items():
        if isinstance(table.c[name].type, LargeBinary):
            continue  # both drivers take bytes as they are
        # What SQLAlchemy itself would do to each value on its way to this database (dates, JSON, instants).
        convert = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if convert is not None:
            values[name] = [convert(value) for value in column]
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in values)
    rows = list(zip(*values.values(), strict=True))
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {quote(table.name)} ({columns}) FROM STDIN", rows)
    else:
        marks = ", ".join("?" * len(values))
        connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})", rows)  # noqa: S608
    return frame.height


def _copy(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """Stream rows through COPY; the driver's errors become SQLAlchemy's, as everywhere else."""
    driver: Any = connection.connection.driver_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except errors as error:
        kind = IntegrityError if str(getattr(error, "sqlstate", "")).startswith("23") else OperationalError
        raise kind(statement, None, error, hide_parameters=True) from None
