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
    get_money, set_money = mo.state({})
    get_places, set_places = mo.state({})
    get_reasons, set_reasons = mo.state({})
    get_decided, set_decided = mo.state({})
    return get_decided, get_money, get_places, get_reasons, get_revision, set_decided, set_money, set_places, set_reasons, set_revision


@app.cell
def memories(get_decided, get_money, get_places, get_reasons, set_decided, set_money, set_places, set_reasons):
    money = widgets.Memory("money", get_money, set_money)
    places = widgets.Memory("places", get_places, set_places)
    reasons = widgets.Memory("reasons", get_reasons, set_reasons)
    decided = widgets.Memory("decided", get_decided, set_decided)
    every_part = (money, places, reasons, decided)
    return decided, every_part, money, places, reasons


@app.cell
def round_choice(ledger):
    round_picker = widgets.round_picker(views.round_names(ledger), views.newest_round(ledger))
    return (round_picker,)


@app.cell
def desk_of_round(get_revision, ledger, round_picker):
    get_revision()
    desk = views.open_desk(ledger, round_picker.value, widgets.asking())
    mo.stop(desk.problem, mo.Html(desk.html))
    first = views.first_sheet(desk, desk.actor)
    return desk, first


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


@app.cell
def money_numbers(desk, first, get_money, ledger, money):
    get_money()
    money_fields = widgets.money_fields(ledger, desk, money, first)
    return (money_fields,)


@app.cell
def money_moves(desk, first, get_money, ledger, money):
    get_money()
    money_sliders = widgets.money_sliders(ledger, desk, money, first)
    return (money_sliders,)


@app.cell
def place_numbers(desk, first, get_places, ledger, places):
    get_places()
    place_fields = widgets.place_fields(ledger, desk, places, first)
    return (place_fields,)


@app.cell
def result(desk, every_part, first, get_decided, get_money, get_places, get_reasons):
    get_money(), get_places(), get_reasons(), get_decided()
    sheet = widgets.sheet_now(desk, every_part, first)
    worked = views.work(desk, views.read_sheet(desk, sheet))
    return sheet, worked


@app.cell
def worksheet(desk, every_part, ledger, money_fields, money_sliders, place_fields, section, worked):
    mo.stop(section.value != "名额与资金")
    mo.Html(
        views.worksheet(
            desk,
            worked,
            money=(widgets.texts(money_fields), widgets.texts(money_sliders)),
            places=widgets.texts(place_fields),
            reset=widgets.reset_button(ledger, desk, every_part).text,
        )
    )
    return


@app.cell
def result_tables(desk, section, worked):
    mo.stop(section.value != "名额与资金")
    mo.Html(views.result(desk, worked, widgets.chart(views.chart(desk, worked))))
    return


if __name__ == "__main__":
    app.run()
