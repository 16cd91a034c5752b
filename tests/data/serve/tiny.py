# /// script
# [tool.casework]
# title = "试验工作表"
# sentence = "仅供测试：一个滑块、一张表、一组数字。"
# [tool.marimo.display]
# theme = "light"
# locale = "zh-CN"
# ///
# ruff: noqa: B018
import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="试验工作表",
    css_file="../../../notebooks/theme.css",
    html_head_file="../../../notebooks/head.html",
)

with app.setup:
    import altair as alt
    import marimo as mo
    import polars as pl


@app.cell
def rate():
    rate_yuan = mo.ui.slider(0, 1000, step=100, value=500, debounce=True, show_value=True, label="慰问标准（元）")
    rate_yuan
    return (rate_yuan,)


@app.cell
def total(rate_yuan):
    mo.Html(
        f"<div class='cw-kpis'><div class='cw-kpi'><b id='total'>{rate_yuan.value * 3}</b><span>合计（元）</span></div>"
        "<div class='cw-kpi'><b>3</b><span>人数</span></div></div>"
    )
    return


@app.cell
def grid():
    places = mo.ui.dictionary(
        {f"示例{n}乡": mo.ui.number(0, 99, step=1, value=n, full_width=True) for n in range(1, 4)}
    )
    rows = "".join(f"<tr><th>{unit}</th><td>{field}</td></tr>" for unit, field in places.items())
    mo.Html(f"<table class='cw-grid'><thead><tr><th>单位</th><th>名额</th></tr></thead><tbody>{rows}</tbody></table>")
    return (places,)


@app.cell
def table():
    frame = pl.DataFrame({"单位": [f"示例{n}乡" for n in range(30)], "名额": list(range(30))})
    mo.ui.table(
        frame, selection="single", page_size=10, show_column_summaries=False, show_data_types=False, show_download=False
    )
    return (frame,)


@app.cell
def form():
    mo.md("{name}").batch(name=mo.ui.text(label="方案名称", placeholder="例如：常委会稿")).form(
        submit_button_label="保存", clear_button_label="清空", show_clear_button=True
    )
    return


@app.cell
def pick():
    mo.hstack(
        [
            mo.ui.dropdown(["示例甲镇", "示例乙镇"], label="单位"),
            mo.ui.multiselect(["一线干部", "困难党员"], label="类别"),
            mo.ui.run_button(label="计算"),
            mo.ui.date(label="日期"),
            mo.ui.file(label="选择文件"),
        ],
        justify="start",
        wrap=True,
    )
    return


@app.cell
def chart(frame):
    mo.as_html(
        alt.Chart(frame.head(5))
        .mark_bar()
        .encode(x="单位:N", y="名额:Q")
        .properties(width=300, height=120, usermeta={"embedOptions": {"actions": False, "ast": True}})
    )
    return


@app.cell
def picture():
    mo.image(
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
        alt="示例图",
    )
    return


@app.cell
def who():
    _request = mo.app_meta().request
    _user = (_request.user if _request else None) or {}
    mo.Html(f"<p id='who'>{_user.get('name', '')}|{','.join(sorted(_request.cookies)) if _request else ''}</p>")
    return


if __name__ == "__main__":
    app.run()
