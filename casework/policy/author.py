"""Help to write a pack: a folder from a circular's text, a stub for every sentence, and what is still open.

A stub is a clause with `kind = "record"` and `record = "（待填）"`: the pack loads, and `check_pack` lists it with
the shapes that come nearest. Nearness is a guess from the words and changes nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from casework.policy.circular import Sentence, head_of, sentences
from casework.policy.load import load_policy
from casework.policy.pack import Policy
from casework.policy.source import sha256
from casework.policy.writing import pack_text
from casework.problems import PolicyError, Problem
from casework.shapes import SHAPES
from casework.vocabulary import Kind

OPEN = "（待填）"
"""What a stub's `record` says until somebody decides what the sentence means."""

WAYS = {"ask": "由人认定", "record": "登记备查", "note": "无须办理"}
"""The other things a sentence can be, besides a rule."""

# Words of a circular and the shapes they usually call for, the more telling ones first. Only a suggestion.
_TELLING: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"联系人|联系电话|联系方式|邮\s*箱|地址", ("note",)),
    (r"适当增加", ("ask",)),
    (r"^单位.*合计", ("quota_grid",)),
    (r"公示", ("public_notice",)),
    (r"倾斜|优先", ("priority_order", "tagged", "honoured")),
    (r"工会|其他途径|民政.{0,6}救助", ("aid",)),
    (r"不再重复|不.{0,6}重复|重复救助|重复申报", ("repeat_aid",)),
    (r"只给予最高|就高|最高.{0,6}一项", ("highest_only",)),
    (r"不属于|不纳入|不得列入|不予|除外|取消.{0,6}资格", ("ask", "main_cause", "flag")),
    (r"自行组织慰问|由各单位.{0,4}慰问", ("route_to_unit",)),
    (r"[人名].{0,4}(以下|以上|及以上|以内).{0,20}不超过", ("quota_by_headcount",)),
    (r"名额分配表|人数.*资金", ("quota_grid", "form")),
    (r"不超过\s*[0-9]+\s*名|[0-9]+\s*名.{0,4}以内", ("quota_range", "quota_by_unit_kind", "cap_total")),
    (r"名额|指标", ("quota_grid", "quota_apportion", "quota_open")),
    (r"(比例|[%％‰]).{0,12}(名|推荐|申报)", ("quota_by_rate",)),
    (r"[0-9]\s*[-—－~至]\s*[0-9]+\s*元", ("amount_range",)),
    (r"[0-9]\s*元.{0,20}[0-9]\s*元", ("amount_choice", "amount_steps", "amount_range")),
    (r"每户", ("amount_fixed", "household")),
    (r"标准\s*[0-9]|[0-9]\s*元\s*[/／]\s*人|每人\s*[0-9]", ("amount_fixed",)),
    (r"(比例|[%％]).{0,20}(救助|报销|给予|补助)", ("amount_actual", "amount_progressive")),
    (r"封顶|最高不超过", ("amount_actual", "amount_progressive")),
    (r"视情况|适当(给予|发放)|酌情", ("amount_open",)),
    (r"慰问品|实物", ("amount_in_kind",)),
    (r"划拨|党费|专款|专户|资金|捐", ("fund",)),
    (r"[0-9]\s*[日点].{0,6}前|期限|务必于", ("deadline",)),
    (r"[0-9]\s*日\s*至.{0,12}[0-9]\s*日", ("visit_window",)),
    (r"走访", ("visit_rule", "visit_window")),
    (r"证明|凭证|复印件|佐证", ("evidence",)),
    (r"《[^》]*(表|台账|花名册|册|卡)》|(登记|统计|审批|分配)表|花名册", ("form",)),
    (r"报告|报送.{0,6}情况|情况.{0,8}(上?报)", ("report",)),
    (r"研究|审定|初审|复审|审核|审批|摸底|支部大会|支委会|推荐|本人.{0,8}申请", ("step",)),
    (r"作废|废止|修改|同时停止", ("amendment",)),
    (r"最低生活保障|低保", ("cause", "flag", "household")),
    (r"人均|年收入|月收入", ("household", "number", "compare")),
    (r"党龄|年龄|周岁|年以上", ("number", "date")),
    (r"表彰|荣誉", ("honoured",)),
    (r"疾病|患病|事故|灾", ("cause", "main_cause")),
    (r"特别困难|生活困难|困难程度", ("degree_at_least", "cause")),
    (r"书记|工作队|老党员|老干部|伤残|牺牲|殉职|志愿者", ("tagged", "ask")),
    (r"家属|群众|党员", ("one_of", "ask")),
)
_AT_MOST = 3


@dataclass(frozen=True)
class Stub:
    """A sentence nobody has decided on yet, with the shapes whose words it resembles."""

    clause_id: str
    cite: str
    text: str
    nearest: tuple[str, ...]

    def sentence(self) -> str:
        """Return the stub as one line of Chinese."""
        names = "、".join(f"{label_of(name)}（{name}）" for name in self.nearest)
        words = self.text if len(self.text) <= 60 else f"{self.text[:60]}…"
        return f"条款 {self.clause_id}（{self.cite}）待填：“{words}”。相近的写法：{names}。"


@dataclass(frozen=True)
class Checked:
    """What a look at a pack found: `policy` is None where it cannot be used."""

    policy: Policy | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    stubs: tuple[Stub, ...]

    @property
    def done(self) -> bool:
        """Nothing is wrong and nothing is open (warnings may remain)."""
        return not self.problems and not self.stubs


