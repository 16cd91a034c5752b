"""Shapes of money sources and of procedure: funds, order of priority, steps, notices, deadlines, visits, forms."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from casework.shapes.base import Count, Fen, Shape
from casework.vocabulary import Fund, Kind, Stage, Subject, Tag


class _Round(Shape):
    subject: ClassVar[Subject] = Subject.ROUND


class FundSource(_Round):
    """A ring-fenced source: what it may be spent on, how much there is, to be spent up to or exactly."""

    rule: ClassVar[str] = "fund"
    label: ClassVar[str] = "资金来源"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.FUND})
    example: ClassVar[str] = (
        'params = { fund = "retained_dues", yuan = "18.4万", purposes = ["family", "hardship"], spend = "up_to" }'
    )

    fund: Fund = Field(title="资金")
    fen: Fen | None = Field(default=None, alias="yuan", title="金额（元；不写：未定）")
    purposes: tuple[str, ...] = Field(default=(), title="用途（类别；空：全部类别）")
    spend: Literal["up_to", "exactly"] = Field(default="up_to", title="不超过（up_to）或用完（exactly）")
    level: Literal["own", "unit"] = Field(default="own", title="本级资金（own）或单位自筹（unit，另行结算）")
    pass_through: bool = Field(default=False, title="拨付单位后由单位发放")


class PriorityOrder(_Round):
    """How priorities are weighed: in the order listed, or by how many apply; then the unit's own order."""

    rule: ClassVar[str] = "priority_order"
    label: ClassVar[str] = "倾斜次序"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.PRIORITY})
    example: ClassVar[str] = 'params = { order = "count", clauses = ["IM-3.1.1", "IM-3.1.3"] }'

    order: Literal["lexicographic", "count"] = Field(title="逐项比较（lexicographic）或比较项数（count）")
    clauses: tuple[str, ...] = Field(min_length=1, title="倾斜条款")
    across_units: bool = Field(default=False, title="跨单位统一排序（资金线）")


class RouteToUnit(_Round):
    """Whoever is not on this body's list goes to the unit's own list."""

    rule: ClassVar[str] = "route_to_unit"
    label: ClassVar[str] = "未列入者由单位慰问"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.STEP})
    example: ClassVar[str] = "params = { }"


class Step(_Round):
    """One step of the chain: what, by which body, after which steps, on which path."""

    rule: ClassVar[str] = "step"
    label: ClassVar[str] = "程序步骤"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.STEP})
    example: ClassVar[str] = (
        'params = { stage = "first_review", bodies = ["党支部"], after = ["application"], level = "lower" }'
    )

    stage: Stage = Field(title="环节")
    bodies: tuple[str, ...] = Field(default=(), title="由谁办理")
    after: tuple[Stage, ...] = Field(default=(), title="在哪些环节之后")
    paths: tuple[str, ...] = Field(default=(), title="哪些路径（空：全部）")
    level: Literal["own", "lower"] = Field(default="own", title="本级办理（own）或下级办理、本级备查（lower）")
    decision: bool = Field(default=False, title="是否作出决定")
    quorum: str | None = Field(default=None, title="到会要求")


class PublicNotice(_Round):
    """Who is told, where, for how long, and after which step."""

    rule: ClassVar[str] = "public_notice"
    label: ClassVar[str] = "公示"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.PUBLIC_NOTICE})
    example: ClassVar[str] = (
        'params = { days = 7, day_kind = "natural", bound = "at_least", after = ["first_review"], audience = "本单位" }'
    )

    days: Count | None = Field(default=None, title="天数（不写：原文未定）")
    day_kind: Literal["natural", "working"] = Field(default="natural", title="自然日（natural）或工作日（working）")
    bound: Literal["at_least", "exactly"] = Field(default="at_least", title="不少于（at_least）或恰为（exactly）")
    count_posting_day: bool = Field(default=False, title="张贴当日计入")
    after: tuple[Stage, ...] = Field(default=(), title="在哪些环节之后")
    paths: tuple[str, ...] = Field(default=(), title="哪些路径（空：全部）")
    audience: str = Field(default="", title="公示范围")
    channel: str = Field(default="", title="公示方式")
    columns: tuple[Literal["name", "unit", "branch", "category", "amount"], ...] = Field(
        default=("name", "unit", "category"), title="公示栏目"
    )


