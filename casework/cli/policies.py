"""policy list, show, new, sheet, check, lint, try: the circulars as packs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.cli.chinese import ChineseTyper
from casework.cli.common import Json, Usage, emit, print_json, print_table, read_bytes, say, write_bytes

if TYPE_CHECKING:
    from casework.policy import Clause

app = ChineseTyper(help="通知：查看、新建、核对。", no_args_is_help=True)

Pack = Annotated[str, typer.Argument(metavar="通知", help="通知包的编号，或含 policy.toml 的文件夹")]
_BACKUP = "policy.toml.bak"


@app.command("list", help="列出可用的通知包。")
def list_packs(as_json: Json = False) -> int:
    """List every pack that can be found."""
    from casework.policy import load_policy, pack_folders
    from casework.problems import PolicyError

    rows: list[dict[str, Any]] = []
    wrong = 0
    for pack_id, folder in pack_folders().items():
        try:
            policy = load_policy(folder)
        except PolicyError as error:
            wrong += 1
            rows.append({"id": pack_id, "title": f"（有 {len(error.problems)} 处问题，见 casework policy check）"})
            continue
        rows.append(
            {
                "id": policy.id,
                "issued_on": policy.issued_on.isoformat(),
                "clauses": len(policy.clauses),
                "issuer": policy.issuer,
                "title": policy.title,
            }
        )
    heads = {"id": "编号", "issued_on": "印发日期", "clauses": "条款", "issuer": "发文机关", "title": "标题"}
    emit(rows, heads, as_json=as_json, nothing="没有通知包")
    return 1 if wrong else 0


@app.command("show", help="逐条显示一份通知。")
def show(pack: Pack, as_json: Json = False) -> int:
    """Show a pack clause by clause."""
    from casework.policy import load_policy

    policy = load_policy(pack)
    rows = [
        {
            "id": clause.id,
            "kind": clause.kind.label,
            "force": clause.force.label,
            "meaning": _meaning(clause),
            "label": clause.label,
            "cite": clause.cite,
            "text": clause.words,
        }
        for clause in policy.clauses
    ]
    if as_json:
        categories = [{"id": category.id, "label": category.label} for category in policy.categories]
        head = {"id": policy.id, "title": policy.title, "issuer": policy.issuer, "number": policy.number}
        print_json(
            {**head, "issued_on": policy.issued_on, "digest": policy.digest, "categories": categories}
            | {"clauses": rows}
        )
        return 0
    typer.echo(f"{policy.title}\n{policy.issuer} {policy.number} {policy.issued_on}".rstrip())
    typer.echo("类别：" + "、".join(f"{category.id}（{category.label}）" for category in policy.categories) + "\n")
    heads = {"id": "编号", "kind": "性质", "force": "力度", "meaning": "怎样办理", "cite": "出处", "label": "内容"}
    print_table(rows, heads)
    return 0


def _meaning(clause: Clause) -> str:
    if clause.shape is not None:
        return clause.shape.label
    return "由人认定" if clause.ask else "登记备查" if clause.record else "无须办理"


@app.command("new", help="由通知原文新建通知包：每句一条，待填。")
def new(
    folder: Annotated[Path, typer.Argument(metavar="文件夹", help="新通知包的文件夹")],
    text: Annotated[Path, typer.Option("--from", metavar="原文.txt", help="通知原文（纯文本）")],
    pack_id: Annotated[str, typer.Option("--id", metavar="编号", help="不写：用文件夹名")] = "",
    title: Annotated[str, typer.Option("--title", metavar="标题", help="不写：从原文中找")] = "",
    issued_on: Annotated[str, typer.Option("--issued-on", metavar="日期", help="如 2024-01-05；不写：从原文中找")] = "",
) -> int:
    """Write a pack with a stub for every sentence."""
    from casework.policy.author import new_pack, open_stubs
    from casework.policy.load import load_policy

    path = new_pack(
        folder,
        _circular(text),
        pack_id=pack_id or folder.resolve().name,
        title=title,
        issued_on=_day(issued_on) if issued_on else None,
    )
    typer.echo(
        f"已建立 {path}，待填 {len(open_stubs(load_policy(path.parent)))} 条；逐条填好后用 casework policy check 核对"
    )
    return 0


@app.command("sheet", help="把通知包写成工作簿（一条一行）；--from 把改好的工作簿读回来。")
def sheet(
    folder: Annotated[Path, typer.Argument(metavar="文件夹", help="通知包的文件夹")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="文件.xlsx", help="写到哪里（不写：文件夹名.xlsx）")
    ] = None,
    source: Annotated[Path | None, typer.Option("--from", metavar="文件.xlsx", help="读回这个工作簿")] = None,
) -> int:
    """Write a pack as a workbook, or read the workbook back."""
    from casework.policy.sheet import read_sheet, write_sheet

    if source is None:
        target = out or folder.resolve().with_suffix(".xlsx")
        write_bytes(target, write_sheet(folder))
        typer.echo(f"已写出 {target}")
        return 0
    if out is not None:
        raise Usage("--out 与 --from 只写一个")
    text = read_sheet(read_bytes(source), folder)
    path = folder / "policy.toml"
    if text.encode() == read_bytes(path):
        typer.echo("工作簿与通知包一致，没有改动")
        return 0
    write_bytes(folder / _BACKUP, read_bytes(path))
    write_bytes(path, text.encode())
    typer.echo(f"已按工作簿改写 {path}，原来的存为 {_BACKUP}")
    return 0


@app.command("check", help="核对通知包：写法、原文、待填条款、工作实例；不写通知就核对全部。")
def check(
    packs: Annotated[list[str], typer.Argument(metavar="[通知]…", help="编号或文件夹")] = [],  # noqa: B006 - Typer reads it and changes nothing
    as_json: Json = False,
) -> int:
    """Check packs; exit 1 where one has problems, open stubs or a worked case that does not hold."""
    from casework.policy import pack_folders

    folders = pack_folders()
    chosen = packs or list(folders)
    found = [_checked(name, folders.get(name, Path(name))) for name in chosen]
    if as_json:
        print_json(found)
    for one in [] if as_json else found:
        lines = [*one["problems"], *one["stubs"], *one["differences"]]
        word = f"有 {len(lines)} 处要改" if lines else "没有问题"
        typer.echo(f"{one['pack']}：{one['clauses']} 条，{one['cases']} 个工作实例，{word}")
        for line in [*lines, *(f"提示：{warning}" for warning in one["warnings"])]:
            typer.echo(f"  {line}")
    return 0 if all(one["ok"] for one in found) else 1


def _checked(name: str, folder: Path) -> dict[str, Any]:
    from casework.policy.author import check_pack
    from casework.problems import PolicyError

    checked = check_pack(folder)
    differences: list[str] = []
    cases = 0
    if checked.policy is not None:
        try:
            cases, differences = _worked(checked.policy, folder)
        except PolicyError as error:
            differences = [problem.sentence() for problem in error.problems]
    return {
        "pack": name,
        "ok": checked.done and not differences,
        "clauses": len(checked.policy.clauses) if checked.policy else 0,
        "cases": cases,
        "problems": [problem.sentence() for problem in checked.problems],
        "stubs": [stub.sentence() for stub in checked.stubs],
        "differences": differences,
        "warnings": [problem.sentence() for problem in checked.warnings],
    }


def _worked(policy: Any, folder: Path) -> tuple[int, list[str]]:
    """Return how many worked cases a pack has, and what does not hold in them."""
    from casework.worked import run
    from casework.worked.reading import read_cases

    path = folder / "cases.toml"
    if not path.is_file():
        return 0, []
    content = read_bytes(path)
    examples, places = read_cases(policy, content)
    return len(examples) + len(places), [one.sentence() for one in run(policy, content)]


@app.command("lint", help="通知核对：原文自己前后对不上的地方（编号、年份、附件、日期、表内合计）。")
def lint(
    text: Annotated[Path, typer.Argument(metavar="原文.txt", help="通知原文（纯文本），或通知包的编号")],
    as_json: Json = False,
) -> int:
    """Say where a circular contradicts itself; exit 1 where it does."""
    from casework.policy import pack_folders
    from casework.policy.lint import lint_report

    known = pack_folders().get(str(text))
    path = known / "source.txt" if known is not None else text
    report = lint_report(_circular(path), name=path.name)
    counted = report.checked
    checked = {
        "cells": counted.cells,
        "products": counted.products,
        "row_checks": counted.row_checks,
        "column_checks": counted.column_checks,
    }
    if as_json:
        print_json({"problems": [problem.sentence() for problem in report.problems], "checked": checked})
        return 1 if report.problems else 0
    for problem in report.problems:
        typer.echo(problem.sentence())
    say(
        f"共 {len(report.problems)} 处；表内核对了 {counted.cells} 格、{counted.products} 个乘积、"
        f"{counted.row_checks} 处行合计、{counted.column_checks} 处列合计"
    )
    return 1 if report.problems else 0


@app.command("try", help="试一试：按通知包运行它的工作实例（cases.toml）。")
def try_pack(pack: Pack) -> int:
    """Run the worked cases of a pack; exit 1 where one does not hold."""
    from casework.policy import load_policy, pack_folders

    policy = load_policy(pack)
    cases, differences = _worked(policy, pack_folders().get(pack, Path(pack)))
    for line in differences:
        typer.echo(line)
    if not cases:
        say("这个通知包还没有工作实例：在 cases.toml 中写几个人和应有的结论")
        return 1
    typer.echo(f"{cases} 个工作实例，{f'{len(differences)} 处不符' if differences else '都与通知包相符'}")
    return 1 if differences else 0


def _circular(path: Path) -> str:
    from casework.policy.circular import read_circular

    try:
        return read_circular(read_bytes(path))
    except ValueError as error:
        raise Usage(f"{path.name}：{error}") from None


def _day(text: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Usage(f"看不懂日期“{text}”，写成 2024-01-05") from None
