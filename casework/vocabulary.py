"""Every enumeration of the product: an English identifier, its stored value and its Chinese label.

The identifiers come from `docs/glossary.md`; `tests/test_vocabulary.py` holds the two against each other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Term(StrEnum):
    """A stored value with the Chinese word an officer sees."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """Make a member that equals `value` and carries `label`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def from_label(cls, label: str) -> Self:
        """Return the member an officer means by `label`.

        Raises:
            KeyError: No member has this label.
        """
        for member in cls:
            if member.label == label:
                return member
        raise KeyError(label)


# -- clauses ---------------------------------------------------------------------------------------------------


class Kind(Term):
    """What a clause of a circular does."""

    CONDITION = "condition", "条件"
    EXCLUSION = "exclusion", "不纳入"
    PRIORITY = "priority", "倾斜"
    LIMIT = "limit", "名额"
    RATE = "rate", "标准"
    FUND = "fund", "资金"
    REPEAT_AID = "repeat_aid", "不重复"
    STEP = "step", "程序"
    PUBLIC_NOTICE = "public_notice", "公示"
    DEADLINE = "deadline", "期限"
    DOCUMENT = "document", "材料"
    FORM = "form", "表式"
    VISIT = "visit", "走访"
    TALK = "talk", "谈话"
    PAIRING = "pairing", "结对"
    REMINDER = "reminder", "提醒"
    REPORT = "report", "报告"
    RECORD = "record", "记载"
    AUDIT = "audit", "检查"
    PRIVACY = "privacy", "隐私"


class Force(Term):
    """The modal word of a clause: only `must` refuses, the weaker ones warn and ask for a reason."""

    MUST = "must", "必须"
    NORMALLY = "normally", "一般"
    IN_PRINCIPLE = "in_principle", "原则上"
    MAY = "may", "可以"


class Subject(Term):
    """What a clause speaks of; only `case` clauses give findings."""

    CASE = "case", "个案"
    UNIT = "unit", "单位"
    ROUND = "round", "本轮"


class Outcome(Term):
    """What a clause says of a case; `met` means the clause's words apply."""

    MET = "met", "符合"
    NOT_MET = "not_met", "不符合"
    UNKNOWN = "unknown", "情况不明"
    NEEDS_JUDGEMENT = "needs_judgement", "待认定"


class Verdict(Term):
    """The fold of a case's findings."""

    ELIGIBLE = "eligible", "符合条件"
    REFUSED = "refused", "不符合条件"
    WAITING = "waiting", "待核实"
    NEEDS_EXCEPTION = "needs_exception", "需作例外说明"


class Mark(Term):
    """A recorded judgement or the completeness of a list: absent is 未核, never 无."""

    UNCHECKED = "unchecked", "未核"
    NONE = "none", "无"
    PRESENT = "present", "有"


# -- people ----------------------------------------------------------------------------------------------------


class Sex(Term):
    """性别."""

    MALE = "male", "男"
    FEMALE = "female", "女"


class Beneficiary(Term):
    """Who the person is to the circular (not everybody helped is a Party member)."""

    MEMBER = "member", "党员"
    FAMILY = "family", "家属"
    CADRE = "cadre", "干部"
    RESIDENT = "resident", "群众"


class Membership(Term):
    """政治面貌 as far as the circulars distinguish it."""

    FULL = "full", "中共党员"
    PROBATIONARY = "probationary", "预备党员"
    NONE = "none", "非党员"


class Degree(Term):
    """A person's recorded finding on how hard life is; ordered."""

    NOT_HARD = "not_hard", "不困难"
    HARDSHIP = "hardship", "困难"
    EXCEPTIONAL_HARDSHIP = "exceptional_hardship", "特别困难"


class Relation(Term):
    """Whom the cause struck, seen from the applicant."""

    SELF = "self", "本人"
    SPOUSE = "spouse", "配偶"
    CHILD = "child", "子女"
    PARENT = "parent", "父母"
    GRANDPARENT = "grandparent", "祖父母或外祖父母"
    GRANDCHILD = "grandchild", "孙子女或外孙子女"
    SIBLING = "sibling", "兄弟姐妹"
    OTHER = "other", "其他亲属"


