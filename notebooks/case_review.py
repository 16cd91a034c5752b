# /// script
# [tool.casework]
# title = "台账与审核"
# sentence = "收各单位报来的表，逐人逐条核对通知，登记认定和每一个环节：推荐、审核、会议、公示、发放、回执。"
# [tool.marimo.display]
# theme = "light"
# locale = "zh-CN"
# ///
import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="台账与审核", css_file="theme.css", html_head_file="head.html")

with app.setup:
    import marimo as mo

    from casework import views
    from casework.views import cases
    from casework.widgets import Counter, asking, round_picker
    from casework.widgets import cases as widgets
    from casework.widgets import review_office as office
    from casework.widgets import cases_cards as cards
    from casework.widgets import cases_collect as collect
    from casework.widgets import cases_one as one
    from casework.widgets import cases_scans as papers
    from casework.widgets import cases_standing as standings
    from casework.widgets import borrowed
    from casework.widgets import issuing
    from casework.widgets import papers as printed


@app.cell
def config():
    ledger = views.open_place()
    return (ledger,)


@app.cell
def memory():
    get_revision, set_revision = mo.state(0)
    get_said, set_said = mo.state({})
    get_section, set_section = mo.state(widgets.first_section(), allow_self_loops=True)
    page = views.new_key()
    return get_revision, get_said, get_section, page, set_revision, set_said, set_section


@app.cell
def in_hand(set_section):
    get_case, set_case = mo.state(widgets.first_case(), allow_self_loops=True)
    get_view, set_view = mo.state(cases.View(), allow_self_loops=True)
    get_ticked, set_ticked = mo.state(0, allow_self_loops=True)
    get_boxes, set_boxes = mo.state(0, allow_self_loops=True)
    get_task, set_task = mo.state("")
    get_opened, set_opened = mo.state({})
    hand = widgets.Hand(set_case, set_view, set_ticked, set_boxes, set_section)
    return get_boxes, get_case, get_opened, get_task, get_ticked, get_view, hand, set_opened, set_task


@app.cell
def file_in_hand():
    get_file, set_file = mo.state(0, allow_self_loops=True)
    get_emptied, set_emptied = mo.state(0, allow_self_loops=True)
    upload = collect.Upload(set_file, set_emptied)
    return get_emptied, get_file, upload


@app.cell
def round_choice(ledger):
    chosen_round = round_picker(views.round_names(ledger), views.newest_round(ledger))
    return (chosen_round,)


@app.cell
def projection_switch():
    projection = widgets.projection()
    return (projection,)


@app.cell
def desk_of_round(chosen_round, get_revision, ledger, page, set_revision, set_said):
    get_revision()
    desk = cases.open_case_desk(ledger, chosen_round.value, asking())
    mo.stop(desk.problem or desk.html, mo.Html(desk.html))
    counter = Counter(ledger, desk, page, set_said, set_revision)
    return counter, desk


@app.cell
def heading(chosen_round, desk, projection):
    look = cases.Look(bool(projection.value))
    mo.Html(cases.heading(desk, chosen_round.text, projection.text))
    return (look,)


@app.cell
def section_choice(get_section):
    section = widgets.sections(get_section())
    return (section,)


@app.cell
def section_tabs(desk, section):
    mo.stop(not desk.with_cases)
    section
    return


# -- 收表导入


@app.cell
def sheet_choice(desk, get_emptied, section, upload):
    mo.stop(section.value != "收表导入")
    get_emptied()
    sheet_fields = collect.sheet_fields(desk, upload)
    return (sheet_fields,)


@app.cell
def sheet_upload(desk, get_said, section, sheet_clear, sheet_fields, upload):
    mo.stop(section.value != "收表导入")
    _fields = collect.sheet_texts(sheet_fields, upload, sheet_clear)
    mo.Html(cases.upload_panel(_fields, get_said().get("导入", ""), may_write=desk.may_write))
    return


