"""Carry two rounds of the demo ledger from the units' papers to the receipts, by typed commands alone.

The handbook's pictures show what an office looks like in the middle of its work. Everybody here is invented, and every
step is a command an officer could type: `scripts.screenshots` runs them on a ledger of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from casework.cli import main

NAMES = (
    *("业州镇", "长梁镇", "茅田乡", "龙坪乡", "高坪镇", "三里乡", "红岩镇", "花坪镇", "景阳镇", "官店镇"),
    *("县委直属机关工委", "县委两新工委"),
)
TOWNS = {f"js-{place:02}": name for place, name in enumerate(NAMES, start=1)}
ORGANS = ("im-01", "im-02", "im-03", "im-04")
PAID_BY_HAND, PAID_BY_BANK, NOT_YET = "业州镇", "县委两新工委", "长梁镇"


class Office:
    """One round, and the shortest way to type a command about it."""

    def __init__(self, ledger: Path, round_id: str) -> None:
        self.ledger, self.round_id = ledger, round_id

    def type(self, words: str, *more: str, whole_round: bool = True) -> str:
        """Type one command and return what it printed.

        Raises:
            RuntimeError: The command was refused.
        """
        out, err = io.StringIO(), io.StringIO()
        typed = [*words.split(), *more, "--db", str(self.ledger)]
        typed += ["--round", self.round_id] if whole_round else []
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(typed)
        if code:
            raise RuntimeError(f"{' '.join(typed)}: {err.getvalue() or out.getvalue()}")
        return out.getvalue()

    def read(self, words: str, *more: str, whole_round: bool = True) -> Any:
        """Type a command that answers in JSON."""
        asked = () if "--json" in words.split() else ("--json",)
        return json.loads(self.type(words, *more, *asked, whole_round=whole_round))

    def package(self, unit: str, steps: Sequence[str]) -> None:
        """Record the steps of a unit, each `环节=组织|日期|依据`."""
        self.type("package steps --unit", unit, *(word for step in steps for word in ("--step", step)))

    def adopt(self) -> None:
        """Adopt places and people as the circular has them."""
        self.type("scenario save 通知方案")
        self.type("scenario adopt 通知方案")
        self.type("scenario adopt 通知方案 --act list")


def luhn(number: str) -> str:
    """Return an invented card number with its check digit."""
    digits = [int(each) for each in reversed(number)]
    total = sum(sum(divmod(2 * each, 10)) if place % 2 == 0 else each for place, each in enumerate(digits))
    return number + str(-total % 10)


def jianshi(ledger: Path) -> None:
    """Decide, pay and visit under 建始 2020: one township by hand, one committee by the bank, the others still open."""
    office = Office(ledger, "jianshi-2020")
    for unit, name in list(TOWNS.items())[:9]:
        office.type(f"package receive --at 2020-01-15T{'17:20' if name == '花坪镇' else '16:40'} --unit", unit)
    office.type("package return --unit js-03 --item 扫描件 --reason 看不清印章")
    for unit, name in TOWNS.items():
        body = name if name.endswith("工委") else f"{name}党委"
        office.package(
            unit,
            [
                "推荐=党员群众|2020-01-09|推荐表",
                "支部大会=党支部|2020-01-10|支部会议记录",
                f"研究审定={body}|2020-01-11|党委会议记录",
                f"公示={body}|2020-01-12~2020-01-14|无异议|公示栏照片",
                f"填报花名册={body}|2020-01-15|花名册",
            ],
        )
    office.adopt()
    office.type("review confirm --basis 各单位花名册、会议记录")
    office.type("pay open")
    office.type("pay income --yuan 184000 --fund 留存党费 --basis 拨款单1号 --on 2020-01-16")
    claims = office.read("pay claims --json")
    paid = {name: [one for one in claims if one["unit"] == name] for name in (PAID_BY_HAND, PAID_BY_BANK, NOT_YET)}
    ids = {name: [one["claim_id"] for one in rows] for name, rows in paid.items()}
    for number, (name, rows) in enumerate(ids.items(), start=1):
        basis = f"拨付单{number}号"
        office.type(f"pay transfer --fund 留存党费 --on 2020-01-17 --basis {basis} --unit {name}", *rows)
    by_hand(office, ids[PAID_BY_HAND])
    by_bank(office, ids[PAID_BY_BANK])


def by_hand(office: Office, claims: Sequence[str]) -> None:
    """Hand over at home, two persons on a leader's visit, and take the receipts of most."""
    link = office.read(
        "pay visit link 示例县领导 --position 县委副书记 --level 县级 --office 县委办 --unit", PAID_BY_HAND
    )["link_id"]
    cases = {one["claim_id"]: one["case_id"] for one in office.read("pay claims --json")}
    first = claims[:2]
    said = [word for claim in first for word in ("--case", cases[claim])]
    plan = office.read("pay visit plan", link, *said, "--on", "2020-01-18", whole_round=False)["plan_id"]
    for claim, opinions in zip(first, ("希望修通组路", "无"), strict=True):
        who = ["--by", f"示例县领导=县委副书记={link}", "--by", "示例委员=乡镇党委委员"]
        told = ["--place", "家中", "--opinions", opinions, "--on", "2020-01-18", "--plan", plan, "--claim", claim]
        made = office.read("pay visit add", cases[claim], *told, *who, whole_round=False)
        if opinions != "无":
            due = ["--problem", "通组路没有硬化", "--owner", "示例镇长", "--due", "2020-06-30"]
            office.type("pay visit raise", made["visit_id"], *due, whole_round=False)
    office.type("pay hand --place 家中 --by 示例委员 --on 2020-01-19", *claims[2:40])
    office.type("pay receipt --with 指印 --on 2020-01-19", *claims[:30])
    office.type("pay book --voucher 记账凭证1号 --on 2020-01-20", *claims[:20])


