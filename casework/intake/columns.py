"""The columns an office's lists have, under all the heads they are given, and what each is read as."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casework.shapes.procedure import FormDefinition

if TYPE_CHECKING:
    from casework.policy import Policy

MEMBER: Final = "member."
"""Before the id of a column that speaks of a relative."""

OFTEN_LEFT: Final = frozenset({"rate", "visitor", "index"})
"""Known heads that carry nothing to keep: a number of the line, the circular's own rate, who will visit."""


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a list.

    Attributes:
        id: A column of `schema.INTAKE`, a field of the pack, or one of this module's own.
        label: The head this office would give it.
        kind: How its cells are read (`cells.read_cell`).
        heads: Other heads, without brackets and blanks.
        choices: The words allowed in it, for a field of the pack.
    """

    id: str
    label: str
    kind: str
    heads: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def sensitive(self) -> bool:
        """Tell whether what stands in it must not be repeated in a message."""
        return self.kind in {"id", "card", "phone", "address", "address_phone"}


def _column(column_id: str, kind: str, heads: str) -> SheetColumn:
    label, *others = heads.split()
    return SheetColumn(column_id, label, kind, tuple(others))


BUILT_IN: Final = (
    _column("index", "index", "序号 编号 排号"),
    _column(
        "unit", "unit", "单位 单位名称 所在单位 上报单位 填报单位 推荐单位 所属单位 党组织名称 乡镇 乡镇单位 所属党委"
    ),
    _column("name", "name", "姓名 党员姓名 慰问对象姓名 对象姓名 困难党员姓名 本人姓名 救助对象姓名"),
    _column("sex", "sex", "性别"),
    _column("ethnicity", "ethnicity", "民族"),
    _column("born_on", "date", "出生年月 出生日期 出生时间 出生年月日 生日 出生"),
    _column("id_number", "id", "身份证号 身份证号码 公民身份号码 居民身份证号 居民身份证号码 身份证 证件号码 证件号"),
    _column("membership", "membership", "政治面貌"),
    _column("beneficiary", "beneficiary", "对象类型 人员类型"),
    _column("joined_party_on", "date", "入党时间 入党年月 入党日期"),
    _column("full_member_on", "date", "转正时间 转正日期 转正年月 转为正式党员时间"),
    _column("started_work_on", "date", "参加工作时间 工作时间 参加工作年月 参加工作日期 工作年月"),
    _column("branch", "text", "所在党支部 党支部 所在支部 支部 单位党支部 支部名称"),
    _column("employer", "text", "工作单位 本人工作单位 现工作单位"),
    _column(
        "position",
        "position",
        "职务/身份 职务 身份 职务身份 身份/职务 单位及职务 单位职务 工作单位及职务 本人工作单位及职务 单位和职务",
    ),
    _column("category", "category", "慰问类别 类别 身份类别 慰问对象类别 救助类别 帮扶类别 申请方式 类别身份 对象类别"),
    _column("path", "path", "办理方式 办理路径 报备或核查"),
    _column("unit_rank", "rank", "推荐顺序 推荐排序 推荐次序 单位推荐顺序 排序 顺序"),
    _column("cause", "cause", "困难类型 困难类别 致困原因 主要致困原因 困难原因"),
    _column(
        "brief",
        "long",
        "困难简况 简要情况 困难情况 困难情况及成因 困难情况及原因 家庭困难情况及成因 主要困难情况 基本情况",
    ),
    _column("size", "count", "家庭人口 家庭人口数 家庭总人口 家庭人数 人口数"),
    _column("minors", "count", "未成年人数 未成年子女数 未成年人"),
    _column("yearly_income", "fen", "家庭年收入 家庭年总收入 家庭全年收入 年收入情况 家庭总收入"),
    _column("per_head", "fen", "人均年收入 家庭人均年收入 人均收入 家庭人均收入"),
    _column("monthly_pay", "fen", "本人月工资 本人月工资额 月工资 本人月收入 月工资额"),
    _column("housing_area", "text", "住房面积 住房面积平方米 居住面积"),
    _column("dibao", "flag", "是否低保 低保 享受最低生活保障 是否享受低保 低保户"),
    _column(
        "requested", "fen", "慰问金额 申请金额 救助金额 金额 建议金额 拟救助金额 慰问金 慰问资金 救助金 申请救助金额"
    ),
    _column("rate", "ignored", "标准 慰问标准 救助标准"),
    _column("visitor", "ignored", "慰问人 慰问领导"),
    _column(
        "card",
        "card",
        "银行卡号 卡号及持卡人姓名 卡号 建行卡号 银行账号 账号 开户账号 储蓄卡号 银行卡号及持卡人姓名 "
        "本人建行储蓄卡卡号或指定人建行储蓄卡号和姓名",
    ),
    _column("card_holder", "text", "持卡人 持卡人姓名 户名 开户人"),
    _column("phone", "phone", "联系电话 手机 手机号 手机号码 电话 联系方式 本人联系电话 电话号码"),
    _column("address", "address", "家庭住址 家庭地址 住址 家庭详细地址 详细地址 地址"),
    _column(
        "address_phone", "address_phone", "家庭详细地址及联系电话 家庭住址及联系电话 住址及电话 家庭地址及联系电话"
    ),
    _column("notice", "span", "公示起止 公示时间 公示起止时间 公示期 公示起止日期"),
    _column("notice_from", "later", "公示开始日期 公示开始 公示起始日期 公示起 公示开始时间"),
    _column("notice_to", "later", "公示结束日期 公示结束 公示截止日期 公示止 公示结束时间"),
    _column("objections", "text", "公示结果 异议情况 有无异议 公示情况"),
    _column("recommended_on", "later", "推荐日期 推荐时间 群众推荐日期 群众推荐时间 党员群众推荐日期 民主推荐日期"),
    _column(
        "branch_meeting_on", "later", "支部研究日期 支部大会时间 支部大会日期 支部研究时间 支部大会 支部大会/初审时间"
    ),
    _column("committee_on", "later", "党委研究日期 党委研究时间 党委会议日期 集体研究日期 研究审定日期 党委会研究日期"),
    _column("other_aid", "long", "已接受其他救助 其他救助 已获其他救助 其他帮扶情况 已接受其他帮扶"),
    _column("remarks", "long", "备注"),
    _column("members", "members", "家庭成员 家庭主要成员 家庭成员情况 家庭主要成员情况"),
    _column(f"{MEMBER}name", "relative", "成员姓名 家庭成员姓名 亲属姓名"),
    _column(f"{MEMBER}relation", "relation", "与本人关系 关系 称谓 成员关系"),
    _column(f"{MEMBER}born_on", "date", "成员出生年月"),
    _column(f"{MEMBER}employer", "text", "成员工作单位"),
    _column(f"{MEMBER}employment", "text", "就业状况 就业 就业情况 单位/就业 成员就业状况"),
    _column(f"{MEMBER}monthly", "fen", "成员月收入"),
    _column(f"{MEMBER}yearly", "fen", "成员年收入"),
)

MEMBER_GROUP: Final = frozenset({"家庭成员", "家庭主要成员", "家庭成员情况", "家庭主要成员情况", "家庭成员基本情况"})
UNDER_MEMBERS: Final[Mapping[str, str]] = {
    "姓名": f"{MEMBER}name",
    "关系": f"{MEMBER}relation",
    "与本人关系": f"{MEMBER}relation",
    "称谓": f"{MEMBER}relation",
    "出生年月": f"{MEMBER}born_on",
    "工作单位": f"{MEMBER}employer",
    "单位": f"{MEMBER}employer",
    "单位/就业": f"{MEMBER}employment",
    "就业": f"{MEMBER}employment",
    "就业状况": f"{MEMBER}employment",
    "就业情况": f"{MEMBER}employment",
    "月收入": f"{MEMBER}monthly",
    "年收入": f"{MEMBER}yearly",
}
"""What the lower heads mean under 家庭成员."""

_PACK_KINDS: Final = {"fen": "fen", "count": "count", "flag": "flag", "date": "later", "text": "text"}


def known_columns(policy: Policy) -> tuple[SheetColumn, ...]:
    """Return every column a sheet of this round may have: the pack's own fields over the built-in ones."""
    own = {
        field.id: SheetColumn(
            field.id, field.label, "choice" if field.choices else _PACK_KINDS[field.kind], (), field.choices
        )
        for field in policy.fields
    }
    merged = []
    for column in BUILT_IN:
        pack = own.pop(column.id, None)
        heads = (head_key(pack.label), *column.heads) if pack else column.heads
        merged.append(SheetColumn(column.id, column.label, column.kind, heads))
    return (*merged, *own.values())


