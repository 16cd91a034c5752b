"""What a policy pack is once it is loaded: frozen, typed, with the clause's own words beside every number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from casework.problems import Problem
from casework.shapes import Shape
from casework.vocabulary import Beneficiary, Force, Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True)
class Category:
    """A money category of the circular: one column pair of the quota table.

    `beneficiaries` are the kinds of people it is meant for; empty means the circular does not say.
    """

    id: str
    label: str
    caption: str = ""
    beneficiaries: tuple[Beneficiary, ...] = ()
    aid: str = "visit"
    source: str = ""


@dataclass(frozen=True)
class Field:
    """A value of a case that only this pack asks for; `kind` says how it is read and stored."""

    id: str
    label: str
    kind: str  # "fen" | "count" | "flag" | "date" | "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A number that changes with time, such as the minimum living allowance line."""

    id: str
    label: str
    unit: str  # "fen" | "count"
    values: tuple[tuple[date, int], ...]  # (first day, value), ascending
    source: str = ""

    def on(self, day: date) -> int | None:
        """Return the value in force on `day`; None before the first one (unknown, not 0)."""
        current = None
        for first, value in self.values:
            if first <= day:
                current = value
        return current


@dataclass(frozen=True)
class Group:
    """Clauses (or other groups) that are weighed together."""

    id: str
    mode: str  # "any_of" | "all_of" | "at_least"
    members: tuple[str, ...]
    count: int = 0
    label: str = ""
    for_categories: tuple[str, ...] = ()
    for_paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clause:
    """One operative sentence: the circular's words and what they mean to us.

    Exactly one of `shape` (computed), `ask` (a person's judgement), `record` (stored and printed) and `note`
    (nothing to do, and why) is set.
    """

    id: str
    cite: str
    text: tuple[str, ...]
    kind: Kind
    force: Force
    subject: Subject
    pack_id: str
    label: str = ""
    shape: Shape | None = None
    ask: str = ""
    reading: str = ""
    record: str = ""
    note: str = ""
    excepts: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    for_categories: tuple[str, ...] = ()
    for_paths: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def words(self) -> str:
        """Return the sentence as one line; … joins the fragments of a broken source."""
        return "…".join(self.text)

    def in_force(self, day: date) -> bool:
        """Tell whether the clause applies on `day`, both ends included."""
        begun = self.effective_from is None or self.effective_from <= day
        return begun and (self.effective_to is None or day <= self.effective_to)

    def applies_to(self, category: str | None, path: str | None) -> bool:
        """Tell whether the clause speaks of such a case."""
        return (not self.for_categories or category in self.for_categories) and (
            not self.for_paths or path in self.for_paths
        )


@dataclass(frozen=True)
class Policy:
    """A circular as data. `digest` covers the bytes of the pack and of every parent."""

    id: str
    title: str
    issuer: str
    number: str
    issued_on: date
    round_title: str
    year: int
    parent: str
    basis: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]  # (id, label); empty: one path
    categories: tuple[Category, ...]
    fields: tuple[Field, ...]
    parameters: tuple[Parameter, ...]
    clauses: tuple[Clause, ...]
    groups: tuple[Group, ...]
    source_text: str
    digest: str
    warnings: tuple[Problem, ...] = ()
    _by_id: Mapping[str, Clause] = field(default_factory=dict, repr=False, compare=False)

    def clause(self, clause_id: str) -> Clause:
        """Return a clause by id.

        Raises:
            KeyError: No clause has this id.
        """
        return self._by_id[clause_id]

    def category(self, category_id: str) -> Category:
        """Return a category by id.

        Raises:
            KeyError: No category has this id.
        """
        for category in self.categories:
            if category.id == category_id:
                return category
        raise KeyError(category_id)

    def parameter(self, parameter_id: str) -> Parameter:
        """Return a dated parameter by id.

        Raises:
            KeyError: No parameter has this id.
        """
        for parameter in self.parameters:
            if parameter.id == parameter_id:
                return parameter
        raise KeyError(parameter_id)

    def of_shape(self, shape: type[S]) -> Iterator[tuple[Clause, S]]:
        """Yield every clause of a shape with its parameters, in the order of the pack."""
        for clause in self.clauses:
            if isinstance(clause.shape, shape):
                yield clause, clause.shape

    def of_kind(self, *kinds: Kind) -> Iterator[Clause]:
        """Yield the clauses of these kinds, in the order of the pack."""
        return (clause for clause in self.clauses if clause.kind in kinds)
