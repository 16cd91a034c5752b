"""The architecture, read from the imports: one direction, pure core, marimo at the edge, thin notebooks.

`TABLE` is the import table of `docs/architecture.md`: the modules of this package each module may import, and
after the bar the libraries. The standard library is free, except in the pure core. When you add a module, add
its row; when a row has to grow, ask first whether the code stands in the right module.
"""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "casework"

WORDS = "vocabulary problems money dates"
STORE = "db models models_review models_payment models_people ledger commands access identity frames facts"
CORE = "facts shapes policy rules allocation apportionment"
TABLE = {
    # leaves: no knowledge of anything else
    "vocabulary": "",
    "problems": "vocabulary",
    "money": "",
    "dates": "",
    "identity": "| cryptography stdnum",
    "archives": "",
    "frames": "| polars",
    "facts": "frames vocabulary | polars",
    # who is asking, and what a circular says
    "access": "vocabulary problems",
    "shapes": f"{WORDS} | pydantic pydantic_core",
    "policy": f"{WORDS} shapes | pydantic pydantic_core tomlkit python_calamine xlsxwriter",
    # the pure core
    "apportionment": "vocabulary problems | polars",
    "subjects": f"{WORDS} shapes policy frames facts | polars",
    "predicates": f"{WORDS} shapes policy frames facts subjects | polars",
    "rules": f"{WORDS} shapes policy frames facts subjects predicates | polars",
    "allocation": f"{WORDS} shapes policy frames facts subjects apportionment | polars",
    "comparison": f"{WORDS} {CORE} subjects frames | polars",
    # what an officer reads, and what a pack's author tries
    "sentences": f"{WORDS} shapes policy",
    "worked": f"{WORDS} shapes policy frames facts subjects rules allocation | polars",
    # the ledger
    "models": "vocabulary identity money | sqlmodel sqlalchemy pydantic",
    "models_review": "vocabulary models | sqlmodel sqlalchemy",
    "models_payment": "vocabulary models | sqlmodel sqlalchemy",
    "models_people": "vocabulary models | sqlmodel sqlalchemy",
    "db": "models models_review models_payment models_people problems | sqlmodel sqlalchemy alembic psycopg",
    "migrations": "models db vocabulary | alembic sqlalchemy sqlmodel",
    "ledger": f"{WORDS} shapes policy frames facts identity access db models models_review models_people | polars sqlmodel sqlalchemy",
    "commands": f"{WORDS} shapes policy frames facts identity access db models ledger | polars sqlmodel sqlalchemy",
    "sheet_parts": "",
    "sheets": "problems sheet_parts | python_calamine",
    "intake": f"{WORDS} policy shapes frames identity sheets sheet_parts | polars xlsxwriter",
    "units_sheet": f"{WORDS} intake | xlsxwriter",
    "scenarios": f"{WORDS} {CORE} comparison {STORE} | polars sqlmodel sqlalchemy",
    "adoption": f"{WORDS} {CORE} comparison scenarios {STORE} | polars sqlmodel sqlalchemy",
    "review": f"{WORDS} {CORE} comparison scenarios adoption sentences subjects people {STORE} | polars sqlmodel sqlalchemy",
    "people": f"{WORDS} {CORE} subjects adoption archives intake sheets {STORE} | polars sqlmodel sqlalchemy",
    "payment": f"{WORDS} {CORE} comparison scenarios adoption review people {STORE} | polars sqlmodel sqlalchemy",
    "checking": f"{WORDS} {CORE} adoption people payment {STORE} | sqlmodel sqlalchemy",
    "care": f"{WORDS} policy {STORE} | polars sqlmodel sqlalchemy",
    "opening": f"{WORDS} {STORE} {CORE} comparison sheets | sqlmodel sqlalchemy",
    "sample_people": "policy rules vocabulary",
    "samples": f"{WORDS} shapes policy rules {STORE} scenarios sample_people | polars sqlmodel sqlalchemy",
    # what leaves the house
    "forms": "problems | pydantic",
    "glyphs": "problems",
    "lists": f"{WORDS} shapes policy allocation frames facts forms | polars",
    "workbook": "lists problems money dates | xlsxwriter",
    "word": "lists forms glyphs problems | docx docxtpl jinja2",
    "pictures": "| pypdfium2 PIL",
    "printing": "lists forms glyphs problems money dates | weasyprint jinja2 markupsafe",
    "papers": f"{WORDS} {STORE} {CORE} comparison adoption review people payment sentences lists forms | polars sqlmodel sqlalchemy",
    "issuing": f"{WORDS} {STORE} adoption archives forms lists paper_files papers payment pictures printing review sheets workbook | polars sqlalchemy sqlmodel",
    "paper_files": f"{WORDS} {STORE} archives forms lists papers payment printing word workbook | sqlmodel",
    "filler": "sheets | openpyxl",
    "borrowed": f"{WORDS} {STORE} {CORE} adoption intake lists papers people review sheets | sqlalchemy sqlmodel",
    "layouts": f"{WORDS} {STORE} forms lists papers paper_files | sqlalchemy sqlmodel",
    # the edge
    "views": f"{WORDS} {STORE} {CORE} issuing comparison scenarios adoption sentences subjects review care lists samples opening intake units_sheet people payment sheets papers paper_files borrowed layouts printing pictures | polars altair sqlmodel sqlalchemy",
    "widgets": "views access opening vocabulary | marimo",
    "serve": "access problems vocabulary | marimo starlette uvicorn",
    "downloads": "access db issuing ledger lists paper_files papers people problems printing review serve units_sheet views vocabulary workbook",
}
EDGE = {"cli", "__main__"}
"""May import anything public: they parse, call and print."""