def by_bank(office: Office, claims: Sequence[str]) -> None:
    """Pay by the bank; one transfer comes back."""
    cases = {one["claim_id"]: one["case_id"] for one in office.read("pay claims --json")}
    for number, claim in enumerate(claims):
        card = luhn(f"62220212345678{number:04}")
        office.type("pay card set", cases[claim], "--number", card, whole_round=False)
    batch = office.read("pay bank --on 2020-01-18", *claims)["batch_id"]
    rows = [
        f"{number},500,{'退票' if number == len(claims) else '成功'},{'户名不符' if number == len(claims) else ''}"
        for number in range(1, len(claims) + 1)
    ]
    answer = office.ledger.with_name("回单.csv")
    answer.write_text("\n".join(["序号,金额,结果,原因", *rows, ""]), encoding="utf-8")
    office.type("pay results", batch, str(answer), "--on", "2020-01-19", whole_round=False)


def neimenggu(ledger: Path) -> None:
    """Decide and publish under 内蒙古 2022; one objection has come in."""
    office = Office(ledger, "neimenggu-2022")
    for unit in ORGANS:
        office.package(
            unit,
            [
                "摸底=各单位|2022-12-20|摸底表",
                "筛选=各单位|2022-12-21|筛选记录",
                "单位审核=各单位|2022-12-22|审核意见",
                "申报=机关党委|2022-12-23|登记表",
            ],
        )
    office.adopt()
    said = office.type("review convene --on 2022-12-26 --body 工委委员会")
    meeting = said.partition("会议 ")[2].partition("，")[0]
    office.type("review decide", meeting, *_minutes(office), whole_round=False)
    office.type("publish post --on 2022-12-27 --body 工委 --until 2022-12-31 --evidence 网页截图")
    case = _listed(office)[2]
    office.type("review objection add --content 反映家庭收入有出入 --on 2022-12-28 --case", case)


def _listed(office: Office) -> list[str]:
    return [row["case_id"] for row in office.read("allocate --json")["awards"]]


def _minutes(office: Office) -> list[str]:
    results = [word for case in _listed(office) for word in ("--result", f"{case}=改为金额2000:按困难程度")]
    return ["--minutes", "会议纪要1号", "--signer", "示例书记", "--count", "9", "8", "8", *results]