@app.cell
def sheet_proposed(desk, get_file, section, upload):
    mo.stop(section.value != "收表导入")
    get_file()
    proposed = collect.proposed_now(desk, upload)
    sheet_clear = collect.clear_button(desk, upload)
    mapping_form = collect.mapping_form(desk, upload, proposed)
    return mapping_form, proposed, sheet_clear


@app.cell
def sheet_planned(counter, desk, look, proposed, section, upload):
    mo.stop(section.value != "收表导入")
    planned = collect.planned_now(desk, upload, proposed)
    sheet_controls = collect.sheet_controls(counter, look, upload, planned)
    return planned, sheet_controls


@app.cell
def sheet_shown(look, mapping_form, planned, section, sheet_controls):
    mo.stop(section.value != "收表导入")
    _parts = {"mapping": widgets.text(mapping_form), **widgets.texts(sheet_controls)}
    mo.Html(cases.plan_panel(planned, _parts, look))
    return


@app.cell
def imports_shown(counter, desk, get_said, section):
    mo.stop(section.value != "收表导入")
    imported = cases.open_imports(desk)
    withdraw_form = collect.withdraw_form(counter, imported)
    mo.Html(cases.imports_panel(imported, widgets.text(withdraw_form), get_said().get("已导入", "")))
    return (withdraw_form,)


@app.cell
def by_hand(counter, get_said, section):
    mo.stop(section.value != "收表导入")
    entry_form = one.entry_form(counter)
    mo.Html(cases.entry_panel(widgets.text(entry_form), get_said().get("录入", "")))
    return (entry_form,)


@app.cell
def packages(counter, desk, section):
    mo.stop(section.value != "收表导入")
    collected = cases.open_packages(desk)
    package_forms = collect.package_forms(counter, collected)
    return collected, package_forms


@app.cell
def packages_shown(collected, desk, get_said, package_forms, section):
    mo.stop(section.value != "收表导入")
    _papers = printed.paper_line(desk, "收表导入")
    mo.Html(cases.packages_panel(desk, collected, widgets.texts(package_forms), get_said().get("收表", "")) + _papers)
    return


@app.cell
def package_papers(collected, counter, desk, get_said, section):
    mo.stop(section.value != "收表导入")
    scans = cases.package_scans(desk)
    scan_forms = papers.scan_forms(counter, scans, collected=collected)
    mo.Html(cases.scans_card(scans, widgets.texts(scan_forms), desk.unit_names, get_said().get("扫描件", "")))
    return (scan_forms,)


# -- 工作清单


@app.cell
def worklist(desk, look, section):
    mo.stop(section.value not in cases.WITH_CASES, None)
    mo.stop(cases.empty_work(desk), mo.Html(cases.empty_work(desk)))
    listed = widgets.read_cases(desk, look)
    return (listed,)


@app.cell
def work_filters(get_view, hand, listed, section):
    mo.stop(section.value != "工作清单")
    work_choices = widgets.filters(listed, get_view(), hand)
    clear = widgets.clear_button(hand, get_view())
    return clear, work_choices


@app.cell
def work_rows(get_boxes, get_view, hand, listed, section):
    mo.stop(section.value != "工作清单")
    get_boxes()
    drawn = widgets.rows(listed, get_view(), hand)
    return (drawn,)


@app.cell
def work_task(get_task, get_view, hand, listed, section, set_task):
    mo.stop(section.value != "工作清单")
    task = widgets.task_choice(listed, get_view(), get_task(), set_task, hand)
    return (task,)


@app.cell
def work_sitting(desk, hand, section, task):
    mo.stop(section.value != "工作清单")
    sitting_fields = widgets.sitting_fields(desk, widgets.value(task), hand)
    return (sitting_fields,)


@app.cell
def work_place(counter, get_view, hand, listed, section, sitting_fields, task):
    mo.stop(section.value != "工作清单")
    sitting = cases.sitting_of(widgets.value(task), sitting_fields.value)
    place = widgets.Place(counter, hand, listed, get_view(), sitting)
    return (place,)


@app.cell
def work_at_hand(get_case, place, section):
    mo.stop(section.value != "工作清单")
    hand_controls = widgets.hand_controls(place, get_case())
    return (hand_controls,)


