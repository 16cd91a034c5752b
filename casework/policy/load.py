"""Read a pack's bytes, merge it with its parents, check every sentence and freeze it."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from casework.policy import raw
from casework.policy.check import check_policy
from casework.policy.pack import Category, Clause, Field, Group, Parameter, Policy
from casework.policy.source import missing_fragment, sha256
from casework.problems import PolicyError, Problem
from casework.shapes import SHAPES, Shape
from casework.shapes.base import parse_share, read_fen
from casework.vocabulary import Kind, Subject

PACK_FILES = ("policy.toml", "source.txt", "cases.toml")
"""The files of a pack; only the first two are needed to decide anything."""

PackBytes = Mapping[str, Mapping[str, bytes]]
"""Pack id → file name → bytes, the pack itself first, then its parents."""

M = TypeVar("M", bound=BaseModel)


def pack_folders() -> dict[str, Path]:
    """Return every pack folder by id: `CASEWORK_POLICIES` (a path list) first, then the shipped ones."""
    roots = [Path(p) for p in os.environ.get("CASEWORK_POLICIES", "").split(os.pathsep) if p]
    roots.append(Path(str(files("casework") / "policies")))
    found: dict[str, Path] = {}
    for root in roots:
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if (folder / "policy.toml").is_file():
                found.setdefault(folder.name, folder)
    return found


def _folder(path_or_id: str | Path) -> Path:
    path = Path(path_or_id)
    if (path / "policy.toml").is_file():
        return path
    known = pack_folders()
    if str(path_or_id) in known:
        return known[str(path_or_id)]
    names = "、".join(known) or "（无）"
    raise PolicyError((Problem(f"找不到通知包“{path_or_id}”", f"现有：{names}；或写出含 policy.toml 的文件夹"),))


def read_pack(path_or_id: str | Path) -> PackBytes:
    """Return the bytes of a pack and of its parents, as the ledger keeps them when a round is opened.

    Raises:
        PolicyError: A pack or a parent is not there, or parents form a circle.
    """
    packs: dict[str, dict[str, bytes]] = {}
    folder: Path | None = _folder(path_or_id)
    while folder is not None:
        content = {name: (folder / name).read_bytes() for name in PACK_FILES if (folder / name).is_file()}
        problems: list[Problem] = []
        head = _toml(content["policy.toml"], problems).get("policy", {})
        if problems:
            raise PolicyError(tuple(problems))
        named = head if isinstance(head, dict) else {}
        pack_id, parent = str(named.get("id", folder.name)), str(named.get("parent", ""))
        if pack_id in packs:
            raise PolicyError((_problem(f"上级通知包绕成了圈：{' → '.join([*packs, pack_id])}", "改正 parent"),))
        packs[pack_id] = content
        beside = folder.parent / parent
        folder = None
        if parent:
            folder = beside if (beside / "policy.toml").is_file() else _folder(parent)
    return packs


def digest_of(packs: PackBytes) -> str:
    """Return the SHA-256 over every file of the pack and its parents."""
    total = hashlib.sha256()
    for pack_id, content in packs.items():
        for name in sorted(content):
            total.update(f"{pack_id}/{name}/{sha256(content[name])}\n".encode())
    return total.hexdigest()


def load_policy(path_or_id: str | Path) -> Policy:
    """Read, check and freeze a pack.

    Args:
        path_or_id: A folder with a `policy.toml`, or the id of a shipped pack.

    Raises:
        PolicyError: With every problem found: file, clause, what is wrong, what is allowed.
    """
    return parse_pack(read_pack(path_or_id))


def parse_pack(packs: PackBytes) -> Policy:
    """Check and freeze a pack from its bytes (the ledger's copy of an opened round).

    Raises:
        PolicyError: With every problem found.
    """
    problems: list[Problem] = []
    policy: Policy | None = None
    itself = next(iter(packs))
    for pack_id, content in reversed(list(packs.items())):
        policy = _parse_one(pack_id, content, policy, problems)
        if problems:
            folder = "" if pack_id == itself else f"{pack_id}/"
            raise PolicyError(tuple(replace(problem, file=folder + problem.file) for problem in problems))
    assert policy is not None
    policy = replace(policy, digest=digest_of(packs))
    errors, warnings = check_policy(policy)
    if errors:
        raise PolicyError(tuple(errors))
    return replace(policy, warnings=tuple(warnings))


def _problem(message: str, remedy: str = "", clause: str = "", file: str = "policy.toml") -> Problem:
    return Problem(message, remedy, file=file, clause=clause)


def _text(data: bytes, file: str, problems: list[Problem]) -> str:
    """Return the text of a file; Windows editors put a mark before the first line, which is no harm."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(_problem("不是 UTF-8 编码的文字", "另存为 UTF-8 编码", file=file))
        return ""


def _toml(data: bytes, problems: list[Problem]) -> dict[str, Any]:
    """Return the tables of a `policy.toml`."""
    try:
        return tomllib.loads(_text(data, "policy.toml", problems))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        place = f"第 {at[1]} 行第 {at[2]} 个字符处" if at else "文件末尾"
        problems.append(_problem(f"{place}写法不对，读不下去", "看这里的引号、括号、等号是否成对、是否重复"))
        return {}


def _parse_one(
    pack_id: str, content: Mapping[str, bytes], parent: Policy | None, problems: list[Problem]
) -> Policy | None:
    data = _toml(content["policy.toml"], problems)
    if problems:
        return None
    allowed = ["policy", *raw.TABLES]
    problems += [_problem(f"不认识 [{key}]", f"允许：{'、'.join(allowed)}") for key in data if key not in allowed]
    head = None
    if isinstance(data.get("policy"), dict):
        head = _read(raw.RawHead, data["policy"], "[policy]", problems)
    else:
        problems.append(_problem("缺少 [policy] 一节", "开头写 [policy]，下面写 id、title、issued_on 等"))
    paths = _read_table("path", raw.RawPath, data, problems)
    categories = _read_table("category", raw.RawCategory, data, problems)
    fields = _read_table("field", raw.RawField, data, problems)
    parameters = _read_table("parameter", raw.RawParameter, data, problems)
    groups = _read_table("group", raw.RawGroup, data, problems)
    clauses = _read_table("clause", raw.RawClause, data, problems)
    if "source.txt" not in content:
        problems.append(_problem("缺少 source.txt（通知原文）", "把通知原文存为 source.txt", file="source.txt"))
    source = _text(content.get("source.txt", b""), "source.txt", problems)
    if problems or head is None:
        return None
    if sha256(content["source.txt"]) != head.source_sha256:
        problems.append(
            _problem(
                f"通知原文与校验值不符：应为 {head.source_sha256[:12]}…，实为 {sha256(content['source.txt'])[:12]}…",
                "原文确需更正时，用 casework policy check 核对后更新 source_sha256",
                file="source.txt",
            )
        )
    own = [clause for row in clauses if (clause := _clause(row, pack_id, source, problems)) is not None]
    fresh = Policy(
        id=head.id,
        title=head.title,
        issuer=head.issuer,
        number=head.number,
        issued_on=head.issued_on,
        round_title=head.round or head.title,
        year=head.year,
        parent=head.parent,
        basis=head.basis,
        paths=tuple((row.id, row.label) for row in paths),
        categories=tuple(Category(**row.model_dump()) for row in categories),
        fields=tuple(Field(**row.model_dump()) for row in fields),
        parameters=tuple(_parameter(row, problems) for row in parameters),
        clauses=tuple(own),
        groups=tuple(_group(row, problems) for row in groups),
        source_text=source,
        digest="",
    )
    merged = _override(parent, fresh, head.drop, problems) if parent is not None else fresh
    _unique(fresh, problems)
    return replace(merged, _by_id={clause.id: clause for clause in merged.clauses})


def _read(model: type[M], value: Any, what: str, problems: list[Problem], clause: str = "") -> M | None:
    """Return `value` as `model`, or None; `what` is the section, or in a clause the key `value` stands under."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        prefix, within = ("", what) if clause else (f"{what} ", "")
        found = raw.complaints(error, model, within)
        problems += [_problem(f"{prefix}{wrong}", right, clause) for wrong, right in found]
        return None


def _read_table(name: str, model: type[M], data: dict[str, Any], problems: list[Problem]) -> list[M]:
    rows = data.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(_problem(f"[{name}] 要写成 [[{name}]]", "用双方括号，每项一节"))
        return []
    read: list[M] = []
    for number, row in enumerate(rows, start=1):
        label = str(row.get("id", f"第 {number} 项"))
        what, clause = ("", label) if name == "clause" else (f"[[{name}]] {label}", "")
        found = _read(model, row, what, problems, clause)
        read += [found] if found is not None else []
    return read


def _clause(row: raw.RawClause, pack_id: str, source: str, problems: list[Problem]) -> Clause | None:
    before = len(problems)
    text = (row.text,) if isinstance(row.text, str) else tuple(row.text)
    if not text or not all(fragment.strip() for fragment in text):
        problems.append(_problem("缺少原文（text 是空的）", "照抄通知原句", row.id))
    elif (lost := missing_fragment(text, source)) is not None:
        problems.append(_problem(f"通知原文中找不到“{lost}”", "照 source.txt 逐字抄录；断开的句子分段写", row.id))
    meanings = [key for key in ("rule", "ask", "record", "note") if getattr(row, key)]
    if len(meanings) != 1:
        written = "、".join(meanings) or "一个也没有"
        problems.append(
            _problem(f"rule、ask、record、note 要写且只写一个，现写了：{written}", "留下一个，删去其余", row.id)
        )
    if row.ask and not row.reading:
        problems.append(_problem("写了 ask（由人认定的问题）却没有 reading（怎样理解）", "补上 reading", row.id))
    if row.params and not row.rule:
        problems.append(_problem("有 params 而没有 rule", "写上 rule，或删去 params", row.id))
    shape = _shape(row, problems) if row.rule else None
    subject = row.subject or (type(shape).subject if shape is not None else _default_subject(row.kind))
    if shape is not None and subject != type(shape).subject:
        wanted = type(shape).subject
        problems.append(_problem(f"规则 {row.rule} 的 subject 不能是 {subject.value}", f"允许：{wanted.value}", row.id))
    if len(problems) > before:
        return None
    fields = ("id", "cite", "kind", "force", "label", "ask", "reading", "record", "note", "excepts")
    extra = ("defaults", "for_categories", "for_paths", "effective_from", "effective_to")
    values = {key: getattr(row, key) for key in (*fields, *extra)}
    return Clause(text=text, subject=subject, pack_id=pack_id, shape=shape, **values)


def _default_subject(kind: Kind) -> Subject:
    case = {Kind.CONDITION, Kind.EXCLUSION, Kind.PRIORITY, Kind.REPEAT_AID, Kind.DOCUMENT}
    if kind in case:
        return Subject.CASE
    return Subject.UNIT if kind is Kind.LIMIT else Subject.ROUND


def _shape(row: raw.RawClause, problems: list[Problem]) -> Shape | None:
    model = SHAPES.get(row.rule)
    if model is None:
        problems.append(_problem(f"不认识规则 {row.rule}", f"允许：{'、'.join(sorted(SHAPES))}", row.id))
        return None
    if row.kind not in model.kinds:
        allowed = "、".join(kind.value for kind in Kind if kind in model.kinds)
        problems.append(
            _problem(f"规则 {row.rule}（{model.label}）不能用于 kind = {row.kind.value}", f"允许：{allowed}", row.id)
        )
    return _read(model, row.params, "params", problems, row.id)


def _parameter(row: raw.RawParameter, problems: list[Problem]) -> Parameter:
    values: dict[Any, int] = {}
    for entry in row.values:
        try:
            number = read_fen(entry.value) if row.unit == "fen" else _whole(entry.value)
        except ValueError as error:
            example = 'value = "560"' if row.unit == "fen" else "value = 6"
            problems.append(_problem(f"[[parameter]] {row.id} 的值“{entry.value}”不对：{error}", f"如 {example}"))
            continue
        if entry.on_or_after in values:
            problems.append(_problem(f"[[parameter]] {row.id} 在 {entry.on_or_after} 有两个值", "留下一个"))
        values[entry.on_or_after] = number
    return Parameter(row.id, row.label, row.unit, tuple(sorted(values.items())), row.source)


def _whole(value: str | int) -> int:
    share = parse_share(value)
    if share.denominator != 1:
        raise ValueError("要写整数")
    return int(share)


def _group(row: raw.RawGroup, problems: list[Problem]) -> Group:
    modes = [mode for mode in ("any_of", "all_of") if getattr(row, mode)]
    if row.at_least is not None:
        modes.append("at_least")
    if len(modes) != 1:
        problems.append(_problem(f"[[group]] {row.id} 要写 any_of、all_of、at_least 其中一个", "留下一个，删去其余"))
    mode = modes[0] if modes else "all_of"
    members = row.clauses if mode == "at_least" else getattr(row, mode)
    if mode == "at_least" and not row.clauses:
        problems.append(_problem(f"[[group]] {row.id} 写了 at_least 却没有 clauses", "写上 clauses = […]"))
    return Group(row.id, mode, members, row.at_least or 0, row.label, row.for_categories, row.for_paths)


def _unique(policy: Policy, problems: list[Problem]) -> None:
    named: dict[str, list[str]] = {
        "clause": [clause.id for clause in policy.clauses],
        "path": [path for path, _ in policy.paths],
        "category": [category.id for category in policy.categories],
        "group": [group.id for group in policy.groups],
        "field": [field.id for field in policy.fields],
        "parameter": [parameter.id for parameter in policy.parameters],
    }
    for what, ids in named.items():
        repeated = sorted({one for one in ids if ids.count(one) > 1})
        problems += [_problem(f"[[{what}]] 编号 {one} 用了两次", "每个编号只用一次") for one in repeated]


def _override(parent: Policy, child: Policy, drop: tuple[str, ...], problems: list[Problem]) -> Policy:
    """Return the child with everything it does not say itself taken from its parent, by id."""
    known = {clause.id for clause in parent.clauses} | {group.id for group in parent.groups}
    problems += [_problem(f"drop 中的 {gone} 不在上级通知包里", "改正编号") for gone in drop if gone not in known]

    def merge(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
        ours = {entry.id: entry for entry in new}
        kept = [ours.pop(entry.id, entry) for entry in old if entry.id not in drop]
        return (*kept, *ours.values())

    return replace(
        child,
        basis=(*parent.basis, *child.basis),
        paths=child.paths or parent.paths,
        categories=merge(parent.categories, child.categories),
        fields=merge(parent.fields, child.fields),
        parameters=merge(parent.parameters, child.parameters),
        clauses=merge(parent.clauses, child.clauses),
        groups=merge(parent.groups, child.groups),
    )
