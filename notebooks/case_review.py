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


@app.cell
def config():
    ledger = views.open_place()
    return (ledger,)


@app.cell
def memory():
    get_revision, set_revision = mo.state(0)
    get_said, set_said = mo.state({})
    get_section, set_section = mo.state(widgets.first_section())
    page = views.new_key()
    return get_revision, get_said, get_section, page, set_revision, set_said, set_section


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
def section_choice(desk, get_section):
    section = widgets.sections(get_section())
    mo.stop(not desk.with_cases)
    section
    return (section,)


# -- 收表导入


# -- 工作清单


# -- 一案一屏


if __name__ == "__main__":
    app.run()
