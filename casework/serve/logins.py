"""Browser logins without accounts: an invitation in the opened address, exchanged for a signed cookie.

The cookie holds a random login id, the time it was issued and an HMAC. It is what sessions and files are bound
to, so two browsers are two logins even where both act as the same person.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_AGE_S: Final = 12 * 3600  # a working day; a page left open overnight asks again
_VALUE = re.compile(r"([0-9a-f]{32})\.([0-9]{10})\.([0-9a-f]{64})")


class Logins:
    """Mints invitations and signs, verifies and names the login cookie."""

    def __init__(self, secret: bytes, *, reusable: bool) -> None:
        """Set up.

        Args:
            secret: Key of the cookie's HMAC, at least 16 bytes.
            reusable: Whether an invitation may open more than one browser (served), or only one (local).

        `on_used` may be set to hand out the next invitation.
        """
        if len(secret) < 16:
            raise ValueError("the cookie secret needs at least 16 bytes")
        self._secret = secret
        self._reusable = reusable
        self._invitations: set[str] = set()
        self.on_used: Callable[[], None] = lambda: None
        # Cookies do not know ports: two servers on one machine must not overwrite each other's login.
        self.cookie_name: Final = "casework_" + self._sign("cookie-name")[:8]

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def invite(self) -> str:
        """Return a new secret for the address that is opened: `/?t=<secret>`."""
        token = secrets.token_urlsafe(24)
        self._invitations.add(token)
        return token

    def redeem(self, token: str) -> str | None:
        """Exchange an invitation for a cookie value, or return `None` where it is unknown or already used."""
        found = next((known for known in self._invitations if hmac.compare_digest(known, token)), None)
        if found is None:
            return None
        if not self._reusable:
            self._invitations.discard(found)
            self.on_used()
        login, issued = secrets.token_hex(16), f"{int(time.time()):010d}"
        return f"{login}.{issued}.{self._sign(f'{login}.{issued}')}"

    def verify(self, cookie_header: str) -> str | None:
        """Return the login id of a request's `Cookie` header, or `None`.

        Two cookies of our name are refused: a neighbour on another port could have planted one of them.
        """
        pairs = (part.strip().partition("=") for part in cookie_header.split(";"))
        values = [value for name, _, value in pairs if name == self.cookie_name]
        match = _VALUE.fullmatch(values[0]) if len(values) == 1 else None
        if match is None:
            return None
        login, issued, signature = match.groups()
        if not hmac.compare_digest(signature, self._sign(f"{login}.{issued}")):
            return None
        return login if 0 <= time.time() - int(issued) + 60 <= MAX_AGE_S + 60 else None

    def set_cookie(self, value: str, *, secure: bool) -> str:
        """Return the `Set-Cookie` header for a cookie value from `redeem`."""
        flags = "; Secure" if secure else ""
        return f"{self.cookie_name}={value}; Path=/; HttpOnly; SameSite=Strict{flags}"
