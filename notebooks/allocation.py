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
    get_lost, set_lost = mo.state({}, allow_self_loops=True)  # its own button takes the sentences away
    page = views.new_key()
    return get_lost, get_revision, get_said, page, set_lost, set_revision, set_said


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
    return decided, money, places, reasons


@app.cell
def round_choice(ledger):
    round_picker = widgets.round_picker(views.round_names(ledger), views.newest_round(ledger))
    return (round_picker,)


@app.cell
def desk_of_round(
    decided, get_revision, ledger, money, page, places, reasons, round_picker, set_lost, set_revision, set_said
):
    get_revision()
    desk = views.open_desk(ledger, round_picker.value, widgets.asking())
    mo.stop(desk.problem, mo.Html(views.no_desk(desk, round_picker.text)))
    first = views.first_sheet(desk, desk.actor)
    pad = widgets.Pad(ledger, desk, first, (money, places, reasons, decided), set_lost)
    book = views.open_book(desk)
    counter = widgets.Counter(ledger, desk, page, set_said, set_revision)
    return book, counter, desk, pad


@app.cell
def heading(desk, round_picker):
    mo.Html(views.heading(desk, round_picker.text))
    return


@app.cell
def key_figures(desk, worked):
    mo.Html(views.figures(desk, worked))
    return


@app.cell
def elsewhere(desk, get_lost, pad, section, sheet):
    _different = views.elsewhere(desk, widgets.now_officer(pad.ledger), sheet) if section.value else []
    _lost = get_lost().get(desk.round_id, [])
    elsewhere_buttons = widgets.elsewhere_buttons(pad, sheet, differ=bool(_different))
    _buttons = "".join(widgets.texts(elsewhere_buttons).values())
    mo.Html(views.elsewhere_html(_different, _lost, _buttons))
    return (elsewhere_buttons,)


@app.cell
def section_choice():
    section = widgets.sections()
    return (section,)


@app.cell
def section_tabs(desk, section):
    # Shown where a round is open only: without one there is nothing to turn to.
    mo.Html(widgets.text(section) if desk else "")
    return


# -- 名额与资金


@app.cell
def money_numbers(get_money, money, pad):
    money_fields = widgets.money_fields(pad, money, get_money)
    return (money_fields,)


@app.cell
def money_moves(get_money, money, pad):
    money_sliders = widgets.money_sliders(pad, money, get_money)
    return (money_sliders,)


@app.cell
def place_numbers(get_places, pad, places):
    place_fields = widgets.place_fields(pad, places, get_places)
    return (place_fields,)


@app.cell
def reason_texts(desk, get_places, get_reasons, pad, places, reasons):
    over = views.over_cells(desk, views.Sheet(places=places.now(get_places, pad)))
    reason_fields = widgets.reason_fields(pad, reasons, get_reasons, cells=over)
    return (reason_fields,)


@app.cell
def back_to_circular(pad):
    reset = widgets.reset_button(pad)
    return (reset,)


@app.cell
def result(desk, get_decided, get_money, get_places, get_reasons, pad):
    sheet = widgets.sheet_now(pad, (get_money, get_places, get_reasons, get_decided))
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
def amount_numbers(amount_unit, decided, desk, get_decided, get_money, get_places, money, pad, places, section):
    mo.stop(section.value != views.SECTIONS[0])
    _sheet = views.Sheet(money=money.now(get_money, pad), places=places.now(get_places, pad))
    cases = views.open_amounts(desk, _sheet, amount_unit.value)
    mo.stop(not cases)
    amount_fields = widgets.amount_fields(pad, decided, get_decided, cases=cases)
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
    of_unit, of_category, of_standing = widgets.people_filters(desk)
    return of_category, of_standing, of_unit


@app.cell
def people(desk, of_category, of_standing, of_unit, section, worked):
    mo.stop(section.value != "名单")
    _filters = {"unit": of_unit, "category": of_category, "standing": of_standing}
    listing = views.listing(desk, worked, **{name: filter.value for name, filter in _filters.items()})
    people_table = widgets.people_table(listing)
    mo.Html(views.people_panel(desk, worked, widgets.texts(_filters), listing.said, people_table.text))
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
    margin_on, margin_by = widgets.margin_fields(desk, margin_mode.value)
    return margin_by, margin_on


