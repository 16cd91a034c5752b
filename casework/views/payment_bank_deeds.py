"""发放与回执: the deeds with the bank: 代发明细, its answer read back (退票), a card corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from casework.payment.attempts import PAYABLE
from casework.payment.bank import prepare_batch, read_results
from casework.people.contacts import put_contact, revoke_consent
from casework.problems import Refused
from casework.views.html import rows_table, tag
from casework.views.payment_answer import read_answer
from casework.views.payment_desk import Payments, batch_label, seen, targets
from casework.views.payment_scan_deeds import SCAN, attached, with_scan
from casework.views.review_forms import Field, Form, Given, chosen, day, labels, maybe_day, person_field, text, writing
from casework.vocabulary import ClaimState, Relation

CARDS = {"本人银行卡": "card", "指定人银行卡": "designated_card"}


def batch_form(payments: Payments) -> Form:
    """Return the form that draws up a 代发明细."""

    def answers(given: Given) -> dict[str, Any]:
        rows = targets(payments, given, PAYABLE, doing="代发", due=True)
        return {
            "round_id": payments.desk.round_id,
            "claims": seen(rows),
            "on": day(given, "on"),
        }

    def said(done: Mapping[str, Any]) -> str:
        warned = "".join(f"{one}。" for one in done["warnings"])
        return f"代发明细已列好，{done['people']} 笔。请在“银行代发”处下载交银行；每人只在一份里。{warned}"

    lacking = [
        row for row in payments.payees.values() if row["payee"] is None and payments.unit in ("", row["unit_id"])
    ]
    some = f"有 {len(lacking)} 人缺银行卡，先选“登记银行卡”。" if lacking else "收款的银行卡都已登记。"
    return Form(
        "银行代发",
        "列出代发明细",
        (Field("on", "送银行日期", "date", value=payments.desk.today),),
        writing(payments.desk, payments.page, prepare_batch, answers, said),
        hint=f"<p class='cw-muted'>{some}退票更正后的人列进下一份，原来的一次也留着。</p>",
    )


def answer_form(payments: Payments) -> Form:
    """Return the form that reads the bank's answer back."""
    which = {batch_label(payments, one): one.batch_id for one in payments.batches}

    def answers(given: Given) -> dict[str, Any]:
        return {
            "batch_id": chosen(given, "which", which, "代发明细"),
            "results": read_answer(given.get("file")),
            "on": day(given, "on", "回单日期"),
        }

    def said(done: Mapping[str, Any]) -> str:
        told = f"发放成功 {done['succeeded']} 笔，退票 {done['returned']} 笔"
        told += f"，与已登记的一样 {done['unchanged']} 笔" if done["unchanged"] else ""
        told += f"，还有 {done['open']} 笔没有结果" if done["open"] else ""
        return told + ("。退票的请更正银行卡，再列进下一份代发明细。" if done["returned"] else "。")

    return Form(
        "读入银行回单",
        "读入",
        (
            Field("which", "代发明细", "choice", which, next(iter(which.values()))),
            Field("file", "银行回单", "file", hint="选择文件（xlsx、CSV）"),
            Field("on", "回单日期", "date", value=payments.desk.today),
        ),
        writing(payments.desk, payments.page, read_results, answers, said),
        hint="<p class='cw-muted'>表头要有 序号、金额、结果、原因；有一行对不上，整份都不读入。</p>",
    )


def card_form(payments: Payments) -> Form:
    """Return the form that records or corrects a card; the old one ends and stays on record."""
    claimed = set(payments.of_unit["case_id"])
    offered = [one for one in payments.people.values() if one.case_id in claimed]
    relations = labels(Relation)

    def answers(given: Given) -> dict[str, Any]:
        case_id = chosen(given, "person", [one.case_id for one in offered], "人员")
        relation = text(given, "relation")
        return {
            "person_id": payments.people[case_id].person_id,
            "kind": chosen(given, "kind", CARDS, "哪一类卡"),
            "value": text(given, "card"),
            "holder": text(given, "holder"),
            "relation": Relation(relation) if relation in relations.values() else None,
            "consent_on": maybe_day(given, "consent", "本人同意日期"),
            "consent_scan": attached(given).get("attachment_id"),
        }

    def whose(given: Given) -> str:
        if answers(given)["kind"] != "designated_card":
            raise Refused("not_designated", "只有指定人的银行卡才有同意书，本人的卡不附")
        return chosen(given, "person", [one.case_id for one in offered], "人员")

    def said(done: Mapping[str, Any]) -> str:
        warned = "".join(f"{one}。" for one in done["warnings"])
        also = f"这个卡号另有 {len(done['also'])} 人在用，请核对。" if done["also"] else ""
        return ("与已登记的一样。" if done["unchanged"] else "已登记，下一份代发明细用这张卡。") + warned + also

    return Form(
        "登记银行卡",
        "登记",
        (
            person_field(offered, payments.desk.unit_names, label="人员"),
            Field("kind", "哪一类卡", "choice", CARDS, "card"),
            Field("card", "卡号", hint="加密保存，登记后只显示尾号"),
            Field("holder", "持卡人", hint="指定人的卡必填"),
            Field("relation", "与本人关系", "choice", relations),
            Field("consent", "本人同意日期", hint="指定人的卡必填，如 2026-12-02"),
            Field(SCAN, "同意书扫描件", "scan", hint="选择文件（可不附）"),
        ),
        with_scan(
            payments.desk,
            payments.page,
            "consent",
            whose,
            writing(payments.desk, payments.page, put_contact, answers, said),
        ),
        hint="<p class='cw-muted'>指定人的卡要有持卡人、关系和本人签字同意的日期；本人随时可以撤回。</p>",
    )


def revoke_form(payments: Payments) -> Form:
    """Return the form that takes a consent back: possible until the person is paid, and what is paid stays paid."""
    offered = [one for one in payments.people.values() if one.case_id in payments.consents]
    offered = [one for one in offered if payments.unit in ("", one.unit_id)]
    sent = set(payments.claims.filter(pl.col("state") == ClaimState.SENT.value)["case_id"])

    def answers(given: Given) -> dict[str, Any]:
        case_id = chosen(given, "person", [one.case_id for one in offered], "人员")
        consent = payments.consents[case_id]
        return {"contact_id": consent.contact_id, "expected_version": consent.version}

    def said(done: Mapping[str, Any]) -> str:
        told = "已撤回：以后不再发到指定人的卡上，已发的不变。请选“登记银行卡”登记新的收款方式，或改为当面发放。"
        of_sent = {one.contact_id for case, one in payments.consents.items() if case in sent}
        return told + ("这个人有一笔已送银行，请通知银行停付。" if done["contact_id"] in of_sent else "")

    rows = [
        (
            payments.name(one.case_id),
            Relation(consent.relation).label if consent.relation else "",
            consent.consent_on,
            "有扫描件" if consent.scanned else "没有附",
        )
        for one in offered
        for consent in (payments.consents[one.case_id],)
    ]
    table = rows_table(("姓名", "持卡人关系", "同意日期", "同意书"), rows)
    return Form(
        "撤回指定人收款",
        "登记撤回",
        (person_field(offered, payments.desk.unit_names, label="谁撤回同意"),),
        writing(payments.desk, payments.page, revoke_consent, answers, said),
        hint=tag("div", table, "cw-scroll cw-short")
        + "<p class='cw-muted'>本人在发放之前随时可以撤回；撤回后要有新的同意才能再用。</p>",
    )
