"""Signs in a text: what is put right and told, what is flagged, and what stops the row."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

from casework.vocabulary import Term

MOST_SHORT, MOST_LONG = 50, 500
_MOST_COMBINING: Final = 8
_INVISIBLE: Final = frozenset("\u00ad\u200b\u2060\ufeff")
_SPACES: Final = frozenset("\t\n\r\v\f\u2028\u2029")
_JOINERS: Final = frozenset("\u200c\u200d")
# Source: GB 18030-2022, which gave the last signs of the private use area a place of their own; the codec knows only
# the edition of 2000.
_SINCE_2005: Final = {
    "\ue816": "\U00020087",
    "\ue817": "\U00020089",
    "\ue818": "\U000200cc",
    "\ue81e": "\u9fb4",
    "\ue826": "\u9fb5",
    "\ue82b": "\u9fb6",
    "\ue82c": "\u9fb7",
    "\ue831": "\U000215d7",
    "\ue832": "\u9fb8",
    "\ue83b": "\U0002298f",
    "\ue843": "\u9fb9",
    "\ue854": "\u9fba",
    "\ue855": "\U000241fe",
    "\ue864": "\u9fbb",
}


class Severity(Term):
    """What a remark does to the row it is about."""

    HOLD = "hold", "待改"
    WARN = "warn", "请核对"
    NOTE = "note", "已处理"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say about a cell: why, and what to do.

    `proposal` is a reading an officer may take over after a look at the papers; it is never applied, and where the
    cell is sensitive it is sensitive too.
    """

    severity: Severity
    message: str
    remedy: str = ""
    proposal: str = ""

    def __repr__(self) -> str:
        """Keep the proposal out of tracebacks."""
        return f"Remark({self.severity.value}, {self.message!r})"


def hold(message: str, remedy: str = "", proposal: str = "") -> Remark:
    """Return a remark that stops the row."""
    return Remark(Severity.HOLD, message, remedy, proposal)


def warn(message: str, remedy: str = "") -> Remark:
    """Return a remark that asks for a look."""
    return Remark(Severity.WARN, message, remedy)


def note(message: str) -> Remark:
    """Return a remark that says what was done."""
    return Remark(Severity.NOTE, message)


@cache
def known_private_signs() -> dict[str, str]:
    """Return the private-use signs of old systems (GBK, U+E815 to U+E864) and the real signs they stood for."""
    found = {}
    for at, second in enumerate((*range(0x50, 0x7F), *range(0x80, 0xA1))):
        private = chr(0xE815 + at)
        sign = bytes((0xFE, second)).decode("gb18030")
        found[private] = _SINCE_2005.get(private, sign)
    return found


ORDINARY: Final = "[\u4e00-\u9fa50-9A-Za-z（，。、：；）][\u4e00-\u9fa50-9A-Za-z（，。、：；）/.-]*"
_ORDINARY: Final = re.compile(ORDINARY)
"""Nothing to say about: no blank, no formula, no sign an old system cannot write (this range is all in GBK)."""


def read_text(text: str, *, most: int = MOST_SHORT) -> tuple[str | None, list[Remark]]:
    """Return a text as it is kept, and what is to be said about it; None where it cannot be kept.

    Nothing in it is ever interpreted: "=1+1", markup and braces are letters. Line breaks inside stay.

    Args:
        text: What stands in the cell.
        most: How many signs are allowed.
    """
    if len(text) <= most and _ORDINARY.fullmatch(text):
        return text, []
    said: list[Remark] = []
    kept = "".join(sign for sign in text.replace("\u00a0", " ") if sign not in _INVISIBLE).strip(" \u3000\t\r\n")
    if any(sign in _INVISIBLE for sign in text):
        said.append(note("已去掉看不见的符号"))
    for sign in dict.fromkeys(kept):
        real = known_private_signs().get(sign)
        if real is not None:
            kept = kept.replace(sign, real)
            said.append(note(f"旧系统的自造字 U+{ord(sign):04X} 已换成规范字“{real}”"))
    said.extend(_forbidden(kept, most))
    if any(remark.severity is Severity.HOLD for remark in said):
        return None, said
    said.extend(_flagged(kept))
    return kept, said


def _forbidden(text: str, most: int) -> list[Remark]:
    found = []
    control = next(
        (
            sign
            for sign in text
            if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Cn"} and sign not in _SPACES | _JOINERS
        ),
        None,
    )
    if control is not None:
        found.append(hold(f"含控制符 U+{ord(control):04X}", "请删去这一格后重新录入"))
    if len(text) > most:
        found.append(hold(f"有 {len(text)} 字，超过 {most} 字", "请压缩文字"))
    if sum(unicodedata.category(sign) in {"Mn", "Me"} for sign in text) > _MOST_COMBINING:
        found.append(hold("叠加符号过多，印出来会盖住别的字", "请删去多余的符号"))
    return found


def _flagged(text: str) -> list[Remark]:
    found = []
    if text[:1] in tuple("=+-@") or any(sign in text for sign in ("<", ">", "{{", "{%")):
        found.append(warn("像公式或代码，已按普通文字保存", "请核对是否填错"))
    private = next((sign for sign in text if unicodedata.category(sign) == "Co"), None)
    if private is not None:
        found.append(warn(f"含自造字 U+{ord(private):04X}，各机显示不同，打印前必须换成规范字", "请核对证件"))
    rare = "".join(dict.fromkeys(sign for sign in text if _is_rare(sign)))
    if rare:
        found.append(note(f"含生僻字“{rare}”，打印时会检查能否印出"))
    return found


def _is_rare(sign: str) -> bool:
    """Tell whether an old system cannot write the sign: it has no place in GBK."""
    try:
        sign.encode("gbk")
    except UnicodeEncodeError:
        return unicodedata.name(sign, "").startswith("CJK")
    return False
