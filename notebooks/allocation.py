# /// script
# [tool.casework]
# title = "名额与资金"
# sentence = "按通知分配名额、标准和资金：随改随见谁列入、谁候补，保存和比较方案，打印名额分配表与花名册。"
# [tool.marimo.display]
# theme = "light"
# locale = "zh-CN"
# ///
import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="名额与资金", css_file="theme.css", html_head_file="head.html")

with app.setup:
    import marimo as mo

    from casework import views, widgets


@app.cell
def config():
    ledger = views.open_place()
    return (ledger,)


@app.cell
def memory():
    get_revision, set_revision = mo.state(0)
    get_said, set_said = mo.state({})
    page = views.new_key()
    return get_revision, get_said, page, set_revision, set_said


@app.cell
def typed_values():
    get_money, set_money = mo.state({})
    get_places, set_places = mo.state({})
    get_reasons, set_reasons = mo.state({})
    get_decided, set_decided = mo.state({})
    return get_decided, get_money, get_places, get_reasons, set_decided, set_money, set_places, set_reasons


@app.cell
def memories(set_decided, set_money, set_places, set_reasons):
    money = widgets.Memory("money", set_money)
    places = widgets.Memory("places", set_places)
    reasons = widgets.Memory("reasons", set_reasons)
    decided = widgets.Memory("decided", set_decided)
    every_part = (money, places, reasons, decided)
    return decided, every_part, money, places, reasons


@app.cell
def round_choice(ledger):
    round_picker = widgets.round_picker(views.round_names(ledger), views.newest_round(ledger))
    return (round_picker,)


@app.cell
def desk_of_round(get_revision, ledger, page, round_picker, set_revision, set_said):
    get_revision()
    desk = views.open_desk(ledger, round_picker.value, widgets.asking())
    mo.stop(desk.problem, mo.Html(desk.html))
    first = views.first_sheet(desk, desk.actor)
    book = views.open_book(desk)
    counter = widgets.Counter(ledger, desk, page, set_said, set_revision)
    return book, counter, desk, first


@app.cell
def heading(desk, round_picker):
    mo.Html(views.heading(desk, round_picker.text))
    return


@app.cell
def key_figures(desk, worked):
    mo.Html(views.figures(desk, worked))
    return


@app.cell
def section_choice():
    section = widgets.sections()
    section
    return (section,)


# -- 名额与资金


@app.cell
def money_numbers(desk, first, get_money, ledger, money):
    money_fields = widgets.money_fields(ledger, desk, money, get_money, first)
    return (money_fields,)


@app.cell
def money_moves(desk, first, get_money, ledger, money):
    money_sliders = widgets.money_sliders(ledger, desk, money, get_money, first)
    return (money_sliders,)


@app.cell
def place_numbers(desk, first, get_places, ledger, places):
    place_fields = widgets.place_fields(ledger, desk, places, get_places, first)
    return (place_fields,)


@app.cell
def reason_texts(desk, first, get_places, get_reasons, ledger, places, reasons):
    over = views.over_cells(desk, views.Sheet(places=places.now(get_places, desk, first)))
    reason_fields = widgets.reason_fields(ledger, desk, reasons, get_reasons, first, cells=over)
    return (reason_fields,)


@app.cell
def back_to_circular(desk, every_part, ledger):
    reset = widgets.reset_button(ledger, desk, every_part)
    return (reset,)


@app.cell
def result(desk, every_part, first, get_decided, get_money, get_places, get_reasons):
    _getters = (get_money, get_places, get_reasons, get_decided)
    sheet = widgets.sheet_now(desk, every_part, _getters, first)
    worked = views.work(desk, views.read_sheet(desk, sheet))
    return sheet, worked


@app.cell
def worksheet(desk, money, money_fields, money_sliders, place_fields, places, reason_fields, reset, section, worked):
    mo.stop(section.value != views.SECTIONS[0])
    _money = (money.texts(money_fields), widgets.texts(money_sliders))
    _reasons = views.reasons(desk, widgets.texts(reason_fields))
    mo.Html(
        views.worksheet(
            desk, worked, money=_money, places=places.texts(place_fields), reasons=_reasons, reset=reset.text
        )
    )
    return


@app.cell
def amount_choice(desk):
    amount_unit = widgets.amount_unit(desk)
    return (amount_unit,)


@app.cell
def amount_numbers(
    amount_unit, decided, desk, first, get_decided, get_money, get_places, ledger, money, places, section
):
    mo.stop(section.value != views.SECTIONS[0])
    _money, _places = money.now(get_money, desk, first), places.now(get_places, desk, first)
    cases = views.open_amounts(desk, views.Sheet(money=_money, places=_places), amount_unit.value)
    mo.stop(not cases)
    amount_fields = widgets.amount_fields(ledger, desk, decided, get_decided, first, cases=cases)
    return (amount_fields,)


@app.cell
def amounts(amount_fields, amount_unit, decided, desk, worked):
    mo.Html(views.amounts_panel(desk, amount_unit.text, views.amounts(desk, worked, decided.texts(amount_fields))))
    return