@app.cell
def work_batch(get_said, get_ticked, place, section):
    mo.stop(section.value != "工作清单")
    _ticked, _said = get_ticked(), get_said().get("一并", "")
    batch, package = widgets.batch_form(place), widgets.package_form(place)
    together = cases.batch_panel(place.may_write, _ticked, widgets.text(batch), widgets.text(package), _said)
    return batch, package, together


@app.cell
def work_table(desk, drawn, get_view, listed, section, together):
    mo.stop(section.value != "工作清单")
    people = cases.table_panel(listed, get_view(), widgets.row_texts(drawn, may_write=desk.may_write)) + together
    return (people,)


@app.cell
def work_now(desk, get_case, get_said, hand_controls, listed, section, sitting_fields, task):
    mo.stop(section.value != "工作清单")
    _sitting = cases.sitting_panel(desk, widgets.value(task), widgets.sitting_texts(task, sitting_fields))
    _told = get_said().get("当前", "")
    at_hand = cases.hand_panel(listed, get_case(), widgets.hand_texts(hand_controls), _told) + _sitting
    return (at_hand,)


@app.cell
def work_shown(at_hand, clear, people, section, work_choices):
    mo.stop(section.value != "工作清单")
    _filters = cases.filters_panel(widgets.texts(work_choices), widgets.texts(clear))
    mo.Html(cases.work_panel(_filters, people, at_hand))
    return


# -- 一案一屏


@app.cell
def case_moves(get_case, get_view, hand, listed, section):
    mo.stop(section.value != "一案一屏")
    moving = one.moves(listed, get_view(), hand, get_case())
    return (moving,)


@app.cell
def case_read(get_case, listed, moving, section):
    mo.stop(section.value != "一案一屏")
    case = cases.open_case(listed, get_case())
    mo.stop(case is None, mo.Html(cases.nobody_panel(widgets.texts(moving))))
    return (case,)


@app.cell
def case_deeds(case, counter, get_opened, look, section, set_opened):
    mo.stop(section.value != "一案一屏")
    case_forms = one.case_forms(counter, look, case, set_opened, get_opened())
    return (case_forms,)


@app.cell
def case_shown(case, case_forms, desk, get_opened, get_said, look, moving, section):
    mo.stop(section.value != "一案一屏")
    _forms = one.form_texts(case, case_forms, moving, get_said())
    _own = printed.case_line(desk, case.case_id, case.row["unit_id"])
    mo.Html(_own + cases.case_panel(desk, look, case, _forms, get_opened().get(case.case_id)))
    return


# -- 会议, 公示, 发放, 走访: one choice of a unit for all four


@app.cell
def office_memory():
    get_results, set_results = mo.state({})
    get_check, set_check = mo.state(None, allow_self_loops=True)
    return get_check, get_results, set_check, set_results


@app.cell
def office_choice(desk, section):
    mo.stop(section.value not in office.SECTIONS)
    office_unit = office.office_unit(desk)
    return (office_unit,)


@app.cell
def office_bench(desk, look, office_unit, page, section):
    mo.stop(section.value not in office.SECTIONS)
    bench = office.Bench(desk, look, page, office_unit.value)
    return (bench,)


# -- 集体研究


@app.cell
def study_read(bench, get_results, section, set_results):
    mo.stop(section.value != "集体研究")
    study = office.open_study(bench, get_results(), set_results)
    study_forms = office.study_forms(study)
    study_choice = office.deed_choice("集体研究", study_forms)
    study_list = office.study_list(study)
    return study, study_choice, study_forms, study_list


@app.cell
def study_deed(counter, section, study_choice, study_forms):
    mo.stop(section.value != "集体研究")
    study_form = office.deed_form(counter, "集体研究", study_forms, study_choice)
    return (study_form,)


