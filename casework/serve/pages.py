"""The pages of our own: the front page, the refusals, and the frame around a worksheet.

All of them are self-contained: no script from elsewhere, no font to fetch, nothing cached.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casework.access import Actor

PRODUCT: Final = "慰问帮扶工作台"
NEW_ROUND: Final = "/rounds/?section=%E6%96%B0%E5%BB%BA%E4%B8%80%E8%BD%AE"  # 新建一轮

ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="5" fill="#9b1c1c"/>'
    '<path d="M8 10h16M8 16h16M8 22h10" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>'
)

# Own pages run no script at all.
PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)

PROBLEMS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("请求不完整", "浏览器发来的内容不完整。请返回上一页重试。"),
    401: (
        "需要重新进入",
        "登录凭据不存在或已失效。请用启动程序的窗口里最新显示的地址重新打开。",
    ),
    403: ("无权访问", "这一请求不是从本工作台的页面发出的，或您没有相应权限，已被拒绝。"),
    404: ("没有这一页", "地址有误，或内容已不在这里。"),
    405: ("不支持的操作", "请从工作台的页面操作。"),
    409: ("当前状态不能这样做", "内容可能刚刚被改动。请返回上一页，刷新后再试。"),
    413: ("文件太大", "上传内容超过上限（20 MB）。请清除空白行列后另存，或分成几份。"),
    500: ("程序出错", "这一步没有完成，已保存的内容不受影响。请返回重试。"),
}

# The entry page replaces itself at once, so that the invitation stays neither in the address bar nor in the history.
ENTRY: Final = (
    '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/">'
    f"<title>{PRODUCT}</title></head><body></body></html>"
)

_METADATA = re.compile(r"(?m)^# /// script\s*$\s(?P<content>(?:^#(?:| .*)$\s)+?)^# ///\s*$")
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
# Serves /public/ to notebooks that have such a folder, and tells the page the notebook's full path.
_SERVICE_WORKER = re.compile(
    r"<script[^>]*>(?:(?!</script>).)*public-files-sw\.js(?:(?!</script>).)*</script>", re.DOTALL
)
_WORKSPACE = re.compile(r'"lspWorkspace": \{[^}]*\}')
_UNWANTED = re.compile(
    r'<link rel="(?:manifest|apple-touch-icon|preload)"[^>]*>'
    r'|<meta (?:property="og:|name="(?:twitter:|description|theme-color))[^>]*>'
)


@dataclass(frozen=True, slots=True)
class Worksheet:
    """A notebook as it is offered on the front page.

    Attributes:
        path: The notebook's file.
        title: Chinese title.
        sentence: What it is for, one sentence.
    """

    path: Path
    title: str
    sentence: str


def read_worksheet(path: Path) -> Worksheet:
    """Read `title` and `sentence` from a notebook's own metadata, table `[tool.casework]`.

    Source: the regular expression for the block is PEP 723's.
    """
    match = _METADATA.search(path.read_text(encoding="utf-8"))
    lines = match["content"].splitlines() if match else []
    metadata = tomllib.loads("\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines))
    card = metadata.get("tool", {}).get("casework", {})
    return Worksheet(path, title=str(card.get("title", path.stem)), sentence=str(card.get("sentence", "")))


def _style() -> str:
    return (files("casework.serve") / "assets" / "pages.css").read_text(encoding="utf-8")


def _page(title: str, body: str) -> str:
    icon = base64.b64encode(ICON.encode()).decode()
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:image/svg+xml;base64,{icon}"><style>{_style()}</style></head>'
        f"<body>{body}</body></html>\n"
    )


def header(worksheets: Mapping[str, Worksheet], *, current: str | None, demo: bool, actor: Actor) -> str:
    """Return the header with the links to all worksheets and to a new round, the same on every page."""
    here = ' aria-current="page"'
    links = "".join(
        f'<a href="/{name}/"{here if name == current else ""}>{html.escape(sheet.title)}</a>'
        for name, sheet in worksheets.items()
    )
    if "rounds" in worksheets and actor.may_write():
        links += f'<a class="cw-new" href="{NEW_ROUND}">新建一轮</a>'
    badge = '<span class="cw-badge cw-demo" title="人员、单位均为虚构，可放心试用">演示数据</span>' if demo else ""
    badge += "" if actor.may_write() else '<span class="cw-badge" title="只能查看，改动不会保存">只读</span>'
    return (
        f'<header class="cw-header"><a class="cw-brand" href="/">{PRODUCT}</a>{badge}'
        f'<nav aria-label="工作表">{links}</nav></header>'
    )


def index(worksheets: Mapping[str, Worksheet], *, demo: bool, actor: Actor) -> str:
    """Return the front page: one card per worksheet."""
    cards = "".join(
        f'<a class="card" href="/{name}/"><h2>{html.escape(sheet.title)}</h2><p>{html.escape(sheet.sentence)}</p></a>'
        for name, sheet in worksheets.items()
    )
    hint = '<p class="hint">当前是演示台账：单位和人员均为虚构，可以随意试用。</p>' if demo else ""
    empty = "" if worksheets else '<p class="hint">没有可以打开的工作表。</p>'
    return _page(
        PRODUCT,
        f"{header(worksheets, current=None, demo=demo, actor=actor)}<main><h1>工作表</h1>{hint}{empty}"
        f'<div class="cards">{cards}</div><p class="foot">{html.escape(actor.name)}（{actor.role.label}）</p></main>',
    )


def problem(status: int, *, detail: str = "") -> str:
    """Return the page for a refusal or an error."""
    title, sentence = PROBLEMS[status]
    shown = html.escape(detail or sentence)
    back = "" if status == 401 else '<p><a class="back" href="/">返回工作台</a></p>'
    return _page(
        f"{title} · {PRODUCT}",
        f'<header class="cw-header"><span class="cw-brand">{PRODUCT}</span></header>'
        f'<main class="problem"><p class="number">{status}</p><h1>{title}</h1><p>{shown}</p>{back}</main>',
    )


def worksheet(page: str, worksheets: Mapping[str, Worksheet], *, name: str, demo: bool, actor: Actor) -> str:
    """Turn marimo's page into ours.

    Header and Chinese title in; unused fonts, gallery tags, the server's paths and marimo's icon out. All
    worksheets share one copy of the assets, so the second one opens from the browser's cache.
    """
    sheet = worksheets[name]
    page = _WORKSPACE.sub('"lspWorkspace": null', _SERVICE_WORKER.sub("", _UNWANTED.sub("", page)))
    page = page.replace('<html lang="en">', '<html lang="zh-CN">', 1)
    page = page.replace('"./assets/', '"/assets/').replace('href="./favicon.ico"', 'href="/favicon.ico"', 1)
    page = re.sub(r"<title>.*?</title>", f"<title>{html.escape(sheet.title)} · {PRODUCT}</title>", page, count=1)
    page = page.replace("<body>", f"<body>{header(worksheets, current=name, demo=demo, actor=actor)}", 1)
    return page.replace(str(sheet.path), sheet.path.name).replace(str(sheet.path.parent), "")


def content_policy(page: str, *, host: str) -> str:
    """Return the policy for a worksheet: scripts from us, and inline only those the page was served with."""
    scripts = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(page)
    )
    return (
        f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; frame-src 'self'; "
        f"connect-src 'self' ws://{host} wss://{host} data: blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'self'"
    )
