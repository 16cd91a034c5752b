"""What can be wrong, said so that an officer can put it right.

A problem found in somebody's data is a value, `Problem`. An exception is for a pack that cannot be used,
an action that is refused, or our own mistake:

    CaseworkError                  everything this package raises on purpose; `str()` is the Chinese sentence
    ├── PolicyError                a pack cannot be used; carries every problem found, not the first one
    ├── Refused                    an action is refused; `reason_code` for programs, the sentence for the officer
    │   ├── Conflict               someone else was first, or the version believed to be left has moved on
    │   └── NotAllowed             this account may not do this, here
    ├── Infeasible                 floors, caps or totals contradict each other
    └── LedgerError                the ledger is missing, damaged, or from another version
        └── OtherShape             its tables are not those its version should have
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STOPS = ("。", "！", "？", "；", "：")


def _stopped(text: str) -> str:
    """Return `text` ending in a full stop, or nothing for nothing."""
    return text if not text or text.endswith(_STOPS) else f"{text}。"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, what was read, why it will not do, and what to do.

    Attributes:
        message: The reason, a Chinese sentence.
        remedy: What to do about it, a Chinese sentence.
        file: Name of the file (never its folder).
        sheet: Name of the worksheet.
        cell: Address of the cell, e.g. "C5"; its row number is the sheet's own.
        clause: Id of the clause in a pack, e.g. "JS-1.1".
        read: What stood there, as it stood there.
        column: The head over the cell, e.g. "身份证号".
    """

    message: str
    remedy: str = ""
    file: str = ""
    sheet: str = ""
    cell: str = ""
    clause: str = ""
    read: str = ""
    column: str = ""

    def place(self) -> str:
        """Return where it stands: "工作表「名单」第 5 行「姓名」（格 C5）" or "文件 policy.toml，条款 JS-1.1"."""
        named = [f"文件 {self.file}"] if self.file else []
        if self.clause:
            named.append(f"条款 {self.clause}")
        in_sheet = f"工作表「{self.sheet}」" if self.sheet else ""
        if self.cell:
            row = re.search(r"[0-9]+$", self.cell)
            head = f"「{self.column}」" if self.column else ""
            in_sheet += f"第 {row[0]} 行{head}（格 {self.cell}）" if row else f"{head}（格 {self.cell}）"
        if in_sheet:
            named.append(in_sheet)
        return "，".join(named)

    def sentence(self) -> str:
        """Return the whole problem as one line of Chinese.

        >>> Problem("身份证号少 1 位", "请核对证件", sheet="名单", cell="C5", read="41010219650307123").sentence()
        '工作表「名单」第 5 行（格 C5）：读到「41010219650307123」。身份证号少 1 位。请核对证件。'
        """
        place = self.place()
        body = f"读到「{self.read}」。" if self.read else ""
        body += _stopped(self.message) + _stopped(self.remedy)
        return f"{place}：{body}" if place else body


class CaseworkError(Exception):
    """Everything this package raises on purpose; `sentence` is what the officer reads."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class PolicyError(CaseworkError):
    """A pack cannot be used; `problems` holds everything that was found, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.sentence() for problem in problems))
        self.problems = problems


class Refused(CaseworkError):  # noqa: N818 - it reads as what happened to the officer's action
    """An action is refused: `reason_code` is stable for programs and tests, the sentence is for the officer."""

    def __init__(self, reason_code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason_code = reason_code


class Conflict(Refused):
    """Someone else was first: the version this action believed it was leaving has moved on."""


class NotAllowed(Refused):
    """This account may not do this here: role, unit, or read-only desk."""


class Infeasible(CaseworkError):  # noqa: N818 - as above
    """The numbers contradict each other, e.g. floors that add up to more than the total.

    Attributes:
        code: Stable for programs and tests, e.g. `floors_over_total`.
        by: By how many places or fen.
    """

    def __init__(self, code: str, by: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.by = by


class LedgerError(CaseworkError):
    """The ledger is missing, damaged, locked, or written by another version."""


class OtherShape(LedgerError):  # noqa: N818 - it reads as what is wrong
    """The ledger's tables are not those its version should have."""