class HardshipCause(Term):
    """困难成因; the main one is named by a person."""

    OWN_ILLNESS = "own_illness", "本人重大疾病"
    OWN_ACCIDENT = "own_accident", "本人重大意外事故"
    FAMILY_ILLNESS = "family_illness", "家人重大疾病"
    FAMILY_ACCIDENT = "family_accident", "家人重大意外事故"
    DISASTER = "disaster", "重大自然灾害"
    SUDDEN_EVENT = "sudden_event", "突发性事故"
    DIBAO = "dibao", "最低生活保障"
    SPECIAL_TASK = "special_task", "参加重大任务"
    SCHOOLING = "schooling", "子女教育"
    HOUSE_PURCHASE = "house_purchase", "买房"
    CAR_PURCHASE = "car_purchase", "购车"
    SIMILAR_SPENDING = "similar_spending", "其他同类支出"
    FAMILY_PLANNING = "family_planning", "违反计划生育规定"
    OTHER = "other", "其他"


class Tag(Term):
    """身份 and roles a circular names; recorded, never inferred."""

    VETERAN_MEMBER = "veteran_member", "老党员"
    VETERAN_OFFICIAL = "veteran_official", "老干部"
    VETERAN_ACTIVIST = "veteran_activist", "老骨干"
    MEMBER_IN_HARDSHIP = "member_in_hardship", "生活困难党员"
    FIRST_SECRETARY = "first_secretary", "驻村第一书记"
    WORK_TEAM_LEADER = "work_team_leader", "驻村工作队长"
    WORK_TEAM_MEMBER = "work_team_member", "驻村工作队队员"
    VILLAGE_OFFICIAL = "village_official", "村（社区）“两委”干部"
    LINE_OF_DUTY_DISABILITY = "line_of_duty_disability", "因公伤残"
    LINE_OF_DUTY_SACRIFICE = "line_of_duty_sacrifice", "因公牺牲"
    LINE_OF_DUTY_DEATH = "line_of_duty_death", "因公殉职"
    EPIDEMIC_SUPERVISOR = "epidemic_supervisor", "高校疫情防控督导"
    EPIDEMIC_COMMUNITY = "epidemic_community", "下沉包联社区小区"
    EPIDEMIC_VOLUNTEER = "epidemic_volunteer", "疫情防控志愿者"


# -- aid, funds, places ------------------------------------------------------------------------------------------


class AidKind(Term):
    """慰问 and 救助 are two things; a circular treats them differently."""

    VISIT = "visit", "慰问"
    RELIEF = "relief", "救助"
    UNION_RELIEF = "union_relief", "工会困难职工救助"
    CIVIL_RELIEF = "civil_relief", "民政救助"
    OTHER = "other", "其他帮扶"


class AidStatus(Term):
    """How far another body's aid has come."""

    APPLIED = "applied", "已申请"
    GRANTED = "granted", "已获得"
    REFUSED = "refused", "未获批"


class Fund(Term):
    """资金来源."""

    DUES = "dues", "党费"
    RETAINED_DUES = "retained_dues", "留存党费"
    ALLOCATED_DUES = "allocated_dues", "党费划拨"
    DONATIONS = "donations", "捐助"
    FISCAL = "fiscal", "财政资金"
    UNIT_MATCHING = "unit_matching", "单位配套"
    UNION_FUND = "union_fund", "工会经费"
    VISIT_FUND = "visit_fund", "慰问资金"


class Method(Term):
    """Apportionment methods, named by their effect."""

    SAINTE_LAGUE = "sainte_lague", "按比例·最均衡（圣拉古法）"
    DHONDT = "dhondt", "按比例·偏向大单位（洪德法）"
    LARGEST_REMAINDER = "largest_remainder", "按比例·最大余数法（总数增加时个别单位可能反而减少）"
    EQUAL = "equal", "平均分配"
    HALF_UP = "half_up", "逐行四舍五入"


class UnitKind(Term):
    """单位性质."""

    TOWN_COMMITTEE = "town_committee", "乡镇党委"
    WORKING_COMMITTEE = "working_committee", "工委"
    ORGAN_COMMITTEE = "organ_committee", "机关党委"
    DIRECT_COMMITTEE = "direct_committee", "直属党委"
    LEADING_GROUP = "leading_group", "党组"
    COMMITTEE = "committee", "党委"
    GENERAL_BRANCH = "general_branch", "党总支"
    BRANCH = "branch", "党支部"
    OTHER = "other", "其他"