def label_of(name: str) -> str:
    """Return the Chinese name of a shape, or of one of the other ways to settle a sentence."""
    return SHAPES[name].label if name in SHAPES else WAYS[name]


def nearest_shapes(text: str) -> tuple[str, ...]:
    """Return up to three shapes (or `ask`, `record`, `note`) whose words a sentence uses; `record` where none."""
    found: dict[str, None] = {}
    for words, names in _TELLING:
        if re.search(words, text):
            found |= dict.fromkeys(names)
    return tuple(found)[:_AT_MOST] or ("record",)


def open_stubs(pack: Policy | Mapping[str, Any]) -> tuple[Stub, ...]:
    """Return the stubs of a loaded pack, or of the bare contents of a `policy.toml` that does not load yet."""
    if isinstance(pack, Policy):
        rows = [(c.id, c.cite, c.words, c.record) for c in pack.clauses]
    else:
        rows = [_raw_row(row) for row in pack.get("clause", ()) if isinstance(row, Mapping)]
    return tuple(
        Stub(clause_id, cite, words, nearest_shapes(words))
        for clause_id, cite, words, record in rows
        if record.startswith(OPEN)
    )


def _raw_row(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    text = row.get("text", "")
    words = text if isinstance(text, str) else "…".join(str(piece) for piece in text)
    return str(row.get("id", "")), str(row.get("cite", "")), words, str(row.get("record", ""))


def check_pack(path_or_id: str | Path) -> Checked:
    """Load a pack and say everything: problems that stop it, warnings, and the stubs that are still open."""
    try:
        policy = load_policy(path_or_id)
    except PolicyError as error:
        return Checked(None, error.problems, (), open_stubs(_raw(Path(path_or_id) / "policy.toml")))
    return Checked(policy, (), policy.warnings, open_stubs(policy))


def _raw(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def new_pack(folder: str | Path, text: str, *, pack_id: str, title: str = "", issued_on: date | None = None) -> Path:
    """Write a pack for a circular: its text, its hash, and a stub clause for every sentence.

    Issuer and document number are read from the text, and title and date where they are not given.

    Args:
        folder: The folder to write, named like `pack_id` so that the pack is found by its id.
        text: The circular, as received; it is stored unchanged.
        pack_id: Lower-case letters, digits and hyphens, e.g. "shili-2024".
        title: As printed.
        issued_on: The date of issue; its year is the year of the round until somebody changes it.

    Returns:
        The path of the new `policy.toml`.

    Raises:
        PolicyError: The folder holds a pack already, the id will not do, or title or date are not found.
    """
    path = Path(folder) / "policy.toml"
    head = head_of(text)
    title, day = title or head.title, issued_on or head.issued_on
    written = sentences(text)
    problems = [
        Problem(message, remedy, file="policy.toml")
        for wrong, message, remedy in (
            (path.exists(), "这个文件夹里已有 policy.toml，不覆盖", "换一个文件夹，或先移走旧的"),
            (
                not re.fullmatch(r"[a-z0-9][a-z0-9-]*", pack_id),
                f"编号“{pack_id}”不合格式",
                "只用小写字母、数字和连接符，如 shili-2024",
            ),
            (not title, "通知中没有找到标题", "写明标题"),
            (day is None, "通知中没有找到印发日期", "写明印发日期，如 2024-01-05"),
            (not written, "通知中没有一句话", "核对是不是选错了文件"),
        )
        if wrong
    ]
    if problems or day is None:
        raise PolicyError(tuple(problems))
    source = text.encode()
    facts: dict[str, Any] = {"id": pack_id, "title": title, "issuer": head.issuer, "number": head.number}
    facts |= {"issued_on": day, "year": day.year, "source_sha256": sha256(source)}
    clauses = _stubs(written)
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "source.txt").write_bytes(source)
    path.write_bytes(pack_text({"policy": facts, "clause": clauses}, comments=_hints(clauses, written)).encode())
    return path


def _hints(clauses: list[dict[str, Any]], written: list[Sentence]) -> dict[str, str]:
    """Return the line that stands beside each stub in the file."""
    return {
        clause["id"]: "相近的写法：" + "、".join(f"{name}（{label_of(name)}）" for name in nearest_shapes(one.words))
        for clause, one in zip(clauses, written, strict=True)
        if "record" in clause
    }


def _stubs(written: list[Sentence]) -> list[dict[str, Any]]:
    clauses: list[dict[str, Any]] = []
    for one in written:
        annex = "" if not one.annex else "F" if one.annex == "0" else f"A{one.annex}."
        clause_id = annex + ".".join(str(part) for part in one.number)
        clause: dict[str, Any] = {"id": clause_id, "cite": one.cite}
        if contact := re.match(r"联系人|联系电话|联系方式|邮\s*箱|电子邮箱|地\s*址", one.words):
            # Names and telephone numbers stay out of the clauses.
            what = {"text": contact[0], "kind": Kind.PRIVACY.value}
            clause |= what | {"note": "联系方式由本单位自行掌握，不写入条款。"}
        else:
            clause |= {"text": one.text[0] if len(one.text) == 1 else list(one.text), "kind": Kind.RECORD.value}
            clause["record"] = OPEN
        clauses.append(clause)
    return clauses
