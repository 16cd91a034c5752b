"""What the cells of a row, and the rows of a file, say against each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from casework.dates import PartialDate, age, chinese
from casework.identity import Card, IdNumber, name_key
from casework.intake.cells import Read
from casework.intake.columns import MEMBER, compact
from casework.intake.draft import Draft, Issue, issue_at
from casework.intake.texts import hold, note, warn
from casework.money import half_up, parse_yuan, yuan
from casework.vocabulary import Membership, Sex

if TYPE_CHECKING:
    from datetime import date

    from casework.intake.records import Total

_OLDEST: Final = 120
_OF_AGE: Final = 18
_NEAR_FEN: Final = 100
"""A head's share typed to the yuan is not another number."""

TWIN: Final = "是同一人的只留一行，不是的填上各自的出生年月或身份证号"
"""What to do about two rows that may be one person; the ledger may know that he stands in two categories."""

_YEAR_LAST: Final = re.compile(r"[./、\-][0-9]{4}$")
_PAST: Final = ("born_on", "joined_party_on", "full_member_on", "started_work_on")


def check_row(draft: Draft, as_of: date) -> None:
    """Hold the cells of one person against each other."""
    _identity(draft)
    _ages(draft, as_of)
    _order(draft)
    _household(draft)
    _card(draft)
    if any(sign in draft.name for sign in "（）()"):
        draft.say(warn("姓名里有括号", "姓名一格只写姓名，其他内容写在备注"), "name")
    for spot in draft.record.odd:
        draft.say(hold("姓名合并了几行，这一行另有内容，不知道该算谁的", "一人一行，只有家庭成员可以占几行"), spot)


def _identity(draft: Draft) -> None:
    number = draft.read("id_number").value
    if not isinstance(number, IdNumber):
        return
    born = draft.read("born_on")
    stated = PartialDate(number.born_on, "day")
    if born.held and isinstance(born.value, tuple):
        fitting = [proposal for proposal in born.value if proposal.on <= number.born_on <= proposal.last()]
        written = draft.spot("born_on")
        if fitting and written is not None and _YEAR_LAST.search(compact(written.value)):
            # 3/7/1965: only the order of day and month was open, and the number decides it.
            draft.issues[:] = [issue for issue in draft.issues if issue.field != "born_on"]
            draft.reads["born_on"] = Read(fitting[0])
            draft.say(note(f"日月顺序按身份证号定为{fitting[0].text()}"), "born_on")
        elif fitting:
            draft.say(hold(f"按身份证号应为{fitting[0].text()}", "核对后改填"), "born_on")
    elif _contradicts(born, number):
        said = f"身份证号上是{stated.text()}，出生年月写的是{born.value.text()}，两处不一致"
        draft.say(hold(said, "请核对证件，改正错的一处"), "born_on")
        draft.say(hold(said, "请核对证件，改正错的一处"), "id_number")
    sex = draft.read("sex").value
    if sex is not None and (sex == Sex.MALE.value) is not number.male:
        said = "男" if number.male else "女"
        draft.say(warn(f"与身份证号不一致，号码上是{said}", "请核对证件"), "sex")


def _contradicts(born: Read, number: IdNumber) -> bool:
    day = born.value
    if not isinstance(day, PartialDate) or born.held or day.approximate:
        return False
    return not day.on <= number.born_on <= day.last()


def _ages(draft: Draft, as_of: date) -> None:
    for column in _PAST:
        day = draft.day(column)
        if day is not None and day.on > as_of:
            draft.say(hold(f"是{chinese(as_of)}以后的日期", "请核对年月"), column)
    born = draft.day("born_on")
    if born is None or born.on > as_of:
        return
    if age(born.on, as_of) > _OLDEST:
        draft.say(hold(f"按出生年月已超过 {_OLDEST} 岁", "请核对年份"), "born_on")
    joined = draft.day("joined_party_on")
    if joined is not None and joined.on >= born.on and age(born.on, joined.last()) < _OF_AGE:
        draft.say(warn(f"按出生年月，入党时不满 {_OF_AGE} 岁", "请核对两个日期"), "joined_party_on")


def _order(draft: Draft) -> None:
    for first, later, said in (
        ("born_on", "joined_party_on", "入党时间早于出生年月"),
        ("born_on", "started_work_on", "参加工作时间早于出生年月"),
        ("joined_party_on", "full_member_on", "转正时间早于入党时间"),
        ("notice_from", "notice_to", "公示结束早于开始"),
    ):
        before, after = draft.day(first), draft.day(later)
        if before is not None and after is not None and after.last() < before.on:
            draft.say(hold(said, "请核对两个日期"), later)
    membership = draft.read("membership").value
    if membership == Membership.NONE.value and draft.day("joined_party_on") is not None:
        draft.say(warn("政治面貌不是党员，却写了入党时间", "请核对两格"), "membership")


def _household(draft: Draft) -> None:
    income, size = draft.read("yearly_income").value, draft.read("size").value
    typed = draft.read("per_head").value
    if size == 0:
        draft.say(hold("家庭人口不能是 0", "连本人在内填写"), "size")
    computed = half_up(income, size) if income is not None and size else None
    if typed is not None:
        if computed is None:
            draft.say(note("人均由家庭年收入和家庭人口算出，两格没有填全，这一格不采用"), "per_head")
        elif abs(typed - computed) > _NEAR_FEN:
            said = f"按家庭年收入 {yuan(income)} 元、{size} 人计算，人均为 {yuan(computed)} 元，以计算为准"
            draft.say(warn(said, "请核对收入和人口"), "per_head")
    listed = sum(1 for relative in draft.relatives if relative.get(f"{MEMBER}name", Read()).value)
    if size and listed + 1 > size:
        draft.say(warn(f"家庭成员写了 {listed} 人，连本人多于家庭人口 {size} 人", "请核对"), "size")
    minors = draft.read("minors").value
    if size and minors is not None and minors > size:
        draft.say(hold("未成年人数多于家庭人口", "请核对两格"), "minors")


