# /// script
# [tool.casework]
# title = "样式一览"
# sentence = "每种样式各出现一次，并有一个出错的单元。"
# [tool.marimo.display]
# theme = "light"
# locale = "zh-CN"
# ///
# ruff: noqa: E501
import marimo

__generated_with = "0.25.2"
app = marimo.App(
    width="full",
    app_title="样式一览",
    css_file="../../../notebooks/theme.css",
    html_head_file="../../../notebooks/head.html",
)

with app.setup:
    import marimo as mo


@app.cell
def title():
    mo.Html(
        """<div class='cw-title'><h1>名额与资金 <span class='cw-badge'>2020 年度</span></h1>
        <p>示例通知〔2020〕1 号</p></div>
        <div class='cw-kpis'><div class='cw-kpi'><b>359</b><span>人数</span></div>
        <div class='cw-kpi'><b>184,000.00</b><span>金额（元）</span></div>
        <div class='cw-kpi cw-bad'><b>−50,000.00</b><span>结余（元）</span></div>
        <div class='cw-kpi'><b>0</b><span>空余名额</span></div></div>"""
    )
    return


@app.cell
def tables():
    names = [f"示例{n}镇" for n in "甲乙丙丁戊己庚辛壬癸"]
    body = "".join(
        f"<tr><th>{name}</th><td class='n'>{n}</td><td class='n'>{n * 2000:,}.00</td>"
        "<td><span class='cw-badge cw-badge-green'>已定</span></td></tr>"
        for n, name in enumerate(names)
    )
    mo.Html(
        f"""<div class='cw-cards'><div class='cw-card'><h3>名额分配表</h3><div class='cw-scroll' style='max-height: 240px'>
        <table class='cw-table'><thead><tr><th>单位</th><th class='n'>名额</th><th class='n'>金额（元）</th><th>状态</th></tr></thead>
        <tbody>{body}<tr class='cw-total'><th>合计</th><td class='n'>45</td><td class='n'>90,000.00</td><td></td></tr></tbody>
        </table></div></div>
        <div class='cw-card'><h3>提示</h3><p class='cw-note'>名额尚未保存。</p><p class='cw-warn'>资金缺 50,000 元。</p>
        <p class='cw-error'>“名额”请填整数：读到 3.7。</p><p class='cw-ok'>已保存为“常委会稿”。</p>
        <p>公示 <span class='cw-default'>7 天</span> <span class='cw-muted'>通知未载明</span>
        <span class='cw-badge cw-badge-red'>需集体研究</span></p>
        <p class='cw-quote'>每人慰问金 2000 元。</p><a class='cw-button' href='/download/roster'>下载 PDF</a></div></div>"""
    )
    return


@app.cell
def quotas():
    towns, kinds = [f"示例{n}镇" for n in "甲乙丙丁"], ["困难党员", "一线干部", "老党员", "生活困难群众"]
    places = mo.ui.dictionary(
        {f"{town}|{kind}": mo.ui.number(0, 99, step=1, value=3, full_width=True) for town in towns for kind in kinds}
    )
    lines = "".join(
        f"<tr><th>{town}</th>{''.join('<td>' + places[town + '|' + kind].text + '</td>' for kind in kinds)}<td class='n'>12</td></tr>"
        for town in towns
    )
    mo.Html(
        f"<div class='cw-card'><h3>名额</h3><table class='cw-grid'><thead><tr><th>单位</th>{''.join(f'<th>{k}</th>' for k in kinds)}"
        f"<th class='n'>合计</th></tr></thead><tbody>{lines}</tbody></table></div>"
    )
    return


@app.cell
def controls():
    mo.vstack(
        [
            mo.ui.tabs({"入围": mo.Html("<p class='cw-note'>甲</p>"), "候补": mo.ui.number(1, 9, label="增加名额")}),
            mo.accordion({"认定依据": mo.Html("<p class='cw-quote'>依据</p>")}),
            mo.ui.radio(["按比例·最均衡", "平均"], label="分配办法"),
            mo.ui.switch(label="只看有变化的"),
            mo.ui.checkbox(label="含候补"),
            mo.ui.text_area(label="理由"),
            mo.ui.range_slider(0, 10, label="区间"),
            mo.callout(mo.md("没有案件。"), kind="warn"),
        ]
    )
    return


@app.cell
def broken():
    raise ValueError("410102196503071234")
    return


if __name__ == "__main__":
    app.run()
