"""What an officer calls the fields of the ledger, where a difference or a merge names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from casework.vocabulary import Recheck, RemovalCause

LISTS: Final = {
    "cases": "个案",
    "people": "人员",
    "households": "家庭",
    "members": "家庭成员",
    "causes": "困难成因",
    "evidence": "证明材料",
    "honours": "荣誉",
    "aid": "救助慰问记录",
    "completeness": "核查标记",
    "answers": "补充内容",
}
FIELDS: Final = {
    "cases.case_id": "个案编号",
    "cases.person_id": "个案归属",
    "cases.unit_id": "单位",
    "cases.category": "慰问类别",
    "cases.path": "申报方式",
    "cases.degree": "困难程度",
    "cases.unit_rank": "单位排序",
    "cases.requested_fen": "申报金额",
    "cases.decided_fen": "研究金额",
    "cases.stage": "办理环节",
    "people.person_id": "人员编号",
    "people.name": "姓名",
    "people.sex": "性别",
    "people.ethnicity": "民族",
    "people.born_on": "出生年月",
    "people.beneficiary": "对象类型",
    "people.membership": "政治面貌",
    "people.joined_party_on": "入党时间",
    "people.full_member_on": "转正时间",
    "people.started_work_on": "参加工作时间",
    "people.branch": "党支部",
    "people.position": "职务",
    "people.tags": "身份",
    "people.deceased": "是否去世",
    "people.household_id": "所属家庭",
    "households.household_id": "家庭编号",
    "households.size": "家庭人口",
    "households.minors": "未成年人数",
    "households.yearly_income_fen": "家庭年收入",
    "households.dibao": "是否低保",
    "members.household_id": "成员所属家庭",
    "members.name": "成员姓名",
    "members.relation": "成员关系",
    "members.born_on": "成员出生年月",
    "members.employment": "成员工作情况",
    "members.yearly_income_fen": "成员年收入",
    "causes.case_id": "成因所属个案",
    "causes.cause": "成因",
    "causes.affected": "成因涉及的人",
    "causes.main": "主要成因",
    "causes.occurred_on": "发生时间",
    "causes.note": "成因说明",
    "evidence.case_id": "证明所属个案",
    "evidence.document": "证明名称",
    "evidence.issuer": "出具单位",
    "evidence.issuer_level": "出具单位级别",
    "evidence.original_seen": "原件已核",
    "evidence.copy_kept": "复印件留存",
    "honours.person_id": "荣誉归属",
    "honours.title": "荣誉名称",
    "honours.level": "荣誉级别",
    "honours.granted_on": "授予时间",
    "aid.person_id": "救助归属",
    "aid.source": "救助单位",
    "aid.kind": "救助类型",
    "aid.status": "救助进度",
    "aid.on": "救助时间",
    "aid.amount_fen": "救助金额",
    "aid.own": "本台账发放",
    "aid.round_id": "救助轮次",
    "completeness.list": "核查项目",
    "completeness.case_id": "核查所属个案",
    "completeness.mark": "核查结果",
    "answers.case_id": "补充内容所属个案",
    "answers.field": "补充项目",
    "answers.number": "补充数值",
    "answers.text": "补充文字",
    "answers.date": "补充日期",
}
WHY: Final = {
    Recheck.ENDED.value: Recheck.ENDED.label,
    **{cause.value: f"减员（{cause.label}）" for cause in RemovalCause},
    "merged": "并入另一条记录",
    "erased": "已按规定删除",
    "withdrawn": "导入已撤回",
}
"""Why somebody went (`frames.DIFFERENCE.why`)."""


def said(fields: Iterable[str], *, table: str = "") -> str:
    """Name fields for a screen: `said(["name"], table="people")` is 姓名."""
    names = (f"{table}.{field}" if table else field for field in fields)
    return "、".join(FIELDS.get(name) or LISTS[name] for name in names)