def _card(draft: Draft) -> None:
    card = draft.read("card").value
    if not isinstance(card, Card):
        return
    holder = card.holder or str(draft.read("card_holder").value or "")
    if holder and name_key(holder) not in {name_key(draft.name), "本人"}:
        draft.say(warn("持卡人不是本人", "须经本人同意并留存同意书"), "card")


# -- rows against each other ---------------------------------------------------------------------------------------


def check_rows(drafts: Sequence[Draft]) -> None:
    """Find the same person twice, one number for two names, one name for two people."""
    numbers: dict[str, list[Draft]] = defaultdict(list)
    names: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        number, key = draft.number, draft.key
        if number is not None:
            numbers[number.number].append(draft)
        if key:
            names[key].append(draft)
    for same in numbers.values():
        _same_number(same)
    for same in names.values():
        if len(same) > 1:
            _same_name(same)


def _same_number(drafts: list[Draft]) -> None:
    if len(drafts) < 2:
        return
    if len({name_key(draft.name) for draft in drafts}) > 1:
        for draft in drafts:
            others = "、".join(_where(other, draft) for other in drafts if other is not draft)
            draft.say(hold(f"与{others}号码相同、姓名不同", "请核对证件"), "id_number")
        return
    for draft in drafts[1:]:
        draft.say(hold(f"与{_where(drafts[0], draft)}同一人{_differences(drafts[0], draft)}", "只留一行"), "name")


def _same_name(drafts: list[Draft]) -> None:
    # A name may be borne by everybody of a file: a row is held against one row of each unit and birth, the first.
    firsts: dict[object, dict[tuple[bool, date | None, date | None], tuple[int, Draft]]] = defaultdict(dict)
    numbers = set[str]()
    for at, draft in enumerate(drafts):
        known, number, born = firsts[draft.values.get("unit_id")], draft.number, draft.day("born_on")
        alike = [
            first
            for (numbered, on, last), first in known.items()
            # Numbers have already said that two rows are, or are not, one person.
            if not (numbered and number is not None)
            and (born is None or on is None or last is None or (on <= born.last() and born.on <= last))
        ]
        if alike:
            twin = min(alike, key=itemgetter(0))[1]
            differ = _differences(twin, draft, but="born_on")
            said = f"与{_where(twin, draft)}姓名、单位相同，{_births(twin, draft)}，像是同一人{differ}"
            draft.say(hold(said, TWIN), "name")
        elif at and not (number is not None and number.number in numbers):
            draft.say(note(f"与{_where(drafts[0], draft)}同名，按两个人读入"), "name")
        if number is not None:
            numbers.add(number.number)
        days = (None, None) if born is None else (born.on, born.last())
        known.setdefault((number is not None, *days), (at, draft))


def _births(first: Draft, second: Draft) -> str:
    """Say how the birth dates of two rows that may be one person stand to each other."""
    written = [draft.day("born_on") is not None for draft in (first, second)]
    return "出生年月对得上" if all(written) else "有一行没写出生年月" if any(written) else "都没写出生年月"


def _where(other: Draft, seen_from: Draft) -> str:
    sheet = f"工作表「{other.sheet.name}」" if other.sheet.name != seen_from.sheet.name else ""
    return f"{sheet}第 {other.row} 行"


def _differences(first: Draft, second: Draft, *, but: str = "") -> str:
    """Say which columns of two rows differ, `but` left out: it has been spoken of."""
    heads = [
        spot.head
        for column, spot in second.record.cells.items()
        if column not in {"index", "name", but}
        and (before := first.spot(column)) is not None
        and before.value != spot.value
    ]
    return f"，不同的有：{'、'.join(heads)}" if heads else ""


# -- totals --------------------------------------------------------------------------------------------------------


def check_totals(file: str, drafts: Sequence[Draft], totals: Sequence[Total]) -> list[Issue]:
    """Compare every 合计 and 小计 with our own sum and count; `drafts` are those of the sheet, in its order."""
    found: list[Issue] = []
    since = 0
    for total in totals:
        if not drafts:
            continue
        sheet, covered = drafts[0].sheet, drafts[since if total.part else 0 : total.after]
        since = total.after if total.part else since
        asked = total.cells.get("requested")
        if asked is not None and asked.filled:
            amounts = [draft.read("requested") for draft in covered]
            stated = _stated(asked.value, asked.scale)
            ours = sum(amount.value or 0 for amount in amounts)
            if any(amount.held for amount in amounts):
                remark = note("有的金额没有读出，这个合计没有核对")
                found.append(issue_at(file, sheet, asked, remark, column="requested"))
            elif stated != ours:
                remark = warn(f"以上各行相加是 {yuan(ours)} 元，与合计不符", "请核对各行金额和合计")
                found.append(issue_at(file, sheet, asked, remark, column="requested"))
        people = total.cells.get("name")
        if people is not None and people.filled:
            digits = "".join(sign for sign in str(people.value).removesuffix(".0") if sign.isascii() and sign.isdigit())
            if digits and int(digits[:9]) != len(covered):
                remark = warn(f"以上共有 {len(covered)} 人，与合计不符", "请核对人数")
                found.append(issue_at(file, sheet, people, remark, column="name"))
    return found


def _stated(value: object, scale: int) -> int | None:
    text = value if isinstance(value, str) else repr(value).removesuffix(".0")
    try:
        return parse_yuan(text) * (scale if not any(sign in text for sign in "元万") else 1)
    except ValueError:
        return None
