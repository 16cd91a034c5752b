"""Triggers that make a table append-only on both databases.

SQLite drops a table's triggers when a batch migration re-creates the table: call `append_only` again there.
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
    if op.get_bind().dialect.name == "sqlite":
        _sqlite(table, unique)
    else:
        _postgres(table)


def _sqlite(table: str, unique: tuple[tuple[str, ...], ...]) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END"
    for deed in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} {refuse}")
    taken = " OR ".join("(" + " AND ".join(f'"{c}" = NEW."{c}"' for c in key) + ")" for key in unique)
    stands = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608 - our own names
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {stands} {refuse}")


def _postgres(table: str) -> None:
    op.execute(_FUNCTION)
    for deed, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{each.lower()} BEFORE {deed} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION casework_append_only()"
        )
