"""Files that take minutes: they are made beside the page, which shows how far they are and can call them off.

A page stands still while one of its cells runs, so a long file is made in a thread of its own. One officer has one such
file of a round in the making at a time; it goes on when the page is closed, and is found again when it is opened.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from casework.problems import Refused
from casework.views.cases.desk import CaseDesk
from casework.views.html import card, esc, failure, note, shown, tag
from casework.views.panels import toolbar

_lock = threading.Lock()


@dataclass(eq=False)
class Job:
    """One file in the making.

    Attributes:
        title: What is made.
        done: How many steps are done.
        many: Of how many; 0 before that is known.
        what: The step in hand.
        outcome: HTML once it has ended: the link, or why there is none.
        cancelled: It was called off, and ends at its next step.
    """

    title: str
    done: int = 0
    many: int = 0
    what: str = ""
    outcome: str = ""
    cancelled: bool = False
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def running(self) -> bool:
        """Tell whether it has not ended yet."""
        return not self._ended.is_set()

    def told(self, done: int, many: int, what: str = "") -> bool:
        """Take down how far it is, and tell whether it is to go on."""
        self.done, self.many, self.what = done, many, what
        return not self.cancelled

    def reached(self, done: int, many: int) -> None:
        """Take down how many copies are laid out.

        Raises:
            Refused: `cancelled`.
        """
        if not self.told(done, many, f"第 {done} 份" if done < many else "写成一个文件"):
            raise Refused("cancelled", "已取消，没有生成")

    def cancel(self) -> None:
        """Call it off."""
        self.cancelled = True

    def wait(self, within_s: float) -> bool:
        """Wait for its end, and tell whether it came."""
        return self._ended.wait(within_s)

    def end(self, outcome: str) -> None:
        """Say what came of it."""
        self.outcome = outcome
        self._ended.set()


_jobs: dict[Hashable, Job] = {}


def _key(desk: CaseDesk) -> Hashable:
    return str(desk.engine.url), desk.actor.id, desk.round_id


def job_of(desk: CaseDesk) -> Job | None:
    """Return the latest file of whoever asks, in the making or made; None where there is none."""
    with _lock:
        return _jobs.get(_key(desk))


def begin(desk: CaseDesk, title: str, make: Callable[[Job], str]) -> Job:
    """Make a file beside the page.

    Args:
        desk: The round, for whom it is made.
        title: What is made.
        make: Makes it, telling the job how far it is, and returns HTML.

    Raises:
        Refused: `busy`: another one is in the making.
    """
    job = Job(title)
    with _lock:
        before = _jobs.get(_key(desk))
        if before is not None and before.running:
            raise Refused("busy", f"正在生成{before.title}，请等它做完，或先取消")
        _jobs[_key(desk)] = job

    def run() -> None:
        try:
            outcome = make(job)
        except Exception as error:  # noqa: BLE001 - the page says it, the log has the type
            outcome = note(failure(error), "warn")
        job.end(outcome)

    threading.Thread(target=run, name="casework-paper", daemon=True).start()
    return job


@shown
def job_panel(job: Job | None, controls: str) -> str:
    """Return how far a file is with its controls (HTML), or what came of it; "" where none was begun."""
    if job is None:
        return ""
    if not job.running:
        return card(job.title, job.outcome)
    if job.cancelled:
        return card(job.title, note("正在取消…做完手上这一份就停。"), controls)
    told = f"{job.what}（{job.done}/{job.many}）" if job.many else "正在准备…"
    bar = tag("progress", "", value=str(job.done), max=str(max(job.many, 1)))
    said = tag("span", esc(told), "cw-muted")
    return card(job.title, toolbar(bar, said, controls), muted="可以离开这一栏去办别的，做完再回来取")
