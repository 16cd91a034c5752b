"""A round in the making: from last year's pack and this year's circular to the one command that opens it.

Nothing is taken over silently. A number is carried on only while the words beside it still stand in the new text;
where they do not, a person points to the new words and writes the new number. What is still open is said as a list.
"""

from __future__ import annotations

from casework.opening.answers import DROP, NEAREST, OWN, Answers, read_setting, said, suggested, typed
from casework.opening.incoming import Basis, Incoming, Upload, basis_names, basis_of, read_incoming
from casework.opening.proposal import Proposal, propose, propose_as_it_is, start

__all__ = [
    "DROP",
    "NEAREST",
    "OWN",
    "Answers",
    "Basis",
    "Incoming",
    "Proposal",
    "Upload",
    "basis_names",
    "basis_of",
    "propose",
    "propose_as_it_is",
    "read_incoming",
    "read_setting",
    "said",
    "start",
    "suggested",
    "typed",
]
