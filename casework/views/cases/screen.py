"""一案一屏: everything about one case that this officer may see, and where each deed stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from casework.dates import chinese
from casework.money import half_up, yuan
from casework.people.seeing import Shown
from casework.policy import known_fields
from casework.review.chain import next_steps, stopped
from casework.views.cases.checked import checked_card
from casework.views.cases.desk import CaseDesk, Look
from casework.views.cases.listing import category_label, days, stage_label, where
from casework.views.cases.reading import CaseView, Finding, Paper, cause_label
from casework.views.cases.scans import scans_card
from casework.views.cases.work import keyed, state_badge, verdict_badge
from casework.views.html import badge, card, esc, facts_list, folded, note, rows_table, shown, tag
from casework.views.panels import toolbar
from casework.views.people import _finding
from casework.vocabulary import (
    Beneficiary,
    Decision,
    Degree,
    Mark,
    Membership,
    ObjectionState,
    Outcome,
    Relation,
    Sex,
    Stage,
    Tag,
    Term,
)

SEALED: Final = "涉及困难成因，打开本案后显示"
_TERMS: Final[Mapping[str, type[Term]]] = {
    "sex": Sex,
    "beneficiary": Beneficiary,
    "membership": Membership,
    "degree": Degree,
    "stage": Stage,
}
_FIELDS: Final = {
    "name": "姓名",
    "sex": "性别",
    "ethnicity": "民族",
    "born_on": "出生日期",
    "beneficiary": "对象类型",
    "membership": "政治面貌",
    "joined_party_on": "入党时间",
    "full_member_on": "转正时间",
    "started_work_on": "参加工作时间",
    "branch": "党支部",
    "position": "职务",
    "tags": "身份",
    "deceased": "已去世",
    "household_id": "所属家庭",
    "unit_id": "单位",
    "category": "类别",
    "path": "办理路径",
    "degree": "困难程度",
    "unit_rank": "推荐顺序",
    "requested_fen": "申请金额",
    "decided_fen": "决定金额",
    "stage": "环节",
}


@shown
def case_panel(
    desk: CaseDesk, look: Look, case: CaseView, forms: Mapping[str, str], opened: Sequence[Shown] | None
) -> str:
    """Return the whole screen of one case.

    Args:
        desk: The round.
        look: How people are named.
        case: The case.
        forms: The controls by name, HTML; absent for readers.
        opened: What was opened with a purpose; None while everything is masked.
    """
    clear = None if look.projected else opened
    left = _situation(desk, case, forms) + _household(case, look) + _papers(case, forms, opened=clear is not None)
    left += checked_card(case, forms, projected=look.projected)
    right = _progress(case, forms) + _questions(case, forms, desk.as_of)
    sides = tag("div", tag("div", left, "cw-stack") + tag("div", right, "cw-stack"), "cw-desk cw-case")
    findings = card(
        "逐条核对", _findings(case.findings, opened=clear is not None), muted="左边是通知原文，右边是认定依据"
    )
    contacts = _contacts(case, forms, clear) + scans_card(case.scans, forms, desk.unit_names, forms.get("scans", ""))
    return _head(desk, look, case, forms) + sides + findings + contacts + _records(desk, case, forms)


def _head(desk: CaseDesk, look: Look, case: CaseView, forms: Mapping[str, str]) -> str:
    row = case.row
    said = f"{row['unit'] or ''}　{category_label(desk, row['category'])}"
    said += f"　{dict(desk.policy.paths).get(row['path'] or '', '')}" if desk.policy.paths else ""
    said += f"　推荐顺序第 {row['unit_rank']}" if row["unit_rank"] else ""
    marks = verdict_badge(row["verdict"]) + " " + state_badge(row["state"])
    marks += " " + badge("已列入名单", "green") if row["listed"] else ""
    moves = toolbar(keyed("ArrowUp", forms["previous"]), keyed("ArrowDown", forms["next"]))
    line = tag("h2", esc(look.name(row["name"]))) + marks + tag("span", esc(said), "cw-muted")
    why = note(where(row, look), "warn" if row["state"] != "open" else "note") if where(row, look) else ""
    return tag("div", tag("div", line, "cw-case-line") + moves, "cw-card cw-case-head cw-keys") + why


def _value(field: str, value: Any) -> str:
    """Return a value in words; what is not recorded says so."""
    if value is None or value == "":
        return "未填"
    if field in _TERMS:
        return next((term.label for term in _TERMS[field] if term == value), str(value))
    if field == "tags":
        return "、".join(one.label for one in Tag if one in value) or "无"
    if field.endswith("_fen"):
        return f"{yuan(int(value))} 元"
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value:%Y.%m}" if isinstance(value, date) else str(value)


def _situation(desk: CaseDesk, case: CaseView, forms: Mapping[str, str]) -> str:
    if not case.person:
        return card("基本情况", note("此人已离开本轮，情况见下面的办理和变动记录。"))
    fields = (
        "sex",
        "born_on",
        "ethnicity",
        "beneficiary",
        "membership",
        "joined_party_on",
        "branch",
        "position",
        "tags",
    )
    pairs = {_FIELDS[name]: esc(_value(name, case.person[name])) for name in fields}
    pairs |= {_FIELDS[name]: esc(_value(name, case.case[name])) for name in ("degree", "requested_fen", "decided_fen")}
    answers = {row["field"]: row for row in case.facts.answers.iter_rows(named=True)}
    known = known_fields(desk.policy)
    for own in desk.policy.fields:
        row = answers.get(own.id)
        pairs[known[own.id].label] = esc(_answer(own.kind, row))
    return card("基本情况", facts_list(pairs), _tucked("认定困难程度", forms.get("degree", "")), css="cw-basis")


def _answer(kind: str, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "未填"
    if kind == "flag":
        return "未填" if row["number"] is None else ("是" if row["number"] else "否")
    if kind == "fen":
        return "未填" if row["number"] is None else f"{yuan(row['number'])} 元"
    value = row["date"] if kind == "date" else row["text"] if kind == "text" else row["number"]
    return "未填" if value is None else str(value)


def _household(case: CaseView, look: Look) -> str:
    home = case.facts.households.row(0, named=True) if case.facts.households.height else {}
    size, income = home.get("size"), home.get("yearly_income_fen")
    pairs = {
        "家庭人口": esc("未填" if size is None else f"{size} 人"),
        "未成年人": esc("未填" if home.get("minors") is None else f"{home['minors']} 人"),
        "家庭年收入": esc("未填" if income is None else f"{yuan(income)} 元"),
        "人均年收入": esc(
            "算不出，缺人口或收入" if not size or income is None else f"{yuan(half_up(income, size))} 元"
        ),
        "最低生活保障": esc(_value("dibao", home.get("dibao"))),
    }
    rows = [
        (
            look.name(member["name"]),
            next((one.label for one in Relation if one == member["relation"]), "未填"),
            f"{member['born_on']:%Y.%m}" if member["born_on"] else "未填",
            member["employment"] or "未填",
            "未填" if member["yearly_income_fen"] is None else yuan(member["yearly_income_fen"]),
        )
        for member in case.facts.members.iter_rows(named=True)
    ]
    table = rows_table(("姓名", "关系", "出生年月", "工作情况", "年收入（元）"), rows, numbers=(4,)) if rows else ""
    return card("家庭", facts_list(pairs), table, css="cw-basis", muted="人均收入由系统计算")


def _papers(case: CaseView, forms: Mapping[str, str], *, opened: bool) -> str:
    causes = case.facts.causes.to_dicts()
    named = "、".join(cause_label(row) for row in causes) if opened else f"已登记 {len(causes)} 项，打开本案后显示"
    said = facts_list({"困难成因": esc(named if causes else "没有登记")})
    rows = [_paper(paper, opened=opened) for paper in case.papers]
    heads = ("材料", "何时要求", "状态", "开具单位")
    table = rows_table(heads, rows, raw=(2,)) if rows else note("按已登记的情况，通知没有要求另附材料。")
    entered = _tucked("登记一项困难成因" if not opened else "登记或更正一项困难成因", forms.get("cause", ""))
    hint = "登错的成因、材料，打开本案后可以更正、删去" if forms.get("cause") and not opened else ""
    return card("成因与材料", said, entered, table, _tucked("登记一份材料", forms.get("evidence", "")), muted=hint)


def _paper(paper: Paper, *, opened: bool) -> tuple[str, ...]:
    when = "、".join(cause.label for cause in paper.causes) if opened else "按成因"
    name = paper.document if opened or not paper.causes else "按成因要求的材料"
    held = paper.held
    if held is None:
        return name, when if paper.causes else "都要", badge("尚缺", "amber"), ""
    seen = "原件已核" if held["original_seen"] else "原件未核"
    kept = "复印件已留" if held["copy_kept"] else "复印件未留"
    return name, when if paper.causes else "都要", badge(f"{seen}，{kept}", "green"), held["issuer"] or ""


def _findings(findings: Sequence[Finding], *, opened: bool) -> str:
    if not findings:
        return note("没有可以核对的内容。")
    order = {Outcome.NOT_MET: 1, Outcome.UNKNOWN: 0, Outcome.NEEDS_JUDGEMENT: 0}
    rows = [
        _finding(one.clause, one.outcome, SEALED if one.sealed and not opened else one.said)
        for one in sorted(findings, key=lambda found: order.get(found.outcome, 2))
    ]
    head = "<tr><th>条款</th><th>原文</th><th>认定</th><th>依据</th></tr>"
    table = tag("table", f"<thead>{head}</thead><tbody>{''.join(rows)}</tbody>", "cw-table cw-sentences")
    return tag("div", table, "cw-scroll")


def _progress(case: CaseView, forms: Mapping[str, str]) -> str:
    if not case.links:
        return card("办理环节", note("办理路径未填，还不知道要走哪些环节；请先在“录入与更正”里补上。", "warn"))
    following = {link.stage for link in next_steps(case.done, case.links)}
    end, items = stopped(case.done), []
    for link in case.links:
        done = case.done.get(link.stage)
        who = "本级办理" if link.own else "下级办理、本级备查"
        if done is not None:
            said = f"{days(done.on)}" + (f" 至 {days(done.until)}" if done.until else "") + f"　{done.body}"
            said += f"　{done.person}" if done.person else ""
            said += f"　{done.reason}" if done.reason else ""
            colour = "green" if done.holds else "red" if done is end else "amber"
            state = badge("已越过" if done.passed_over else done.result.label, "amber" if done.passed_over else colour)
            items.append(
                tag("li", tag("b", esc(link.stage.label)) + " " + state + tag("p", esc(said), "cw-muted"), "cw-done")
            )
        elif link.stage in following and end is None:
            words = tag("p", esc(f"{link.cite}：{link.words}"), "cw-quote")
            items.append(
                tag(
                    "li",
                    tag("b", esc(link.stage.label))
                    + " "
                    + badge("下一步", "red")
                    + tag("span", esc(f" {who}"), "cw-muted")
                    + words,
                    "cw-next",
                )
            )
        else:
            items.append(tag("li", esc(link.stage.label) + tag("span", esc(f" {who}"), "cw-muted")))
    chain = tag("ol", "".join(items), "cw-chain")
    return card("办理环节", chain, _tucked("登记环节", forms.get("step", "")))


def _tucked(label: str, form: str) -> str:
    """Return a form that opens on a click; with something to say, it is open already."""
    said = any(f"cw-{kind}" in form for kind in ("warn", "error", "ok"))
    return folded(label, form, opened=said) if form else ""


def _questions(case: CaseView, forms: Mapping[str, str], day: date) -> str:
    if not case.asked:
        return card("需要人来认定", note("这份通知没有要人来认定的条款。")) if case.person else ""
    rows = []
    late = sum(
        answer is not None and answer["on"] is not None and answer["on"] > day for _, answer in case.asked.values()
    )
    for clause, answer in case.asked.values():
        value = Mark(answer["value"]) if answer is not None else Mark.UNCHECKED
        colour = "amber" if value is Mark.UNCHECKED else ""
        told = "" if answer is None else f"{days(answer['on'])}　{answer['body'] or ''}　{answer['basis'] or ''}"
        head = tag("b", esc(clause.label or clause.cite)) + " " + tag("span", esc(clause.cite), "cw-muted")
        rows.append((head + tag("p", esc(clause.ask)), badge(value.label, colour), told))
    table = tag("div", rows_table(("认定什么", "答复", "依据"), rows, raw=(0, 1)), "cw-scroll cw-short")
    warned = note(f"有 {late} 条认定晚于情况截至日期（{chinese(day)}），名单先不计入；把截至日期推后才计入。", "warn")
    return card(
        "需要人来认定",
        warned if late else "",
        table,
        forms.get("judgement", ""),
        muted="未核的不能办下去；由人认定，不推断",
    )


def _contacts(case: CaseView, forms: Mapping[str, str], opened: Sequence[Shown] | None) -> str:
    listed = opened if opened is not None else case.contacts
    rows = [(one.label, one.value, _holder(one), "与他人登记的相同" if one.also else "") for one in listed]
    table = rows_table(("类别", "内容", "持卡人", "提示"), rows) if rows else note("没有登记联系方式。")
    state = badge("已打开，已登记用途", "amber") if opened is not None else ""
    form = "" if opened is not None else forms.get("open", "")
    return card("联系方式与成因", state, table, form, muted="平时遮盖；打开要写明用途，逐次登记")


def _holder(one: Shown) -> str:
    relation = next((term.label for term in Relation if term == one.relation), "")
    revoked = "，已撤回" if one.revoked_on else ""
    return f"{one.holder or ('委托人' if relation else '本人')}{'（' + relation + '）' if relation else ''}{revoked}"


# -- what happened -------------------------------------------------------------------------------------------------


def _records(desk: CaseDesk, case: CaseView, forms: Mapping[str, str]) -> str:
    steps = [
        (
            days(record.step.on),
            stage_label(record.step.stage),
            Decision(record.result).label + (f"：{record.reason}" if record.reason else ""),
            record.step.body,
            record.step.basis,
            record.step.recorded_name,
            "已更正" if record.revoked else "",
        )
        for record in case.steps
    ]
    heads = ("日期", "环节", "结果", "主体", "依据", "登记人", "")
    done = rows_table(heads, steps) if steps else note("还没有登记过环节。")
    parts = [card("办理记录", done, _tucked("更正一条环节记录", forms.get("revoke", "")))]
    labels = {clause.id: clause.label or clause.cite for clause in desk.policy.clauses}
    answers = [
        (
            days(one.on),
            labels.get(one.clause_id, ""),
            Mark(one.value).label,
            one.body or "",
            one.basis or "",
            one.by or "",
        )
        for one in case.answers
    ]
    if answers:
        table = rows_table(("日期", "认定", "答复", "由谁认定", "依据", "认定人"), answers)
        parts.append(card("认定记录", tag("div", table, "cw-scroll cw-short"), muted="后登记的为准，先前的都保留"))
    parts.append(_changes(desk, case))
    parts += [_objections(case)]
    correction = _tucked("录入与更正", forms.get("correct", "")) + _tucked("删去登错的一行", forms.get("drop", ""))
    parts.append(card("录入与更正", correction, muted="同导入时一样核对；成因、号码、住址不预填") if correction else "")
    leave = forms.get("remove", "")
    parts.append(
        card("减员", _tucked("登记减员", leave), muted="去世、放弃、转出、错报、查实不符：腾出名额，提出递补")
        if leave
        else ""
    )
    return "".join(parts)


def _changes(desk: CaseDesk, case: CaseView) -> str:
    rows = []
    for change in case.changes:
        if change.changes is None:
            rows.append((_moment(change.at), "资料已按规定删除", "", ""))
            continue
        for name, values in change.changes.items():
            if name in _FIELDS and isinstance(values, list) and len(values) == 2:
                before, after = (_told(desk, name, value) for value in values)
                rows.append((_moment(change.at), _FIELDS[name], before, after))
    if not rows:
        return ""
    return card("变动记录", tag("div", rows_table(("时间", "内容", "原来", "改为"), rows), "cw-scroll cw-short"))


def _told(desk: CaseDesk, name: str, value: Any) -> str:
    if name == "category":
        return category_label(desk, value)
    if name == "unit_id":
        return desk.unit_names.get(value, "其他单位") if value else "未填"
    if name == "path":
        return dict(desk.policy.paths).get(value or "", "未填")
    return "已改动" if name == "household_id" else _value(name, value)


def _moment(at: str) -> str:
    return str(at)[:16].replace("T", " ")


def _objections(case: CaseView) -> str:
    if not case.objections:
        return ""
    rows = [
        (chinese(one.received_on), "匿名" if one.anonymous else "署名", ObjectionState(one.state).label)
        for one in case.objections
    ]
    table = rows_table(("收到日期", "形式", "办理情况"), rows)
    return card("异议", table, muted="只有经办这条异议的人看得到；内容在“公示与异议”里打开")


@shown
def nobody_panel(moves: Mapping[str, str]) -> str:
    """Return what stands where no case is chosen."""
    said = note("在“工作清单”点一个姓名，这里显示他的全部情况；也可以从第一人开始。")
    return card("一案一屏", said, keyed("ArrowDown", moves["next"]), css="cw-keys")
