# /// script
# [tool.casework]
# title = "轮次与单位"
# sentence = "新建一轮：照现成的通知开始，或沿用上一轮、换成今年的新通知；导入和维护单位名录。"
# [tool.marimo.display]
# theme = "light"
# locale = "zh-CN"
# ///
import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="轮次与单位", css_file="theme.css", html_head_file="head.html")

with app.setup:
    import marimo as mo

    from casework import views
    from casework.views import opening, rounds, units
    from casework.widgets import asking
    from casework.widgets import rounds as widgets


@app.cell
def config():
    ledger = views.open_place()
    return (ledger,)


@app.cell
def memory(ledger):
    get_rounds, set_rounds = mo.state(0)
    get_units, set_units = mo.state(0)
    get_told, set_told = mo.state({})
    get_days, set_days = mo.state(0)
    bump = {"各轮工作": set_days, "新建一轮": set_rounds, "单位名录": set_units, "从表格导入": set_units}
    deeds = widgets.Deeds(ledger, set_told, bump)
    return deeds, get_days, get_rounds, get_told, get_units


@app.cell
def heading(ledger):
    mo.Html(rounds.rounds_heading(ledger, asking()))
    return


@app.cell
def section_choice(ledger):
    section = widgets.section_choice(ledger)
    section
    return (section,)


@app.cell
def section_shown(section):
    _cells = {
        "各轮工作": ["round_list", "round_day"],
        "新建一轮": ["basis", "new_circular", "read_in", "details", "last_look"],
        "单位名录": ["unit_table", "unit_sheet"],
    }
    mo.Html(rounds.sections_style(section.value, _cells))
    return


# -- 各轮工作


@app.cell
def round_list(get_days, get_rounds, ledger):
    get_rounds(), get_days()
    mo.Html(rounds.rounds_list(ledger, asking()))
    return


@app.cell
def round_day(deeds, get_days, get_rounds, get_told):
    get_rounds(), get_days()
    day_form = widgets.day_form(deeds)
    _hint = mo.Html(rounds.DAY_HINT) if day_form else None
    widgets.card("情况截至日期", _hint, day_form, get_told().get("各轮工作"))
    return


# -- 新建一轮


@app.cell
def basis_controls(get_rounds, ledger):
    get_rounds()
    basis_choice, way = widgets.basis_choice(ledger), widgets.way_choice()
    return basis_choice, way


@app.cell
def basis(basis_choice, ledger, way):
    start_from = rounds.read_basis(ledger, basis_choice.value)
    widgets.card("选定依据的通知", basis_choice, rounds.basis_html(start_from), way)
    return (start_from,)


@app.cell
def new_circular(start_from, way):
    circular_form = widgets.circular_form(start_from, way.value)
    widgets.card("读取新通知", circular_form)
    return (circular_form,)


@app.cell
def read_in(circular_form, start_from):
    incoming = widgets.read_circular(start_from, circular_form)
    mo.Html(rounds.incoming_html(incoming))
    return (incoming,)


@app.cell
def details(incoming, start_from, way):
    form = opening.opening_form(start_from, way.value, incoming, views.clock().date())
    details_form = widgets.details_form(form)
    widgets.html(details_form)
    return details_form, form


@app.cell
def proposed(details_form, form, get_units, incoming, ledger, start_from):
    get_units()
    proposal = widgets.proposed(ledger, start_from, incoming, form, details_form)
    looked = widgets.looked_at(proposal)
    return looked, proposal


@app.cell
def last_look(deeds, form, get_told, looked, proposal):
    start_button = widgets.start_button(deeds, proposal, looked)
    _shown = rounds.proposal_html(proposal, begun=form is not None)
    widgets.html(_shown, looked, start_button, get_told().get("新建一轮"))
    return


# -- 单位名录


@app.cell
def register(get_units, ledger):
    get_units()
    known = units.read_register(ledger)
    unit_page = widgets.unit_page(known)
    return known, unit_page


@app.cell
def unit_fields(deeds, known, unit_page):
    unit_form = widgets.unit_form(deeds, known, unit_page.value)
    return (unit_form,)


@app.cell
def unit_table(get_told, known, unit_form, unit_page):
    _intro = units.units_intro(known, request_user=asking())
    _picker = widgets.needed(unit_page)
    widgets.card("单位名录", _intro, _picker, unit_form, get_told().get("单位名录"))
    return


@app.cell
def unit_file_choice(deeds, get_units):
    get_units()
    unit_file = widgets.unit_file(deeds)
    return (unit_file,)


@app.cell
def unit_sheet(deeds, get_told, known, unit_file):
    mo.stop(unit_file is None)
    preview = widgets.read_unit_file(known, unit_file)
    import_button = widgets.import_button(deeds, preview)
    _said = get_told().get("从表格导入")
    widgets.card("从表格导入", unit_file, units.preview_html(preview), import_button, _said)
    return


if __name__ == "__main__":
    app.run()