@app.cell
def study_shown(get_said, office_unit, section, study, study_choice, study_form, study_forms, study_list):
    mo.stop(section.value != "集体研究")
    _said = office.told(study.look, get_said().get("集体研究", ""))
    _deeds = office.deeds_card(study.desk, study_forms, study_choice, study_form, _said)
    _above = office_unit.text + printed.paper_line(study.desk, "集体研究", office_unit.value)
    mo.Html(office.office_panel(office.study_panel(study, widgets.text(study_list)), _deeds, _above))
    return


# -- 公示与异议


@app.cell
def notice_read(bench, section):
    mo.stop(section.value != "公示与异议")
    notices = office.open_publication(bench)
    notice_forms = office.publication_forms(notices)
    notice_choice = office.deed_choice("公示与异议", notice_forms)
    return notice_choice, notice_forms, notices


@app.cell
def notice_deed(counter, notice_choice, notice_forms, section):
    mo.stop(section.value != "公示与异议")
    notice_form = office.deed_form(counter, "公示与异议", notice_forms, notice_choice)
    return (notice_form,)


@app.cell
def notice_shown(get_said, notice_choice, notice_form, notice_forms, notices, office_unit, section):
    mo.stop(section.value != "公示与异议")
    _said = office.told(notices.look, get_said().get("公示与异议", ""))
    _deeds = office.deeds_card(notices.desk, notice_forms, notice_choice, notice_form, _said)
    _above = office_unit.text + printed.paper_line(notices.desk, "公示与异议", office_unit.value)
    mo.Html(office.office_panel(office.publication_panel(notices), _deeds, _above))
    return


# -- 发放与回执


@app.cell
def pay_read(bench, section):
    mo.stop(section.value != "发放与回执")
    owed = office.open_payments(bench)
    pay_state = office.pay_state(owed)
    return owed, pay_state


@app.cell
def pay_rows(owed, pay_state, section):
    mo.stop(section.value != "发放与回执")
    payments = office.narrowed(owed, pay_state.value)
    pay_table = office.pay_table(payments)
    pay_forms = office.payment_forms(payments)
    pay_choice = office.deed_choice("发放与回执", pay_forms)
    return pay_choice, pay_forms, pay_table, payments


@app.cell
def pay_deed(counter, pay_choice, pay_forms, pay_table, section):
    mo.stop(section.value != "发放与回执")
    pay_form = office.deed_form(counter, "发放与回执", pay_forms, pay_choice, also=office.ticked(pay_table))
    return (pay_form,)


@app.cell
def pay_shown(get_said, office_unit, pay_choice, pay_form, pay_forms, pay_state, pay_table, payments, section):
    mo.stop(section.value != "发放与回执")
    _said = get_said().get("发放与回执", "")
    _deeds = office.deeds_card(payments.desk, pay_forms, pay_choice, pay_form, _said)
    _left = office.payments_panel(payments, widgets.texts({"state": pay_state, "table": pay_table}))
    _above = office_unit.text + printed.paper_line(payments.desk, "发放与回执", office_unit.value)
    mo.Html(office.office_panel(_left, _deeds, _above))
    return


@app.cell
def card_check(bench, counter, get_check, look, section, set_check):
    mo.stop(section.value != "发放与回执")
    card_controls = cards.cards_controls(counter, look, bench.unit, get_check(), set_check)
    return (card_controls,)


@app.cell
def card_check_shown(card_controls, desk, get_said, look, section):
    mo.stop(section.value != "发放与回执")
    mo.Html(cards.cards_html(desk, look, card_controls, get_said().get("核对卡号", "")))
    return


# -- 走访与期限


@app.cell
def visit_read(bench, section):
    mo.stop(section.value != "走访与期限")
    visits = office.open_visiting(bench)
    visit_forms = office.visiting_forms(visits)
    visit_choice = office.deed_choice("走访与期限", visit_forms)
    return visit_choice, visit_forms, visits


@app.cell
def visit_deed(counter, section, visit_choice, visit_forms):
    mo.stop(section.value != "走访与期限")
    visit_form = office.deed_form(counter, "走访与期限", visit_forms, visit_choice)
    return (visit_form,)