class Deadline(_Round):
    """What is due when, where; a time of day is Beijing time and still on time on the minute."""

    rule: ClassVar[str] = "deadline"
    label: ClassVar[str] = "报送期限"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.DEADLINE})
    example: ClassVar[str] = (
        'params = { at = 2020-01-15T17:00:00, receiver = "县委组织部", deliverables = ["花名册"], '
        'needs = ["签字", "公章", "扫描件", "电子版"] }'
    )

    at: datetime | date = Field(title="期限")
    receiver: str = Field(default="", title="报送给")
    deliverables: tuple[str, ...] = Field(default=(), title="报送什么")
    needs: tuple[str, ...] = Field(default=(), title="要求")
    inclusive: bool = Field(default=True, title="当日（当时）算按期")


class Window(_Round):
    """The days between which the visits take place, both included."""

    rule: ClassVar[str] = "visit_window"
    label: ClassVar[str] = "走访期间"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.VISIT})
    example: ClassVar[str] = "params = { first = 2020-01-06, last = 2020-02-08 }"

    first: date = Field(title="首日")
    last: date = Field(title="末日")


class VisitRule(_Round):
    """Who must visit whom, how many, how, and where money or goods may not be handed over."""

    rule: ClassVar[str] = "visit_rule"
    label: ClassVar[str] = "走访要求"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.VISIT})
    example: ClassVar[str] = 'params = { visitors = ["县级领导干部"], per_visitor_at_least = 2 }'

    visitors: tuple[str, ...] = Field(default=(), title="走访人")
    together: bool = Field(default=False, title="须共同走访")
    targets: tuple[Tag, ...] = Field(default=(), title="走访对象身份（空：全部）")
    per_visitor_at_least: Count | None = Field(default=None, title="每人至少走访几名")
    everyone: bool = Field(default=False, title="全部走访到")
    mode: str = Field(default="", title="方式")
    places: tuple[str, ...] = Field(default=(), title="地点")
    forbidden_places: tuple[str, ...] = Field(default=(), title="不得在何处发放")


class FormDefinition(_Round):
    """A form the circular prescribes: which list or form of ours it is, its printed title and columns."""

    rule: ClassVar[str] = "form"
    label: ClassVar[str] = "表式"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.FORM})
    example: ClassVar[str] = (
        'params = { form = "roster", title = "示例县慰问对象花名册", annex = "附件2", aliases = ["花名册"] }'
    )

    form: str = Field(title="表式编号")
    title: str = Field(title="标题")
    annex: str = Field(default="", title="附件号")
    columns: tuple[str, ...] = Field(default=(), title="栏目")
    aliases: tuple[str, ...] = Field(default=(), title="原文中的其他名称")
    signatures: tuple[str, ...] = Field(default=(), title="签字盖章")
    blank_rows: Count | None = Field(default=None, title="空行数")
    attached: bool = Field(default=True, title="原文附有表样")


class Report(_Round):
    """What is reported after the activity, to whom."""

    rule: ClassVar[str] = "report"
    label: ClassVar[str] = "情况报告"
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.REPORT})
    example: ClassVar[str] = 'params = { receiver = "工委组织部", after = "活动结束后", sections = ["活动情况"] }'

    receiver: str = Field(title="报送给")
    after: str = Field(default="", title="何时")
    sections: tuple[str, ...] = Field(default=(), title="内容")


class Amendment(_Round):
    """This circular changes an earlier one."""

    rule: ClassVar[str] = "amendment"
    label: ClassVar[str] = "修改原通知"
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)
    example: ClassVar[str] = 'params = { circular = "示组发〔2019〕1号", changes = ["JS-2.1.4"] }'

    circular: str = Field(title="被修改的通知")
    changes: tuple[str, ...] = Field(default=(), title="被修改的条款")
