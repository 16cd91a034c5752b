"""Triggers that make a table append-only, or keep its rows from going, on both databases.

SQLite drops a table's triggers when a batch migration re-creates the table: call them again there.
"""

from __future__ import annotations

from alembic import op

_FUNCTION = """
CREATE OR REPLACE FUNCTION casework_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def append_only(table: str, *unique: tuple[str, ...]) -> None:
    """Refuse UPDATE, DELETE, TRUNCATE and REPLACE on `table`.

    Args:
        table: Its name.
        unique: Its primary key and unique keys. SQLite's `INSERT OR REPLACE` deletes the row that stands in the way
            without a word unless the *connection* has `recursive_triggers`; a trigger before the insert needs no
            such luck.
    """
    _guard(table, unique, ("UPDATE", "DELETE"))


def kept(table: str, *unique: tuple[str, ...]) -> None:
    """Refuse DELETE, TRUNCATE and REPLACE on `table`: a row changes its state, and stays.

    Args:
        table: Its name.
        unique: As for `append_only`.
    """
    _guard(table, unique, ("DELETE",))


def _guard(table: str, unique: tuple[tuple[str, ...], ...], deeds: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite(table, unique, deeds)
    else:
        _postgres(table, deeds)


def _sqlite(table: str, unique: tuple[tuple[str, ...], ...], deeds: tuple[str, ...]) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END"
    for deed in deeds:
        op.execute(f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} {refuse}")
    taken = " OR ".join("(" + " AND ".join(f'"{c}" = NEW."{c}"' for c in key) + ")" for key in unique)
    stands = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608 - our own names
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {stands} {refuse}")


def _postgres(table: str, deeds: tuple[str, ...]) -> None:
    op.execute(_FUNCTION)
    for deed, each in ((" OR ".join(deeds), "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{each.lower()} BEFORE {deed} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION casework_append_only()"
        )
