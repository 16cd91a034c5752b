"""init, check, serve: the ledger as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.cli.common import Db, Json, Usage, flush, is_demo, ledger_url, now, open_place, print_json, say


def attach(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    app.command("init", help="建立台账；--demo 建立演示台账（三份真实通知，人名都是编的）。")(init)
    app.command("check", help="核对台账：审计记录、资金、引用、加密内容、变更历史、数据版本、通知副本。")(check)
    app.command("serve", help="在浏览器中打开工作表。")(serve)


def init(
    demo: Annotated[bool, typer.Option("--demo", help="放入演示数据")] = False,
    db: Db = "",
) -> int:
    """Make a ledger, or bring it up to date; with --demo fill it once with invented people.

    A demo ledger of another shape is set aside and made anew; a real one is refused with what to do.
    """
    from casework.access import LOCAL_OFFICER
    from casework.db import default_url, demo_url, ledger_file, open_ledger, reading
    from casework.ledger import audit_key, rounds
    from casework.ledger.about import set_demo_aside
    from casework.problems import OtherShape

    url = db or (demo_url() if demo else default_url())
    try:
        engine = open_ledger(url)
    except OtherShape:
        aside = set_demo_aside(url, now=now()) if demo else None
        if aside is None:
            raise
        say(f"原来的演示台账与本程序的结构不一致，已另存为 {aside.name}，重新建立")
        engine = open_ledger(url)
    audit_key(engine)
    where = ledger_file(engine) or f"数据库 {engine.url.database}"
    if not demo:
        typer.echo(f"台账已就绪：{where}")
        return 0
    from casework.samples import fill

    fill(engine, actor=LOCAL_OFFICER, now=now())
    with reading(engine) as session:
        names = "、".join(found.round_id for found in rounds(session))
    typer.echo(f"演示台账已就绪：{where}\n轮次：{names}")
    return 0


def check(
    anchor: Annotated[list[str], typer.Option("--anchor", metavar="校验码", help="纸面上的审计校验码，可写多次")] = [],  # noqa: B006 - Typer reads it and changes nothing
    db: Db = "",
    as_json: Json = False,
) -> int:
    """Verify the whole ledger."""
    from casework.checking import check_ledger
    from casework.db import reading
    from casework.ledger import audit_head, audit_key

    engine = open_place(ledger_url(db))
    key = audit_key(engine)
    with reading(engine) as session:
        problems = check_ledger(session, key=key, anchors=anchor)
        head = audit_head(session)
    if as_json:
        print_json({"head": head, "problems": [problem.sentence() for problem in problems]})
    else:
        for problem in problems:
            typer.echo(problem.sentence())
    if not problems and not as_json:
        typer.echo(f"台账核对无误，审计记录完整，当前审计校验码 {head[:12]}")
    return 1 if problems else 0


def notebooks() -> dict[str, Path]:
    """Return the worksheets that come with the program: name → file, the allocation first.

    They stand beside the package in a checkout and inside it in an installed wheel.
    """
    package = Path(__file__).parents[1]
    beside = package.parent / "notebooks"
    folder = beside if beside.is_dir() else package / "_notebooks"
    found = {
        path.stem: path for path in sorted(folder.glob("*.py")) if "marimo.App(" in path.read_text(encoding="utf-8")
    }
    return {name: found[name] for name in sorted(found, key=lambda name: (name != "allocation", name))}


def _chosen(names: list[str]) -> dict[str, Path]:
    known = notebooks()
    chosen: dict[str, Path] = {}
    for name in names:
        path = Path(name)
        if name in known:
            chosen[name] = known[name]
        elif path.suffix == ".py" and path.is_file():
            chosen[path.stem] = path
        else:
            raise Usage(f"没有工作表 {name}，现有：{'、'.join(known) or '（无）'}；或写出 .py 文件")
    return chosen or known


def serve(
    notebook: Annotated[list[str], typer.Argument(metavar="[工作表]…", help="不写：全部")] = [],  # noqa: B006 - as above
    read_only: Annotated[bool, typer.Option("--read-only", help="只读：数据库一级也写不进去")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="用演示台账")] = False,
    host: Annotated[str, typer.Option("--host", metavar="地址", help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="端口", help="被占用时用后面空着的端口")] = 8765,
    allowed_host: Annotated[
        list[str], typer.Option("--allowed-host", metavar="主机名", help="对外服务时访问所用的主机名，可写多次")
    ] = [],  # noqa: B006 - as above
    open_browser: Annotated[bool, typer.Option("--open", help="在浏览器中打开")] = False,
    db: Db = "",
) -> int:
    """Serve the worksheets behind the guard until the process is stopped."""
    from casework import downloads
    from casework import serve as server
    from casework.db import demo_url
    from casework.serve.process import fix_hash_seed

    worksheets = _chosen(notebook)
    if not worksheets:
        raise Usage("没有可以打开的工作表")
    fix_hash_seed()  # starts this program anew: before anything is opened or said
    url = db or (demo_url() if demo else ledger_url(""))
    engine = open_place(url, write=not read_only)
    invented = is_demo(engine)
    engine.dispose()
    flush()
    try:
        server.run(
            worksheets,
            database_url=url,
            mode="local" if host in server.LOCAL_HOSTS else "served",
            read_only=read_only,
            demo=invented,
            host=host,
            port=port,
            allowed_hosts=allowed_host,
            downloads=downloads.handlers(),
            on_download=downloads.log(),
            open_browser=open_browser,
        )
    except ValueError as error:
        raise Usage(str(error)) from None
    except OSError as error:
        say(str(error))
        return 1
    return 0