@app.cell
def result_tables(desk, section, worked):
    mo.stop(section.value != views.SECTIONS[0])
    mo.Html(views.result(desk, worked, widgets.chart(views.chart(desk, worked))))
    return


# -- 名单


@app.cell
def people_narrowed(desk):
    people_filters = widgets.people_filters(desk)
    return (people_filters,)


@app.cell
def people(desk, people_filters, section, worked):
    mo.stop(section.value != "名单")
    listing = views.listing(desk, worked, **people_filters.value)
    people_table = widgets.people_table(listing)
    mo.Html(views.people_panel(desk, worked, widgets.texts(people_filters), listing.said, people_table.text))
    return listing, people_table


@app.cell
def person(desk, listing, people_table, worked):
    mo.Html(views.basis(desk, worked, listing.chosen(people_table.value)))
    return


@app.cell
def tie(counter, desk, get_said, section, worked):
    mo.stop(section.value != "名单")
    open_ties = views.ties(desk, worked)
    tie_form = widgets.tie_form(counter, open_ties)
    mo.Html(views.ties_panel(open_ties, widgets.text(tie_form), get_said().get("名单", "")))
    return (tie_form,)


# -- 试算


@app.cell
def margin_choice():
    margin_mode = widgets.margin_mode()
    return (margin_mode,)


@app.cell
def margin_numbers(desk, margin_mode):
    margin_fields = widgets.margin_fields(desk, margin_mode.value)
    return (margin_fields,)


@app.cell
def margin(desk, margin_fields, margin_mode, section, worked):
    mo.stop(section.value != "试算")
    _outcome = views.margin(desk, worked, margin_fields.value)
    mo.Html(views.margin_panel(margin_mode.text, widgets.texts(margin_fields), _outcome))
    return


@app.cell
def ways_out(desk, every_part, ledger, section, worked):
    mo.stop(section.value != "试算")
    offers = views.ways_out(desk, worked)
    offer_buttons = widgets.remedy_buttons(ledger, desk, every_part, offers)
    mo.Html(views.card("资金缺口", views.remedies_html(desk, worked, offers, widgets.texts(offer_buttons))))
    return (offer_buttons,)


@app.cell
def helper_numbers(desk):
    helper_fields = widgets.helper_fields(desk)
    return (helper_fields,)


@app.cell
def helper(desk, helper_fields, ledger, places, section, sheet, worked):
    mo.stop(section.value != "试算")
    proposal = views.propose(desk, helper_fields.value)
    take_proposal = widgets.adopt_proposal(ledger, desk, places, sheet, proposal)
    _outcome = views.proposal_html(desk, worked, proposal)
    mo.Html(views.helper_panel(widgets.texts(helper_fields), _outcome, widgets.text(take_proposal)))
    return (take_proposal,)


# -- 方案


@app.cell
def scenario_choice(book):
    scenario_picker = widgets.scenario_choice(book)
    return (scenario_picker,)


@app.cell
def scenario_deeds(book, counter, every_part, scenario_picker, section, worked):
    mo.stop(section.value != "方案")
    save_form = widgets.save_form(counter, worked)
    scenario_buttons = widgets.scenario_buttons(counter, book, worked, scenario_picker.value, every_part)
    return save_form, scenario_buttons


@app.cell
def plans(book, desk, get_said, save_form, scenario_buttons, scenario_picker):
    _controls = {"save": save_form, "pick": scenario_picker, **scenario_buttons}
    mo.Html(views.plans_panel(desk, book, widgets.texts(_controls), get_said().get("方案", "")))
    return


@app.cell
def plan_choices(book):
    compare_choices = widgets.compare_choices(book)
    return (compare_choices,)


@app.cell
def compared(book, compare_choices, desk, section, worked):
    mo.stop(section.value != "方案")
    _outcome = views.comparison(desk, book, worked.typed, **compare_choices.value)
    mo.Html(views.compare_panel(widgets.texts(compare_choices), _outcome))
    return


@app.cell
def after_adopting(book, counter, desk, section):
    mo.stop(section.value != "方案")
    withdraw_form = widgets.withdraw_form(counter, book)
    transfer_form = widgets.transfer_form(counter, book)
    _moved = views.transfers_html(desk, book)
    mo.Html(views.undo_panel(widgets.text(withdraw_form), widgets.text(transfer_form), _moved))
    return transfer_form, withdraw_form


# -- 通知, 打印与下载


@app.cell
def clause_choice(desk):
    clause_kind = widgets.clause_choice(desk)
    return (clause_kind,)


@app.cell
def circular(clause_kind, desk, section):
    mo.stop(section.value != "通知")
    mo.Html(views.circular_panel(desk, clause_kind.text, clause_kind.value))
    return


@app.cell
def print_choice(book, desk):
    print_choices = widgets.print_choices(desk, book)
    return (print_choices,)


@app.cell
def printing(desk, print_choices, section, worked):
    mo.stop(section.value != "打印与下载")
    _preview = widgets.preview(desk, worked, print_choices.value)
    mo.Html(views.print_panel(desk, worked, widgets.texts(print_choices), print_choices.value, _preview))
    return


if __name__ == "__main__":
    app.run()
