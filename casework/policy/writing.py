"""Write a pack as `policy.toml`, in the order and form people write one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from pydantic import BaseModel
from tomlkit.items import Table

from casework.policy import raw

_ROWS: dict[str, type[BaseModel]] = {
    "path": raw.RawPath,
    "category": raw.RawCategory,
    "field": raw.RawField,
    "parameter": raw.RawParameter,
    "group": raw.RawGroup,
    "clause": raw.RawClause,
}
_LONG = 100
"""Parameters longer than this get a line each."""


def pack_text(data: Mapping[str, Any], *, comments: Mapping[str, str] | None = None) -> str:
    """Return the text of a `policy.toml`.

    Args:
        data: What `tomllib` reads from one: `policy`, and lists for the other sections. Empty values are left out.
        comments: A line to stand above a clause, by its id.
    """
    document = tomlkit.document()
    head = tomlkit.table()
    _fill(head, data["policy"], raw.keys_of(raw.RawHead))
    document.append("policy", head)
    for section in raw.TABLES:
        rows = tomlkit.aot()
        for row in data.get(section, ()):
            table = tomlkit.table()
            if comments and section == "clause" and row["id"] in comments:
                table.comment(comments[row["id"]])
            _fill(table, row, raw.keys_of(_ROWS[section]))
            rows.append(table)
        if len(rows):
            document.append(section, rows)
    return tomlkit.dumps(document)


def inline(value: Any) -> str:
    """Return one value as it stands behind `=`."""
    return _item(value).as_string()  # type: ignore[no-any-return]


def _fill(table: Table, row: Mapping[str, Any], order: list[str]) -> None:
    strange = [key for key in row if key not in order]
    for key in [*order, *strange]:
        value = row.get(key)
        if value is None or value == "" or (isinstance(value, list | tuple | dict) and not value and key != "params"):
            continue
        if key == "params":
            _params(table, value)
        else:
            table.append(key, _item(value))


def _params(table: Table, params: Mapping[str, Any]) -> None:
    """Write parameters in one line where they fit, else a line each; a table of a table one line a row."""
    one_line = _item(params)
    if not params or (len(one_line.as_string()) <= _LONG and not _is_grid(params)):
        if params:
            table.append("params", one_line)
        return
    for key, value in params.items():
        if isinstance(value, Mapping) and any(isinstance(cell, Mapping) for cell in value.values()):
            for name, cell in value.items():
                table.append(tomlkit.key(["params", key, name]), _item(cell))
        else:
            table.append(tomlkit.key(["params", key]), _item(value))


def _is_grid(params: Mapping[str, Any]) -> bool:
    return any(
        isinstance(value, Mapping) and any(isinstance(cell, Mapping) for cell in value.values())
        for value in params.values()
    )


def _item(value: Any) -> Any:
    if isinstance(value, Mapping):
        entries = ", ".join(f"{tomlkit.key(key).as_string()} = {inline(entry)}" for key, entry in value.items())
        return tomlkit.value(f"{{ {entries} }}" if entries else "{}")
    if isinstance(value, list | tuple):
        return tomlkit.value(f"[{', '.join(inline(entry) for entry in value)}]")
    return tomlkit.item(value)
