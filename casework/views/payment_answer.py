"""The bank's answer as a sheet (序号, 金额, 结果, 原因), read into the rows `payment.bank.read_results` takes."""

from __future__ import annotations

import contextlib
import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from casework.money import parse_yuan
from casework.problems import Problem, Refused
from casework.sheets import Sheet, UnreadableWorkbook, read_workbook

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "serial": ("序号", "编号", "明细序号"),
    "amount": ("金额（元）", "金额(元)", "金额", "交易金额"),
    "result": ("结果", "处理结果", "交易结果", "状态", "代发结果"),
    "reason": ("原因", "失败原因", "退票原因", "备注", "说明"),
}
"""What is read, and the heads banks write for it."""

SUCCEEDED: Final = frozenset({"成功", "交易成功", "处理成功", "已入账", "代发成功"})
RETURNED: Final = frozenset({"退票", "失败", "交易失败", "处理失败", "退汇", "代发失败"})
_HEAD_WITHIN: Final = 10
MOST_BYTES: Final = 5 * 1024 * 1024


def read_answer(upload: tuple[str, bytes] | None) -> list[dict[str, object]]:
    """Return the rows of `payment.bank.BANK_RESULTS`.

    Args:
        upload: Name and bytes of the file.

    Raises:
        Refused: `no_file`, `bad_answer` with file, cell and remedy.
    """
    if upload is None:
        raise Refused("no_file", "请选择银行回单文件（xlsx 或 CSV）")
    name, content = upload
    if len(content) > MOST_BYTES:
        raise Refused("bad_answer", f"{name}太大，银行回单不会超过 5 MB，请核对文件")
    try:
        sheet = _csv(name, content) if name.lower().endswith(".csv") else _first(read_workbook(content, name=name))
    except UnreadableWorkbook as error:
        raise Refused("bad_answer", error.problem.sentence()) from None
    rows = sheet.filled()
    at, places = _heads(name, sheet, rows)
    found = [
        _row(name, sheet, number, row, places)
        for number, row in enumerate(rows[at + 1 :], start=at + 1)
        if _plain(row, places["serial"]) not in ("", "合计", "总计")
    ]
    if not found:
        raise Refused("bad_answer", f"{name}的表头下面没有一笔结果，请核对文件")
    return found


def _first(sheets: Sequence[Sheet]) -> Sheet:
    return next((one for one in sheets if one.visible and one.rows), Sheet("", (), (), visible=True))


def _csv(name: str, content: bytes) -> Sheet:
    for encoding in ("utf-8-sig", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError, csv.Error):
            rows = csv.reader(io.StringIO(content.decode(encoding)))
            return Sheet("", tuple(tuple(row) for row in rows), (), visible=True)
    raise Refused("bad_answer", f"{name}不是能读的文字文件，请另存为 xlsx")


def _heads(name: str, sheet: Sheet, rows: Sequence[Sequence[Any]]) -> tuple[int, dict[str, int]]:
    for at, row in enumerate(rows[:_HEAD_WITHIN]):
        heads = [_plain(row, place) for place in range(len(row))]
        places = {key: heads.index(head) for key, words in HEADS.items() for head in reversed(words) if head in heads}
        if {"serial", "amount", "result"} <= places.keys():
            return at, places
    remedy = "表头要有 序号、金额、结果、原因 四列，写在前十行内"
    raise Refused("bad_answer", Problem("没有找到银行回单的表头", remedy, file=name, sheet=sheet.name).sentence())


def _plain(row: Sequence[Any], place: int | None) -> str:
    value = row[place] if place is not None and place < len(row) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else unicodedata.normalize("NFC", "".join(str(value).split()))


def _row(name: str, sheet: Sheet, number: int, row: Sequence[Any], places: Mapping[str, int]) -> dict[str, object]:
    def wrong(key: str, message: str, remedy: str) -> Refused:
        cell = sheet.address(number, places[key])
        return Refused("bad_answer", Problem(message, remedy, file=name, sheet=sheet.name, cell=cell).sentence())

    serial, result = _plain(row, places["serial"]), _plain(row, places["result"])
    if not (serial.isascii() and serial.isdigit()):
        raise wrong("serial", f"序号读到“{serial}”，不是整数", "照代发明细的序号填写")
    if result not in SUCCEEDED | RETURNED:
        raise wrong("result", f"结果读到“{result or '空白'}”", "写“成功”或“退票”")
    try:
        amount = parse_yuan(_plain(row, places["amount"]))
    except ValueError:
        raise wrong("amount", f"金额读到“{_plain(row, places['amount']) or '空白'}”", "照代发明细的金额填写") from None
    return {
        "serial": int(serial),
        "amount_fen": amount,
        "succeeded": result in SUCCEEDED,
        "reason": _plain(row, places.get("reason")),
    }
