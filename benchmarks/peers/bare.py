# The least a marimo cell can do: one number, one line of text.
import marimo

app = marimo.App()


@app.cell
def control():
    import marimo as mo

    number = mo.ui.number(0, 1_000_000, value=0, step=1)
    number
    return mo, number


@app.cell
def shown(mo, number):
    mo.Html(f'<p id="answer">{number.value}</p>')
    return


if __name__ == "__main__":
    app.run()
