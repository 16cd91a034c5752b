"""Policy packs: a circular as typed, frozen data (the only place that opens a pack)."""

from __future__ import annotations

from casework.policy.fields import BUILT_IN, known_fields
from casework.policy.load import PACK_FILES, PackBytes, digest_of, load_policy, pack_folders, parse_pack, read_pack
from casework.policy.pack import Category, Clause, Field, Group, Parameter, Policy

__all__ = [
    "BUILT_IN",
    "PACK_FILES",
    "Category",
    "Clause",
    "Field",
    "Group",
    "PackBytes",
    "Parameter",
    "Policy",
    "digest_of",
    "known_fields",
    "load_policy",
    "pack_folders",
    "parse_pack",
    "read_pack",
]