@app.cell
def visit_shown(get_said, office_unit, section, visit_choice, visit_form, visit_forms, visits):
    mo.stop(section.value != "走访与期限")
    _said = get_said().get("走访与期限", "")
    _deeds = office.deeds_card(visits.desk, visit_forms, visit_choice, visit_form, _said)
    _above = office_unit.text + printed.paper_line(visits.desk, "走访与期限", office_unit.value)
    mo.Html(office.office_panel(office.visiting_panel(visits), _deeds, _above))
    return


# -- 表册


@app.cell
def paper_memory():
    get_step, set_step = mo.state(0, allow_self_loops=True)
    return get_step, set_step


@app.cell
def paper_part_choice(section):
    mo.stop(section.value != printed.SECTION)
    paper_part = issuing.part_choice()
    paper_part
    return (paper_part,)


@app.cell
def paper_job(desk, get_step, section):
    mo.stop(section.value != printed.SECTION)
    get_step()
    job_clock, job_cancel = issuing.watch(desk)
    return job_cancel, job_clock


@app.cell
def paper_job_shown(desk, job_cancel, job_clock, section):
    mo.stop(section.value != printed.SECTION)
    mo.Html(issuing.job_html(desk, job_clock, job_cancel))
    return


@app.cell
def paper_choice(desk, paper_part, section):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.PRINT)
    paper_name = printed.paper_choice(desk)
    paper_unit, paper_blank, paper_here = printed.scope(desk)
    return paper_blank, paper_here, paper_name, paper_unit


@app.cell
def paper_narrowed(desk, look, paper_name, paper_part, paper_unit, section):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.PRINT)
    paper_branch, paper_of, paper_case, paper_by, paper_cards, paper_year = printed.narrow(
        desk, look, paper_name, paper_unit
    )
    return paper_branch, paper_by, paper_cards, paper_case, paper_of, paper_year


@app.cell
def paper_asked(
    paper_blank,
    paper_branch,
    paper_by,
    paper_cards,
    paper_case,
    paper_here,
    paper_name,
    paper_of,
    paper_part,
    paper_unit,
    paper_year,
    section,
):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.PRINT)
    _whose = {"paper": paper_name, "unit": paper_unit, "branch": paper_branch, "of": paper_of, "case": paper_case}
    _how = {"year": paper_year, "blank": paper_blank, "cards": paper_cards, "by": paper_by, "here": paper_here}
    paper_controls = printed.drawn(_whose | _how)
    return (paper_controls,)


@app.cell
def paper_read(desk, look, paper_controls, paper_part, section):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.PRINT)
    paper = printed.read(desk, look, paper_controls)
    paper_page = printed.page_choice(paper.proof)
    paper_pdf, paper_xlsx, paper_docx = printed.make_buttons(desk, paper)
    return paper, paper_docx, paper_page, paper_pdf, paper_xlsx


@app.cell
def paper_made(desk, paper, paper_docx, paper_part, paper_pdf, paper_xlsx, section, set_step):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.PRINT)
    _buttons = printed.drawn({"pdf": paper_pdf, "xlsx": paper_xlsx, "docx": paper_docx})
    paper_making = printed.begin_made(desk, paper, _buttons, set_step)
    return (paper_making,)


@app.cell
def paper_issue(counter, desk, get_step, look, page, paper, paper_part, section, set_step):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.PRINT)
    get_step()
    paper_issued = issuing.opened(desk, look, page, paper)
    paper_form = issuing.issue_form(counter, paper_issued, set_step)
    return paper_form, paper_issued


@app.cell
def paper_shown(
    desk,
    get_said,
    paper,
    paper_controls,
    paper_form,
    paper_issued,
    paper_making,
    paper_page,
    paper_part,
    section,
):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.PRINT)
    _seen = printed.panel(desk, paper, paper_controls, paper_making, paper_page)
    _issue = issuing.issue_html(desk, paper_issued, paper_form, get_said().get(printed.SECTION, ""))
    mo.Html(issuing.office_panel(_seen, _issue))
    return


