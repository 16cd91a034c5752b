"""催报名单: who still owes what, as text to copy into a message; no person's name and no reason stands in it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time

import polars as pl
from sqlmodel import Session

from casework.access import Actor
from casework.dates import SHANGHAI, chinese
from casework.ledger import policy_of
from casework.people.packages import package_grid
from casework.shapes.procedure import Deadline

OPEN = ("missing", "overdue", "returned")
_WHOLE_DAY = time(23, 59)


def chasing_text(session: Session, *, round_id: str, actor: Actor, now: datetime) -> str:
    """Return who is missing what, deadline by deadline, the units in 机构顺序.

    What went back says so without the reason: the text goes to every unit at once.

    Args:
        session: A session on the ledger.
        round_id: The round.
        actor: Sees his units.
        now: When it is asked.

    Returns:
        Lines without a trailing line break; one sentence where nothing is open or the circular has no deadline.
    """
    policy = policy_of(session, round_id)
    clauses = {clause.id: (clause, shape) for clause, shape in policy.of_shape(Deadline)}
    if not clauses:
        return "通知没有规定报送期限。"
    grid = package_grid(session, round_id=round_id, actor=actor, now=now)
    owed: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in grid.filter(pl.col("state").is_in(OPEN)).iter_rows(named=True):
        owed[row["clause_id"]][row["unit_id"]].append((row["item"], row["reason"]))
    if grid.is_empty():
        return "这一轮还没有您范围内的单位。"
    if not owed:
        return "各单位材料已报齐，没有要催报的。"
    names = dict(grid.select("unit_id", "unit").iter_rows())
    local = now.astimezone(SHANGHAI)
    lines = [f"{policy.round_title}催报名单（截至{chinese(local.date())}{local:%H:%M}）"]
    asked = {row["clause_id"]: row["due_at"] for row in grid.iter_rows(named=True)}
    for clause_id in sorted(owed, key=lambda each: (asked[each], list(clauses).index(each))):
        _, shape = clauses[clause_id]
        items = len(dict.fromkeys((*shape.deliverables, *shape.needs)))
        lines.append(_head(shape, asked[clause_id], local))
        lines += [f"  {names[unit]}：{_lacking(open_, items)}" for unit, open_ in owed[clause_id].items()]
        lines.append(f"  共 {len(owed[clause_id])} 个单位。")
    return "\n".join(lines)


def _head(shape: Deadline, due: datetime, now: datetime) -> str:
    hour = "" if due.time() == _WHOLE_DAY else f"{due:%H:%M}"
    to = f"报{shape.receiver}" if shape.receiver else "报送"
    days = (now.date() - due.date()).days
    if now > due:
        left = f"已逾期 {days} 天" if days else "今天已逾期"
    else:
        left = "今天到期" if not days else f"还有 {-days} 天"
    return f"{chinese(due.date())}{hour}前{to}（{left}）"


def _lacking(open_: list[tuple[str, str]], items: int) -> str:
    if len(open_) == items and not any(reason for _, reason in open_):
        return "全部未报"
    new = [item for item, reason in open_ if not reason]
    back = [item for item, reason in open_ if reason]
    said = [f"缺{'、'.join(new)}"] if new else []
    if back:
        said.append(f"{'、'.join(back)}已退回，待重报")
    return "；".join(said)
