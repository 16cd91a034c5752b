"""The command line: parse, call one function of the package, print.

Exit codes: 0 done; 1 findings, or refused; 2 the command was written wrongly. What a command finds goes to standard
output, what it has to say to the person to standard error. Everything heavy is imported inside the commands, so
that `casework --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

import typer

from casework.cli import (
    after,
    allocating,
    attaching,
    borrowing,
    calendars,
    casefile,
    contested,
    held,
    importing,
    issuing,
    ledgers,
    meetings,
    moneys,
    packages,
    papers,
    pay,
    people,
    policies,
    publish,
    review,
    rounds,
    scenarios,
    visits,
)
from casework.cli.chinese import ChineseGroup, ChineseTyper, usage_sentence
from casework.cli.common import Usage, say
from casework.problems import CaseworkError

ORDER = (
    *("init", "serve", "policy", "round", "unit", "calendar", "package", "import", "import-list", "import-withdraw"),
    *("attach", "scan", "evidence", "assess", "review", "allocate", "apportion", "scenario", "publish", "pay"),
    *("people", "list", "layout", "fill", "issue", "issued", "reprint", "verify", "bundle", "check"),
)
"""The commands as an office needs them: from the ledger and the circular to the papers; the help lists them so."""


class _Top(ChineseGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = ChineseTyper(cls=_Top, name="casework", help="困难党员慰问救助：从收表到签收的全过程。", no_args_is_help=True)
ledgers.attach(app)
app.add_typer(policies.app, name="policy")
app.add_typer(rounds.app, name="round")
app.add_typer(rounds.units, name="unit")
importing.attach(app)
allocating.attach(app)
app.add_typer(scenarios.app, name="scenario")
review.app.add_typer(meetings.app)
review.app.add_typer(casefile.app)
review.app.add_typer(contested.objections, name="objection")
review.app.add_typer(contested.instructions, name="instruction")
app.add_typer(review.app, name="review")
app.add_typer(publish.app, name="publish")
pay.app.add_typer(moneys.app)
pay.app.add_typer(moneys.cards, name="card")
pay.app.add_typer(after.app)
pay.app.add_typer(visits.visits, name="visit")
app.add_typer(pay.app, name="pay")
people.app.add_typer(held.app)
app.add_typer(people.app, name="people")
app.add_typer(calendars.app, name="calendar")
app.add_typer(packages.app, name="package")
attaching.attach(app)
papers.attach(app)
issuing.attach(app)
borrowing.attach(app)
app.add_typer(borrowing.app, name="layout")


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="显示版本号", is_eager=True)] = False,
) -> None:
    pass


@cache
def _command() -> Any:
    """Return the tree of commands; Typer would read every signature anew each time it is called."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What stands behind `casework`; the process's own arguments by default.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        from importlib.metadata import version

        typer.echo(version("casework"))
        return 0
    try:
        result = _command()(given, prog_name="casework", standalone_mode=False)
    except typer.Abort:
        return 1
    except Usage as error:
        say(str(error))
        return 2
    except CaseworkError as error:
        say(error.sentence)
        return 1
    except Exception as error:
        sentence = usage_sentence(error)
        if sentence is None:
            raise
        say(sentence)
        return 2
    return result if isinstance(result, int) else 0
