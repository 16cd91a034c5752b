"""发放与回执: the first deed and the last paper: what is owed is drawn up, and each signed receipt recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from casework.money import yuan
from casework.payment.claims import open_claims
from casework.payment.instalments import Plan, label, plans_of
from casework.payment.receipts import record_receipt
from casework.views.payment_desk import Payments, seen, targets
from casework.views.payment_scan_deeds import SCAN, attached, one_person, with_scan
from casework.views.review_forms import (
    Field,
    Form,
    Given,
    chosen,
    clause_words,
    day,
    labels,
    maybe_day,
    plain,
    text,
    writing,
)
from casework.vocabulary import ClaimState, Relation, Signer

SIGNED_WITH: Final = {"签字": "signature", "盖章": "seal", "捺印": "fingerprint"}


def draw_up_form(payments: Payments) -> Form:
    """Return the form that lists what is owed under the decided list; the days of instalments are asked once."""
    official = payments.official
    assert official is not None
    plans = plans_of(payments.desk.policy)
    several = _instalments(payments, plans)

    def said(done: Mapping[str, Any]) -> str:
        told = f"新列 {done['opened']} 笔，原有 {done['kept']} 笔，停发 {done['stopped']} 笔。"
        if done["to_return_fen"]:
            told += f"已拨到单位要退回 {yuan(done['to_return_fen'])} 元。"
        waiting = [f"{payments.name(case)}：{plain(why)}" for case, why in list(done["waiting"].items())[:3]]
        more = "等" if len(done["waiting"]) > 3 else ""
        return told + (f"没有列入 {len(done['waiting'])} 人（{'；'.join(waiting)}{more}）。" if waiting else "")

    return Form(
        "生成应发款",
        "生成",
        tuple(
            Field(name, f"{about}发放日期", hint="必填，如 2026-12-02", value=known)
            for (name, about, known) in (one for cells in several.values() for one in cells)
        ),
        writing(
            payments.desk,
            payments.page,
            open_claims,
            lambda given: {
                "round_id": payments.desk.round_id,
                "fingerprint": official.fingerprint,
                "due": {
                    category: [on for name, about, _ in cells if (on := maybe_day(given, name, f"{about}发放日期"))]
                    for category, cells in several.items()
                },
            },
            said,
            # Who is ready changes without the list changing: pressing again after that is another deed.
            again=(sorted(payments.ready.ready), payments.claims.height),
        ),
        hint="<p class='cw-muted'>按确定的名单逐人、逐项资金列出。还有手续没办完的人不列，办完再生成一次。</p>"
        + "".join(clause_words(plan.clause.cite, plan.clause.words) for name, plan in plans.items() if name in several),
    )


def _instalments(payments: Payments, plans: Mapping[str, Plan]) -> dict[str, list[tuple[str, str, str]]]:
    """Return category → (field, what it is, the day given before) of each instalment, where the list has any."""
    official = payments.official
    listed = {row["category"] for row in official.numbers["awards"]} if official else set()
    found = {}
    for category in payments.desk.policy.categories:
        if category.id in plans and category.id in listed:
            number = len(plans[category.id].parts)
            found[category.id] = [
                (f"due_{category.id}_{at}", f"{category.label}{label(at, number)}", _known(payments, category.id, at))
                for at in range(1, number + 1)
            ]
    return found


def _known(payments: Payments, category: str, instalment: int) -> str:
    mine = payments.claims.filter(pl.col("category") == category, pl.col("instalment") == instalment)
    days = mine["due_on"].drop_nulls()
    return str(days[-1]) if len(days) else ""


def receipt_form(payments: Payments) -> Form:
    """Return the form that records signed receipts, with the scan of one person's."""
    signers = labels(Signer)
    relations = labels(Relation)

    def answers(given: Given) -> dict[str, Any]:
        relation = text(given, "relation")
        return {
            "claims": seen(targets(payments, given, (ClaimState.PAID,), doing="登记回执")),
            "signed_on": day(given, "on", "回执日期"),
            "signed_with": chosen(given, "with", SIGNED_WITH, "签字、盖章或捺印"),
            "signer": Signer(chosen(given, "signer", signers, "谁签的")),
            "proxy_name": text(given, "proxy"),
            "relation": Relation(relation) if relation in relations.values() else None,
            "document": " ".join(filter(None, (text(given, "document"), attached(given).get("reference", "")))),
        }

    def whose(given: Given) -> str:
        answers(given)  # what the form itself refuses is said before anything is kept
        return one_person(targets(payments, given, (ClaimState.PAID,), doing="登记回执"))

    def said(done: Mapping[str, Any]) -> str:
        return f"已登记回执 {done['people']} 份" + (
            "，可以入账。" if done["bookable"] else "；代签的不能入账，仍要本人签字。"
        )

    return Form(
        "登记回执",
        "登记回执",
        (
            Field("signer", "谁签的", "choice", signers, Signer.SELF.value),
            Field("with", "怎么签的", "choice", SIGNED_WITH, "signature"),
            Field("on", "回执日期", "date", value=payments.desk.today),
            Field("proxy", "代签人", hint="他人代签时必填"),
            Field("relation", "与本人关系", "choice", relations),
            Field("document", "回执", hint="回执编号，或存放处"),
            Field(SCAN, "回执扫描件", "scan", hint="选择文件（可不附；一次一人）"),
        ),
        with_scan(
            payments.desk,
            payments.page,
            "receipt",
            whose,
            writing(payments.desk, payments.page, record_receipt, answers, said),
        ),
        hint="<p class='cw-muted'>入账只认本人签字（盖章）的回执。</p>",
    )
