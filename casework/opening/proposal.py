"""Everything one click would write, what it comes to, and what still stands in its way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Engine
from sqlmodel import Session

from casework.access import Actor
from casework.allocation import Parameters
from casework.comparison import Assessed
from casework.facts import Facts
from casework.frames import UNITS
from casework.ledger import Result, open_round
from casework.ledger.rounds import register
from casework.models import Round, Unit
from casework.money import yuan
from casework.opening.answers import Answers, TypedHead, changes_of, said
from casework.opening.incoming import Basis, Incoming
from casework.policy import PackBytes, Policy, parse_pack
from casework.policy.reuse import Circular, renew, unsupported
from casework.problems import PolicyError, Refused
from casework.shapes.limits import QuotaGrid


@dataclass(frozen=True, eq=False)
class Proposal:
    """Everything one click would write, or what still stands in its way.

    Attributes:
        missing: What has to be put right first, each a sentence; empty means ready.
        warnings: To be looked at by a person.
        facts: What it comes to: label → words, in order.
    """

    round_id: str = ""
    title: str = ""
    as_of: date | None = None
    packs: PackBytes | None = None
    from_round: str | None = None
    units: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Tell whether it may be written."""
        return self.packs is not None and not self.missing


def propose_as_it_is(basis: Basis, answers: Answers, session: Session) -> Proposal:
    """Return a round on the circular as it stands."""
    missing: list[str] = []
    head = TypedHead(answers.head, missing, renewed=False)
    return _propose(basis, basis.packs, head, missing, [], session)


def propose(incoming: Incoming, answers: Answers, session: Session) -> Proposal:
    """Return a round on the renewed pack."""
    basis = incoming.basis
    missing = [said(problem, basis.policy) for problem in incoming.problems]
    head = TypedHead(answers.head, missing, renewed=True)
    changes = changes_of(incoming, answers, missing)
    if basis.has_grid and incoming.grid is None:
        missing.append("还没有新的名额分配表：上传附件的表格（xlsx），或把表格连同正文一起粘贴")
    packs, warnings = None, list[str]()
    if not missing and head.issued_on is not None:
        circular = Circular(
            _pack_id(basis.policy, head.year),
            head.text("title"),
            head.text("issuer"),
            head.text("number"),
            head.issued_on,
            head.text("round_title"),
            head.year,
            incoming.text,
        )
        try:
            packs = renew(basis.packs, circular, changes)
            policy = parse_pack(packs)
            warnings = [said(problem, policy) for problem in (*unsupported(policy, packs), *policy.warnings)]
        except PolicyError as error:
            missing += [said(problem, basis.policy) for problem in error.problems]
    return _propose(basis, packs, head, missing, warnings, session)


def start(engine: Engine, proposal: Proposal, *, actor: Actor, now: datetime, key: str) -> Result:
    """Open the round: one command.

    Raises:
        Refused: Something is still missing; or as `ledger.open_round`.
        PolicyError: As `ledger.open_round`.
    """
    if not proposal.ready:
        raise Refused("not_ready", "这一轮还不能开始：" + "；".join(proposal.missing))
    return open_round(
        engine,
        round_id=proposal.round_id,
        title=proposal.title,
        policy=proposal.packs,
        from_round=proposal.from_round,
        as_of=proposal.as_of,
        units=proposal.units,
        actor=actor,
        now=now,
        key=key,
    )


def _pack_id(policy: Policy, year: int) -> str:
    """Return the id of the renewed pack: last year's with the new year in place of the old."""
    stem = re.sub(r"-(?:19|20)[0-9]{2}(?:-[0-9]+)?$", "", policy.id)
    fresh = f"{stem}-{year}"
    return fresh if fresh != policy.id else f"{fresh}-2"


def _propose(  # noqa: PLR0913, PLR0917 - the one place where all of it meets
    basis: Basis,
    packs: PackBytes | None,
    head: TypedHead,
    missing: list[str],
    warnings: list[str],
    session: Session,
) -> Proposal:
    known = register(session)
    policy = parse_pack(packs) if packs is not None else basis.policy
    listed = _listed(policy)
    chosen = _taking_part(listed, basis, known)
    count = Counter(unit.name for unit in chosen)
    absent = [name for name in listed if not count[name]]
    twice = [name for name in listed if count[name] > 1]
    if not known:
        missing.append("单位名录还是空的：请先到“单位名录”导入")
    elif absent and packs is not None:
        missing.append(f"名额分配表里的单位不在单位名录中：{'、'.join(absent)}。请先补进名录，或核对名称")
    if twice:
        missing.append(f"名录里有同名的单位，名额会重复计算：{'、'.join(twice)}。请先改名")
    if head.text("round_id") and session.get(Round, head.text("round_id")) is not None:
        missing.append(f"编号“{head.text('round_id')}”已经用过，请换一个")
    facts = {} if packs is None or missing else _facts(policy, chosen, head.as_of)
    return Proposal(
        round_id=head.text("round_id"),
        title=head.text("round_title"),
        as_of=head.as_of,
        packs=packs,
        from_round=basis.from_round,
        units=tuple(unit.unit_id for unit in chosen) if listed or basis.units else (),
        missing=tuple(dict.fromkeys(missing)),
        warnings=tuple(warnings),
        facts=facts,
    )


def _listed(policy: Policy) -> list[str]:
    """Return the units that the circular's own table names."""
    return list(dict.fromkeys(name for _, shape in policy.of_shape(QuotaGrid) for name in shape.places))


def _taking_part(listed: Sequence[str], basis: Basis, known: Sequence[Unit]) -> list[Unit]:
    """Return the units of the table; without a table those of the earlier round, else all."""
    before = [unit for unit in known if unit.unit_id in basis.units] or list(known)
    if not listed:
        return before
    count = Counter(unit.name for unit in before)
    # Of two units with one name, the one that took part before.
    return [unit for unit in known if unit.name in listed and (not count[unit.name] or unit in before)]


def _facts(policy: Policy, units: Sequence[Unit], as_of: date | None) -> dict[str, str]:
    """Return what the round comes to before anybody is nominated."""
    rows = [{name: getattr(unit, name) for name in UNITS} for unit in units]
    known = Facts.build(as_of=as_of or policy.issued_on, units=rows)
    result = Assessed.of(known, policy).allocate(Parameters())
    found = {"参加单位": f"{len(units)} 个", "条款": f"{len(policy.clauses)} 条"}
    if result.totals["places"]:
        found["名额"] = f"{result.totals['places']} 个"
    if result.totals["amount_fen"]:
        found["按标准需要"] = f"{yuan(result.totals['amount_fen'])} 元"
    if result.balance_fen is not None:
        found["资金结余"] = f"{yuan(result.balance_fen)} 元"
    return found | {"类别": "、".join(category.label for category in policy.categories)}