@app.cell
def paper_else(desk, paper_part, section):
    mo.stop(section.value != printed.SECTION or paper_part.value == issuing.PRINT)
    issued_page, verified_file = issuing.pages_field(), issuing.file_choice()
    set_unit = office.office_unit(desk)
    set_purpose, set_zip, set_pdf = issuing.set_choices()
    return issued_page, set_pdf, set_purpose, set_unit, set_zip, verified_file


@app.cell
def paper_else_shown(desk, get_step, issued_page, paper_part, section, verified_file):
    mo.stop(section.value != printed.SECTION or paper_part.value not in issuing.KEPT)
    get_step()
    mo.Html(issuing.kept_html(desk, paper_part.value, issued_page, verified_file))
    return


@app.cell
def set_shown(desk, paper_part, section, set_pdf, set_purpose, set_step, set_unit, set_zip):
    mo.stop(section.value != printed.SECTION or paper_part.value != issuing.WHOLE)
    _why = issuing.begin_whole(desk, set_purpose, set_unit, (set_zip, set_pdf), set_step)
    mo.Html(issuing.set_html(desk, set_purpose, set_unit, (set_zip, set_pdf), _why))
    return


@app.cell
def own_choice(desk, paper_part, section):
    mo.stop(section.value != printed.SECTION or paper_part.value not in borrowed.PARTS)
    own_unit, own_list = borrowed.choices(desk, paper_part.value)
    return own_list, own_unit


@app.cell
def own_form(counter, look, own_list, own_unit, paper_part, section):
    mo.stop(section.value != printed.SECTION or paper_part.value not in borrowed.PARTS)
    own = borrowed.own(counter, look, paper_part.value, own_unit, own_list)
    own_drawn = own.drawn
    return own, own_drawn


@app.cell
def own_shown(get_said, own, own_list, own_unit, paper_part, section):
    mo.stop(section.value != printed.SECTION or paper_part.value not in borrowed.PARTS)
    mo.Html(borrowed.shown(own, own_unit, own_list, get_said()))
    return


# -- 台账


@app.cell
def standing_asked(desk, section):
    mo.stop(section.value != "台账")
    part = standings.part_choice()
    part_unit = office.office_unit(desk)
    return part, part_unit


@app.cell
def standing_fields(desk, section):
    mo.stop(section.value != "台账")
    year, only = standings.year_field(desk), standings.only_field()
    earlier, later = standings.day_field(desk, first=True), standings.day_field(desk, first=False)
    return earlier, later, only, year


@app.cell
def standing_read(desk, earlier, later, look, only, page, part, part_unit, section, year):
    mo.stop(section.value != "台账")
    _wanted = standings.wanted(part, year, only, earlier, later)
    standing = standings.read_standing(standings.bench_of(desk, look, page, part_unit), _wanted)
    standing_table = standings.standing_table(standing)
    standing_forms = standings.standing_forms(standing)
    standing_choice = office.deed_choice("台账", standing_forms)
    return standing, standing_choice, standing_forms, standing_table


@app.cell
def standing_deed(counter, section, standing, standing_choice, standing_forms, standing_table):
    mo.stop(section.value != "台账")
    _counter = standings.counter_of(counter, standing)
    _ticked = standings.ticked(standing_table)
    standing_form = office.deed_form(_counter, "台账", standing_forms, standing_choice, also=_ticked)
    return (standing_form,)


@app.cell
def standing_shown(
    earlier,
    get_said,
    later,
    only,
    part,
    part_unit,
    section,
    standing,
    standing_choice,
    standing_form,
    standing_forms,
    standing_table,
    year,
):
    mo.stop(section.value != "台账")
    _said = get_said().get("台账", "")
    _deeds = office.deeds_card(standing.bench.desk, standing_forms, standing_choice, standing_form, _said)
    _asked = standings.asked(standing.wanted.part, {"year": year, "only": only, "earlier": earlier, "later": later})
    _found = standings.standing_panel(standing, _asked, widgets.text(standing_table))
    mo.Html(office.office_panel(_found, _deeds, standings.above(part, part_unit)))
    return


if __name__ == "__main__":
    app.run()