class Stage(Term):
    """How far a case has come; which of them occur and in what order comes from the pack's steps."""

    NOMINATION = "nomination", "申报"
    SURVEY = "survey", "摸底"
    APPLICATION = "application", "本人申请"
    RECOMMENDATION = "recommendation", "推荐"
    SCREENING = "screening", "筛选"
    FIRST_REVIEW = "first_review", "初审"
    BRANCH_MEETING = "branch_meeting", "支部大会"
    UNIT_REVIEW = "unit_review", "单位审核"
    SECOND_REVIEW = "second_review", "复审"
    PROPOSAL = "proposal", "提出意见"
    DETERMINATION = "determination", "研究审定"
    PUBLIC_NOTICE = "public_notice", "公示"
    ROSTER = "roster", "填报花名册"
    TRANSFER = "transfer", "拨付"
    PAYMENT = "payment", "发放"
    RECEIPT = "receipt", "签收回执"
    WITHDRAWN = "withdrawn", "退出"


class Reason(Term):
    """Why someone is on the list, in the reserve or not on it."""

    WITHIN_PLACES = "within_places", "在本单位本类别名额之内"
    OVER_PLACES = "over_places", "超出本单位本类别名额"
    OVER_CAP = "over_cap", "超出总名额"
    FUND_EXHAUSTED = "fund_exhausted", "资金已用完"
    FUND_SHORT = "fund_short", "资金不足，未排出先后"
    TIE = "tie", "名额线上并列，待研究"
    HELPED_THIS_YEAR = "helped_this_year", "本年度内已慰问或救助"
    UNION_AID = "union_aid", "已获得工会救助"
    OTHER_AID = "other_aid", "已接受其他途径救助"
    ALREADY_LISTED = "already_listed", "本轮已按其他类别参加评定"
    SAME_HOUSEHOLD = "same_household", "本户已列入"
    JUDGEMENT_MISSING = "judgement_missing", "认定意见未填"
    FACTS_MISSING = "facts_missing", "情况不全"
    NOT_ELIGIBLE = "not_eligible", "不符合条件"
    NEEDS_EXCEPTION = "needs_exception", "需作例外说明后方可列入"
    NO_CATEGORY = "no_category", "慰问类别未填"
    NOT_OFFERED = "not_offered", "本单位无此类名额"
    NOT_AGREED = "not_agreed", "会议研究未同意"
    DEFERRED = "deferred", "会议研究暂缓"
    REMOVED = "removed", "已减员"


class ScenarioState(Term):
    """方案的状态."""

    DRAFT = "draft", "草稿"
    ADOPTED = "adopted", "正式方案"
    WITHDRAWN = "withdrawn", "已撤回"


class Act(Term):
    """Adoption is two separate acts."""

    PLACES = "places", "名额方案"
    LIST = "list", "名单"


class Decision(Term):
    """What a body said of one person."""

    AGREED = "agreed", "同意"
    REFUSED = "refused", "不同意"
    DEFERRED = "deferred", "暂缓"
    RETURNED = "returned", "退回补正"
    CHANGED_AMOUNT = "changed_amount", "改为金额"
    ADDED = "added", "增补"


class MeetingState(Term):
    """Whether the list has been before the meeting."""

    PLANNED = "planned", "待上会"
    DECIDED = "decided", "已研究"


class InstructionState(Term):
    """An oral instruction counts for nothing until the procedure is made up for."""

    PENDING = "pending", "待补手续"
    SETTLED = "settled", "已补手续"
    DROPPED = "dropped", "不予采纳"


class NoticeState(Term):
    """How far a public notice has come."""

    RUNNING = "running", "公示中"
    ENDED = "ended", "公示期满"
    STOPPED = "stopped", "公示中止"


class ObjectionState(Term):
    """How far an objection has come."""

    RECEIVED = "received", "待定是否受理"
    ACCEPTED = "accepted", "已受理"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    UPHELD = "upheld", "查实"
    NOT_UPHELD = "not_upheld", "查否"


