"""The values of a case a clause may ask about, besides those the pack itself declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casework.policy.pack import Field
from casework.vocabulary import Beneficiary, Degree, Membership, Sex, UnitKind

if TYPE_CHECKING:
    from casework.policy.pack import Policy


def _values(terms: type) -> tuple[str, ...]:
    return tuple(str(term) for term in terms)  # type: ignore[attr-defined]


BUILT_IN: dict[str, Field] = {
    field.id: field
    for field in (
        Field("degree", "困难程度", "text", _values(Degree)),
        Field("requested", "申请金额", "fen"),
        Field("sex", "性别", "text", _values(Sex)),
        Field("beneficiary", "对象类型", "text", _values(Beneficiary)),
        Field("membership", "政治面貌", "text", _values(Membership)),
        Field("born_on", "出生日期", "date"),
        Field("joined_party_on", "入党时间", "date"),
        Field("full_member_on", "转正时间", "date"),
        Field("started_work_on", "参加工作时间", "date"),
        Field("age", "年龄", "count"),
        Field("party_years", "党龄", "count"),
        Field("deceased", "已去世", "flag"),
        Field("size", "家庭人口", "count"),
        Field("minors", "未成年人数", "count"),
        Field("yearly_income", "家庭年收入", "fen"),
        Field("dibao", "享受最低生活保障", "flag"),
        Field("unit_kind", "单位性质", "text", _values(UnitKind)),
        Field("unit_members", "单位党员人数", "count"),
        Field("pay_difficulty", "工资发放有困难", "flag"),
    )
}
"""Every built-in field by id; money is yearly or as asked, in fen."""


def known_fields(policy: Policy) -> dict[str, Field]:
    """Return the built-in fields and the pack's own, by id."""
    return BUILT_IN | {field.id: field for field in policy.fields}
