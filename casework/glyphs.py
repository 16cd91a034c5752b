"""Which installed font draws which sign: no name leaves this office with a hole in it.

Old systems kept rare signs in the private use area, where every font shows something else, and a font without a sign
draws an empty box. Both stop a print, with the name, the sign and what to do.
"""

from __future__ import annotations

import subprocess
import unicodedata
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from casework.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "SimSun", "Songti SC", "HanaMinA", "HanaMinB")
BODY = (
    # 仿宋 before 仿宋_GB2312, which holds only 6763 signs: a name with 喆 or 堃 would be patched from another font.
    *("FangSong", "仿宋", "STFangsong", "FZFangSong-Z02", "Zhuque Fangsong (technical preview)", "FangSong_GB2312"),
    *("仿宋_GB2312", *_LAST, "BabelStone Han"),
)
"""正文 仿宋, then 宋体, then the reserves for rare signs."""
TITLE = ("FZXiaoBiaoSong-B05S", "方正小标宋简体", "FZXiaoBiaoSong-B05", "方正小标宋_GBK", *_LAST)
"""标题 小标宋; without it the bold of 宋体."""
HEAD = ("SimHei", "黑体", "STHeiti", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", *_LAST)
"""表头 黑体."""
_JOINERS = "\u200c\u200d\u00ad"
HEAVY = frozenset({*TITLE[:4], *HEAD[:3]})
"""The faces that are heavy by themselves; a stand-in is set in bold."""
REMEDY = "请换用规范字，或请管理员安装收字更全的字体（如花园明朝 HanaMin）后重新打印"


class Ranges(NamedTuple):
    """The signs of a font as ascending ranges, both ends included."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    def has(self, sign: str) -> bool:
        """Tell whether the font draws a sign."""
        at = bisect_right(self.firsts, ord(sign)) - 1
        return at >= 0 and ord(sign) <= self.lasts[at]


@cache
def installed() -> dict[str, Ranges]:
    """Return every installed family with its signs, as fontconfig knows them.

    Raises:
        Refused: fontconfig is not there, so nothing is known about any font.
    """
    try:
        listed = subprocess.run(
            ["fc-list", "--format", "%{family}|%{charset}\n"],  # noqa: S607 - wherever the system keeps it
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        raise Refused("fonts_unknown", "无法读取本机字体，不能打印。请安装 fontconfig 和中文字体后再试。") from None
    found: dict[str, Ranges] = {}
    for line in listed.splitlines():
        families, _, charset = line.partition("|")
        ends = [part.partition("-") for part in charset.split()]
        ranges = Ranges(
            tuple(int(first, 16) for first, _, _ in ends), tuple(int(last or first, 16) for first, _, last in ends)
        )
        for family in families.split(","):
            if len(ranges.firsts) > len(found.get(family, ranges).firsts) or family not in found:
                found[family] = ranges
    return found


def first_installed(chain: tuple[str, ...]) -> str:
    """Return the first family of a chain this machine has, or ""."""
    return next((family for family in chain if family in installed()), "")


def is_private(sign: str) -> bool:
    """Tell whether a sign means something else in every font (private use area)."""
    return unicodedata.category(sign) == "Co"


def is_drawn(sign: str) -> bool:
    """Tell whether some installed font draws a sign; a variation selector only modifies the sign before it."""
    if 0xFE00 <= ord(sign) <= 0xFE0F or 0xE0100 <= ord(sign) <= 0xE01EF or sign in _JOINERS:
        return True
    chained = (installed()[family] for family in BODY if family in installed())
    return any(ranges.has(sign) for ranges in chained) or any(ranges.has(sign) for ranges in installed().values())


def one_font(text: str) -> str:
    """Return the family a whole name is set in where the usual one lacks a sign of it; "" where it lacks none.

    A name of which one sign comes from another font looks forged.
    """
    chain = [family for family in BODY if family in installed()]
    for family in chain:
        if all(installed()[family].has(sign) for sign in text):
            return "" if family == chain[0] else family
    return ""


def check(texts: Iterable[str]) -> None:
    """Refuse texts with a sign that no font draws, or that means something else in every font.

    Raises:
        Refused: `glyph_missing`; the sentence names the text, the sign, its code point and the remedy.
    """
    for text in texts:
        for sign in text:
            if is_private(sign):
                why = "是旧系统自造字的编码，各机显示不同"
            elif unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign not in _JOINERS:
                why = "是看不见的控制符"
            elif not is_drawn(sign):
                why = "本机没有字体能印"
            else:
                continue
            visible = "".join(other if other.isprintable() else "□" for other in text)
            raise Refused("glyph_missing", f"“{visible}”中的字 U+{ord(sign):04X}{why}，没有打印。{REMEDY}。")