def asks_for_id(policy: Policy) -> bool:
    """Tell whether the circular asks for an identity number: only then is one kept."""
    heads = [head for _, form in policy.of_shape(FormDefinition) for head in form.columns]
    return any("身份证" in words for words in (*heads, *(field.label for field in policy.fields)))


def by_head(columns: Iterable[SheetColumn]) -> dict[str, SheetColumn]:
    """Return the columns by every head they are given."""
    found: dict[str, SheetColumn] = {}
    for column in columns:
        for head in (column.label, *column.heads):
            found.setdefault(head_key(head), column)
            found.setdefault(bare_key(head), column)
    return found


COMPACT: Final = re.compile("[\u4e00-\u9fa50-9A-Za-z/.-]*")
"""Signs that stay as they are; the road most cells take."""


def filled(value: object) -> bool:
    """Tell whether anything but blanks stands in a cell: quicker than `compact`."""
    return value is not None and not (isinstance(value, str) and (not value or value.isspace()))


def compact(value: object) -> str:
    """Return the words of a cell without blanks, in half width."""
    if value is None:
        return ""
    if isinstance(value, str) and COMPACT.fullmatch(value):
        return value
    return "".join(unicodedata.normalize("NFKC", str(value)).split())


def head_key(head: object) -> str:
    r"""Return a head as it is compared: no blanks, half width, no colon or star.

    >>> head_key("出 生\n年月"), head_key("＊姓名：")
    ('出生年月', '姓名')
    """
    return re.sub(r"[:*☆★]", "", compact(head))


def bare_key(head: object) -> str:
    """Return a head without what stands in brackets.

    >>> bare_key("家庭年收入（万元）")
    '家庭年收入'
    """
    return re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】", "", head_key(head))


def scale_of(head: object) -> int:
    """Return how many yuan one unit of a column is: 10000 under （万元）, else 1."""
    return 10_000 if "万元" in head_key(head) else 1
