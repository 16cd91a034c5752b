"""Who is asking, and whether the question comes through our own guard.

An `Actor` is handed to every command; commands check role, unit, state and limit themselves, because every
widget value in a browser can be forged (`docs/architecture.md`). Accounts and passwords come later: until then
the guard gives each browser one of the two actors at the end of this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from casework.vocabulary import Role

# Only the guard writes this key into `scope["user"]`; bare marimo sends `{"username": …}` or nothing.
_MARK: Final = "casework_guard"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person on whose behalf a command runs.

    Attributes:
        id: Stable identifier, written into the audit log.
        name: As printed, e.g. 本机经办.
        role: What this person may do.
        units: Unit ids this person may see; `None` means every unit, an empty set none.
    """

    id: str
    name: str
    role: Role
    units: frozenset[str] | None = None

    def may_write(self) -> bool:
        """Say whether this person may change anything at all."""
        return self.role is not Role.VIEWER

    def may_see(self, unit_id: str) -> bool:
        """Say whether cases of `unit_id` are within this person's scope."""
        return self.units is None or unit_id in self.units


LOCAL_OFFICER: Final = Actor(id="local", name="本机经办", role=Role.OFFICER)
LOCAL_VIEWER: Final = Actor(id="local-viewer", name="只读访客", role=Role.VIEWER)


def to_user(actor: Actor) -> dict[str, Any]:
    """Return `actor` as the JSON-like mapping the guard puts into `scope["user"]`."""
    units = None if actor.units is None else sorted(actor.units)
    return {_MARK: True, "id": actor.id, "name": actor.name, "role": actor.role.name, "units": units}


def is_guarded(request_user: object) -> bool:
    """Say whether a page runs behind our guard.

    Args:
        request_user: `mo.app_meta().request.user`, or `None` where there is no request.

    Returns:
        False under bare `marimo run`, `marimo edit` and `app.run()`: there a worksheet on a real ledger shows
        unit × category figures only and loads no case rows.
    """
    return isinstance(request_user, Mapping) and request_user.get(_MARK) is True


def actor_of(request_user: object, *, demo: bool = False) -> Actor:
    """Return who is asking on the current request.

    Call it when the deed is done, not when the button is drawn: marimo keeps the *last* request only.

    Args:
        request_user: `mo.app_meta().request.user`, or `None`.
        demo: The ledger is the demo ledger, so bare marimo may act as the local officer too.

    Returns:
        The guard's actor; without the guard, on a real ledger, a viewer who sees no unit, so that a forgotten
        check refuses.
    """
    if not (isinstance(request_user, Mapping) and is_guarded(request_user)):
        if demo:
            return LOCAL_OFFICER
        return Actor(id="unguarded", name="未经登录", role=Role.VIEWER, units=frozenset())
    units = request_user["units"]
    return Actor(
        id=str(request_user["id"]),
        name=str(request_user["name"]),
        role=Role[str(request_user["role"])],
        units=None if units is None else frozenset(str(unit) for unit in units),
    )
