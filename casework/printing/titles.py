"""The title of a paper in lines that read well. No renderer."""

from __future__ import annotations

import itertools
import math
import re
from typing import Final

from markupsafe import Markup

_SIZE: Final = re.compile(r"h1 \{[^}]*?\b(\d+)pt")
_WORDS: Final = (
    "关于|开展|做好|年度|元旦|春节|期间|市直|机关|工委|困难|党员|生活|特困|救助|慰问|走访|对象|名额|分配|发放|资金|统计|登记"
    "|审批|台账|更新|管理|备案|汇总|名单|公示|结果|情况|说明|报告|工作|通知|材料|补正|活动|领导|干部|牺牲|殉职|家庭|档案|谈心"
    "|谈话|记录|政治|生日|党龄|变更|递补|花名|名册|抽查|核实|明细|代发|拨付|收支|对账|归档|目录|新增|补助|组织|申请"
)
"""Words of two signs; a title is never broken inside one."""


def break_title(text: str, most: float) -> tuple[str, ...]:
    """Break a title that is wider than `most` signs into as few, even lines as hold it; no word of ours is torn.

    >>> break_title("关于开展2018年度市直机关困难党员台账更新与救助慰问工作的通知", 20)
    ('关于开展2018年度市直机关', '困难党员台账更新与救助慰问工作的通知')
    """
    ends = [0.0]
    for sign in text:
        ends.append(ends[-1] + (0.5 if sign.isascii() else 1))
    many = math.ceil(ends[-1] / max(most, 2))
    best: dict[tuple[int, int], tuple[float, tuple[str, ...]]] = {(0, 0): (0, ())}  # by lines and signs used up
    for line, end in itertools.product(range(1, many + 1), range(1, len(text) + 1)):
        costs = [
            (
                cost + (ends[end] - ends[start] - ends[-1] / many) ** 2 + _torn(text, end) + _lone(text[start:end]),
                (*lines, text[start:end]),
            )
            for start in range(end)
            if ends[end] - ends[start] <= most and (found := best.get((line - 1, start)))
            for cost, lines in [found]
        ]
        if costs:
            best[line, end] = min(costs)
    return best.get((many, len(text)), (0, (text,)))[1] if many > 1 else (text,)


def _torn(text: str, at: int) -> float:
    """Return how badly a title reads where it is broken before sign `at`."""
    left, right = text[:at], text[at:]
    if not right or left.endswith(("年度", "期间", "机关", "、", "）", "》")):
        return 0
    across = text[at - 1 : at + 1]
    if (
        across in _WORDS
        or right[0] in "的、，）》"
        or left[-1] in "（《"
        or (across[0].isascii() and right[0] in "年月日")
    ):
        return 1000
    return 1000 if across.isascii() else 30


def _lone(line: str) -> float:
    """Return how badly a line reads that is nothing but one mark."""
    return 5000 if line in ("的", "、", "，", "）", "》") else 0


def titled(text: str, width_mm: float, css: str) -> Markup | str:
    """Return a title in lines, as the width of the page and the size the style gives it need."""
    size = int(_SIZE.findall(css)[-1]) * 25.4 / 72
    lines = break_title(text, width_mm / size)
    return Markup("").join(Markup('<span class="line">{}</span>').format(one) for one in lines) if lines[1:] else text