PURE = {
    "vocabulary",
    "problems",
    "money",
    "dates",
    "frames",
    "facts",
    "shapes",
    "apportionment",
    "subjects",
    "predicates",
    "rules",
    "allocation",
    "comparison",
    "sentences",
    "lists",
}
OUTSIDE_WORLD = {
    "io",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "time",
    "tomllib",
    "urllib",
}
CLOCK = {"now", "today", "utcnow", "time_ns", "monotonic"}

MOST_LINES = 400
LONGER = {
    "casework/frames.py": 500,
    "casework/models.py": 700,
    "casework/models_payment.py": 540,
    "casework/models_people.py": 500,
    "casework/models_review.py": 500,
    "casework/vocabulary.py": 600,
}
"""A longer module needs its reason here: tables that refer to each other stay together,
and every word is in one list, as is every schema of a frame."""
NOTEBOOK_LINES, NOTEBOOK_CELLS, CELL_LINES = 370, 43, 12
"""The allocation worksheet has six sections, and a control may not stand in the cell that shows it."""
WIDER = {"case_review.py": (720, 76)}
"""Lines and cells of a notebook with more sections: the whole life of a round, seven tabs of a few cells each."""


def top(path):
    """Return the module or package right under `casework/` that `path` belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree):
    """Name every module imported anywhere in `tree`, types and late imports included, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield "." * node.level + (node.module or ""), node.lineno
            elif node.module == "casework":
                yield from ((f"casework.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


def broken(module, source):
    """Say every way in which `source`, being `casework/<module>`, breaks the architecture."""
    if module in EDGE or module == "__init__":
        row = None
    elif module not in TABLE:
        return [f"{module} is not in the table: add it to the table in tests/test_layers.py"]
    else:
        row = TABLE[module]
    own, _, libraries = (row or "").partition("|")
    tree = ast.parse(source)
    found = []
    for name, line in imported(tree):
        first, *rest = name.split(".")
        if name.startswith("."):
            found.append(f"{line}: relative import {name}, write the full name")
        elif first == "casework":
            if rest and row is not None and rest[0] != module and rest[0] not in own.split():
                found.append(f"{line}: {module} may not import casework.{rest[0]}")
        elif first in sys.stdlib_module_names:
            if module in PURE and first in OUTSIDE_WORLD:
                found.append(f"{line}: {module} is pure and may not import {first}")
        elif (row is None and first in {"marimo", "weasyprint"}) or (
            row is not None and first not in libraries.split()
        ):
            found.append(f"{line}: {module} may not import {first}")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            found.append(f"{node.lineno}: import *")
        if module in PURE and isinstance(node, ast.Call) and getattr(node.func, "attr", "") in CLOCK:
            found.append(f"{node.lineno}: {module} is pure and may not look at a clock")
        if module in PURE and isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open":
            found.append(f"{node.lineno}: {module} is pure and may not open a file")
    return found + unsafe(tree)


def unsafe(tree):
    """Name every call of marimo that would take a case's text as code or as markup."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if getattr(node.func.value, "id", "") not in {"mo", "marimo"}:
            continue
        if node.func.attr in {"sql", "iframe"}:
            found.append(f"{node.lineno}: mo.{node.func.attr}")
        if node.func.attr == "md" and not all(isinstance(part, ast.Constant) for part in node.args):
            found.append(f"{node.lineno}: mo.md of anything but a plain literal; let casework build escaped HTML")
    return found


def cells(tree):
    """Return the functions marimo runs as cells."""
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any("cell" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]


def thick(source, name=""):
    """Say every way in which a notebook does what the package should do."""
    most_lines, most_cells = WIDER.get(name, (NOTEBOOK_LINES, NOTEBOOK_CELLS))
    tree = ast.parse(source)
    found = unsafe(tree)
    if (lines := len(source.splitlines())) > most_lines:
        found.append(f"{lines} lines, at most {most_lines}")
    if len(cells(tree)) > most_cells:
        found.append(f"{len(cells(tree))} cells, at most {most_cells}")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            found.append(f"{node.lineno}: import *")
    for cell in cells(tree):
        work = [statement for statement in cell.body if not isinstance(statement, ast.Return)]
        if work and (lines := work[-1].end_lineno - work[0].lineno + 1) > CELL_LINES:
            found.append(f"{cell.lineno}: cell {cell.name} has {lines} lines, at most {CELL_LINES}")
        for node in ast.walk(cell):
            if isinstance(node, ast.If | ast.For | ast.While | ast.Try):
                found.append(f"{node.lineno}: {type(node).__name__.lower()} in cell {cell.name}")
            if isinstance(node, ast.Name) and node.id in {"pl", "session", "sum"}:
                found.append(f"{node.lineno}: {node.id} in cell {cell.name}")
            if isinstance(node, ast.Attribute) and node.attr in {"select", "filter", "group_by"}:
                found.append(f"{node.lineno}: .{node.attr} in cell {cell.name}")
    return found


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_keeps_to_its_layer(path):
    assert broken(top(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_fits_in_one_head(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGER.get(name_of(path), MOST_LINES)


def test_the_notebooks_only_show():
    found = {}
    for path in NOTEBOOKS:
        source = path.read_text(encoding="utf-8")
        found[path.name] = thick(source, path.name) if "marimo.App(" in source else unsafe(ast.parse(source))

    assert not any(found.values()), found


def test_the_table_itself_goes_one_way():
    graph = {module: set(row.partition("|")[0].split()) for module, row in TABLE.items()}

    assert set().union(*graph.values()) <= set(graph)
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        ("money", "from casework.vocabulary import Fund", "may not import casework.vocabulary"),
        ("rules", "from casework import ledger", "may not import casework.ledger"),
        ("rules", "def f():\n    from casework.db import session", "may not import casework.db"),
        ("allocation", "import sqlmodel", "may not import sqlmodel"),
        ("allocation", "from pathlib import Path", "is pure"),
        ("rules", "x = datetime.now(tz)", "clock"),
        ("rules", "x = open(p)", "open a file"),
        ("views", "import marimo as mo", "may not import marimo"),
        ("lists", "import weasyprint", "may not import weasyprint"),
        ("cli", "import marimo", "may not import marimo"),
        ("policy", "from .pack import Policy", "relative"),
        ("policy", "from casework.shapes import *", "import *"),
        ("gadgets", "", "add it to the table"),
        ("serve", "import marimo as mo\nmo.sql('select 1')", "mo.sql"),
    ],
)
def test_the_layer_alarm_rings(module, source, said):
    assert any(said in line for line in broken(module, source))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("mo.md(f'{name}')", "mo.md"),
        ("mo.md(text)", "mo.md"),
        ("mo.iframe('x')", "mo.iframe"),
        ("mo.sql('x')", "mo.sql"),
        ("if x:\n        y", "if in cell"),
        ("frame.filter(x)", ".filter"),
        ("sum(x)", "sum in cell"),
        ("pl.col(x)", "pl in cell"),
        ("\n    ".join("x" for _ in range(CELL_LINES + 1)), "at most 12"),
    ],
)
def test_the_notebook_alarm_rings(body, said):
    notebook = f"@app.cell(hide_code=True)\ndef shown(mo):\n    {body}\n    return\n"

    assert any(said in line for line in thick(notebook))
    assert thick("@app.cell\ndef shown(mo):\n    mo.md('名额')\n    return\n") == []
    assert thick("@app.cell\ndef a():\n    return\n\n" * (NOTEBOOK_CELLS + 1))
    assert thick("\n" * (NOTEBOOK_LINES + 1))
