"""What the forms about one person say of him: himself, his household, the opinions of the chain, why he was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Relative:
    """One person of the household; "" and None: not recorded. `income_fen` is of a year."""

    name: str = ""
    relation: str = ""
    age: int | None = None
    work: str = ""
    employment: str = ""
    income_fen: int | None = None


@dataclass(frozen=True)
class Opinion:
    """What one body of the chain says, or the empty box for it.

    Attributes:
        label: Whose opinion, e.g. 党支部初审意见.
        words: As it was recorded; "" while it is not.
        signer: Who signed, where that is recorded.
        on: The day.
    """

    label: str
    words: str = ""
    signer: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Applicant:
    """One person as the forms see him; "" and None: not recorded, to be filled in by hand.

    Attributes:
        position: 职务.
        card: The account money goes to: masked, unless it was opened.
        holder: Whose it is, where it is not the person's own.
        consent_on: When he signed for that.
        dibao: 是否低保.
        causes: 困难情况及原因.
        conditions: The conditions that hold, in the circular's places and words.
        aid: What other help he had.
        papers: What he handed in.
        decided_fen: What the list in force gives him.
        opinions: In the order of the chain.
    """

    name: str = ""
    sex: str = ""
    ethnicity: str = ""
    born_on: date | None = None
    joined_on: date | None = None
    started_on: date | None = None
    unit: str = ""
    branch: str = ""
    position: str = ""
    address: str = ""
    phone: str = ""
    card: str = ""
    holder: str = ""
    relation: str = ""
    consent_on: date | None = None
    monthly_pay_fen: int | None = None
    housing: str = ""
    family_income_fen: int | None = None
    size: int | None = None
    dibao: bool | None = None
    category: str = ""
    causes: str = ""
    conditions: str = ""
    aid: str = ""
    papers: str = ""
    requested_fen: int | None = None
    decided_fen: int | None = None
    relatives: tuple[Relative, ...] = ()
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True)
class Ground:
    """One line of 认定依据说明: a clause with what was read, a paper that was seen, a judgement of a body."""

    section: str
    cite: str
    words: str
    said: str
    result: str = ""


@dataclass(frozen=True)
class Basis:
    """Why one person was found to meet the circular, or not."""

    name: str = ""
    unit: str = ""
    branch: str = ""
    category: str = ""
    outcome: str = ""
    grounds: tuple[Ground, ...] = ()