class RemovalCause(Term):
    """Why somebody leaves the list (减员)."""

    DIED = "died", "去世"
    DECLINED = "declined", "放弃"
    MOVED = "moved", "转出"
    MISTAKEN = "mistaken", "错报"
    UNFOUNDED = "unfounded", "查实不符"


class RoundState(Term):
    """一轮工作走到哪里."""

    OPEN = "open", "进行中"
    CLOSED = "closed", "已结束"


class Role(Term):
    """What an account may do."""

    OFFICER = "officer", "经办"
    REVIEWER = "reviewer", "审核"
    APPROVER = "approver", "审批"
    VIEWER = "viewer", "只读"


# -- money and visits -----------------------------------------------------------------------------------------------


class ClaimState(Term):
    """How far the money for one person has come."""

    PLANNED = "planned", "待拨付"
    TRANSFERRED = "transferred", "已拨付单位"
    SENT = "sent", "代发中"
    RETURNED = "returned", "退票待更正"
    PAID = "paid", "已发放待回执"
    SIGNED = "signed", "已签回执"
    BOOKED = "booked", "已入账"
    STOPPED = "stopped", "已停发"


class PaymentState(Term):
    """What became of one attempt to pay; every attempt is kept."""

    SENT = "sent", "已送银行"
    SUCCEEDED = "succeeded", "发放成功"
    RETURNED = "returned", "已退票"


class PaymentRoad(Term):
    """How money or goods reach the person."""

    BANK = "bank", "银行代发"
    HAND = "hand", "当面发放"


class Payee(Term):
    """Whose card, or whose hand."""

    OWN = "own", "本人银行卡"
    DESIGNATED = "designated", "指定人银行卡"
    PRESENT = "present", "本人当面领取"


class Signer(Term):
    """Who signed a receipt; only the person's own signature or seal can be booked."""

    SELF = "self", "本人签收"
    PROXY = "proxy", "他人代签"


class AccountKind(Term):
    """What a balance in the ledger of funds stands for."""

    OWN = "own", "本级资金"
    CUSTODY = "custody", "单位待发资金"
    MATCHING = "matching", "单位配套资金"


class EntryKind(Term):
    """What moves money in the ledger of funds."""

    INCOME = "income", "资金到账"
    TRANSFER = "transfer", "拨付到单位"
    PAYMENT = "payment", "发放到人"
    RETURN = "return", "退回资金"
    EXPENSE = "expense", "配套支出"


class VisitPlace(Term):
    """Where a visit or a handing over took place."""

    HOME = "home", "家中"
    HOSPITAL = "hospital", "医院"
    WORK_SITE = "work_site", "工作现场"
    OFFICE = "office", "办公室"
    VILLAGE_COMMITTEE = "village_committee", "村委会"
    OTHER = "other", "其他地点"


class VisitMode(Term):
    """How a visit was made; only face to face counts as coverage."""

    FACE_TO_FACE = "face_to_face", "面对面"
    PHONE = "phone", "电话"
    OTHER = "other", "其他方式"


class LeaderLevel(Term):
    """The level of a leader who visits."""

    PREFECTURE = "prefecture", "州级"
    COUNTY = "county", "县级"
    TOWNSHIP = "township", "乡镇级"
    UNIT = "unit", "单位级"


# -- the standing ledger of people ----------------------------------------------------------------------------------


class Likeness(Term):
    """Why two records may be one person; only a person decides."""

    SAME_NUMBER = "same_number", "身份证号相同"
    SAME_HOUSEHOLD = "same_household", "同属一户"
    SAME_NAME = "same_name", "姓名、出生年月、党支部相同"
    NEAR_NAME = "near_name", "姓名相近，出生年月、党支部相同"


class Recheck(Term):
    """What the yearly re-check of the ledger found of one person."""

    CARRIED = "carried", "继续在册"
    NEW = "new", "新增"
    CHANGED = "changed", "情况有变"
    ENDED = "ended", "退出台账"


class Movement(Term):
    """What became of one person in the ledger between two dates."""

    CAME = "came", "新进"
    WENT = "went", "离开"
    CHANGED = "changed", "变动"