@app.cell
def margin(desk, margin_by, margin_mode, margin_on, section, worked):
    mo.stop(section.value != "试算")
    _outcome = views.margin(desk, worked, widgets.margin_asked(margin_mode.value, margin_on, margin_by))
    mo.Html(views.margin_panel(margin_mode.text, widgets.texts({"on": margin_on, "by": margin_by}), _outcome))
    return


@app.cell
def ways_out(desk, pad, section, worked):
    mo.stop(section.value != "试算")
    offers = views.ways_out(desk, worked)
    offer_buttons = widgets.remedy_buttons(pad, offers)
    mo.Html(views.card("资金缺口", views.remedies_html(desk, worked, offers, widgets.texts(offer_buttons))))
    return (offer_buttons,)


@app.cell
def helper_numbers(desk):
    share_category, share_total, share_method, share_basis, share_floor = widgets.helper_fields(desk)
    return share_basis, share_category, share_floor, share_method, share_total


@app.cell
def helper(desk, pad, places, section, share_basis, share_category, share_floor, share_method, share_total, worked):
    mo.stop(section.value != "试算")
    _fields = {"category": share_category, "total": share_total, "method": share_method}
    _fields |= {"basis": share_basis, "floor": share_floor}
    proposal = views.propose(desk, {name: field.value for name, field in _fields.items()})
    take_proposal = widgets.adopt_proposal(pad, places, proposal)
    _outcome = views.proposal_html(desk, worked, proposal)
    mo.Html(views.helper_panel(widgets.texts(_fields), _outcome, widgets.text(take_proposal)))
    return (take_proposal,)


# -- 方案


@app.cell
def scenario_choice(book):
    scenario_picker = widgets.scenario_choice(book)
    return (scenario_picker,)


@app.cell
def scenario_deeds(book, counter, pad, scenario_picker, section, worked):
    mo.stop(section.value != "方案")
    save_form = widgets.save_form(counter, worked)
    scenario_buttons = widgets.scenario_buttons(counter, book, worked, scenario_picker.value, pad)
    return save_form, scenario_buttons


@app.cell
def plans(book, desk, get_said, save_form, scenario_buttons, scenario_picker):
    _controls = {"save": save_form, "pick": scenario_picker, **scenario_buttons}
    mo.Html(views.plans_panel(desk, book, widgets.texts(_controls), get_said().get("方案", "")))
    return


@app.cell
def plan_choices(book):
    compare_old, compare_new = widgets.compare_choices(book)
    return compare_new, compare_old


@app.cell
def compared(book, compare_new, compare_old, desk, section, worked):
    mo.stop(section.value != "方案")
    _outcome = views.comparison(desk, book, worked.typed, compare_old.value, compare_new.value)
    mo.Html(views.compare_panel(widgets.texts({"old": compare_old, "new": compare_new}), _outcome))
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
    print_kind, print_scenario, print_unit, print_here = widgets.print_choices(desk, book)
    return print_here, print_kind, print_scenario, print_unit


@app.cell
def proof_choice(desk, pad, print_here, print_kind, print_scenario, print_unit, section, worked):
    mo.stop(section.value != "打印与下载")
    print_choices = {"kind": print_kind, "scenario": print_scenario, "unit": print_unit, "preview": print_here}
    print_wanted = {name: choice.value for name, choice in print_choices.items()}
    proof = views.proof(desk, worked, widgets.now_officer(pad.ledger), print_wanted)
    proof_page = widgets.page_choice(proof)
    return print_choices, print_wanted, proof, proof_page


@app.cell
def printing(desk, pad, print_choices, print_wanted, proof, proof_page, sheet, worked):
    _differ = bool(views.elsewhere(desk, widgets.now_officer(pad.ledger), sheet))
    _proof = widgets.proof_html(proof, proof_page)
    mo.Html(views.print_panel(desk, worked, widgets.texts(print_choices), print_wanted, _proof, differ=_differ))
    return


if __name__ == "__main__":
    app.run()
