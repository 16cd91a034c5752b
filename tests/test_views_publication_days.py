"""What the form of a public notice says of its end, under a circular that sets days and under one that does not."""

from __future__ import annotations

import review_round
import test_views_review

from casework import db
from casework.views.review_publication_deeds import publication_forms

Page = test_views_review.Page


def posting(world):
    (found,) = [form for form in publication_forms(Page(world).notices()) if form.name == "张贴公示"]
    return found


def test_where_the_circular_sets_no_days_the_form_asks_for_the_end(tmp_path):
    form = posting(review_round.jianshi(db.open_ledger(f"sqlite:///{tmp_path}/js.db")))

    assert "通知没有规定公示天数，请填公示止日" in form.hint
    assert "按通知的天数" not in form.hint
    assert "必填" in next(field.hint for field in form.fields if field.name == "ends")
