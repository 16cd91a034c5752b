"""Names of files that leave, 单位_表名_日期, safe on Windows, and many files as one archive with the same bytes."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from datetime import date

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_MOST_SIGNS = 60


def file_name(*parts: str, on: date, suffix: str = "") -> str:
    r"""Return the parts and the day as a file name; a part without a sign that may stand in one is left out.

    >>> file_name("示例镇/东", "花名册", on=date(2020, 1, 30), suffix="pdf")
    '示例镇东_花名册_20200130.pdf'
    >>> file_name("", "..\u202e登记表 .", on=date(2020, 1, 30))
    '登记表_20200130'
    """
    bare = [_bare(part) for part in parts]
    stem = "_".join([*(part for part in bare if part), f"{on:%Y%m%d}"])
    return f"{stem}.{suffix}" if suffix else stem


def _bare(part: str) -> str:
    """Return a part without what a file system forbids, and without signs that turn the writing around."""
    seen = "".join(sign for sign in part if unicodedata.category(sign) not in ("Cf", "Cs", "Co", "Cn"))
    return re.sub(r"\s+", " ", _NOT_IN_NAMES.sub("", seen)).strip(" .")[:_MOST_SIGNS].strip(" .")


def told_apart(names: Iterable[str]) -> list[str]:
    """Return file names of which no two are the same on Windows: nobody's file may be lost.

    >>> told_apart(["甲.pdf", "乙.pdf", "甲.pdf"])
    ['甲.pdf', '乙.pdf', '甲（2）.pdf']
    """
    taken: set[str] = set()
    found: list[str] = []
    for name in names:
        stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
        free, number = name, 1
        while free.casefold() in taken:
            number += 1
            free = f"{stem}（{number}）{dot}{suffix}"
        taken.add(free.casefold())
        found.append(free)
    return found


def archive(files: Iterable[tuple[str, bytes]], *, on: date) -> bytes:
    """Return (name, content) as .zip; the day stands in the archive, so the same files give the same bytes."""
    listed = list(files)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, (_, content) in zip(told_apart(name for name, _ in listed), listed, strict=True):
            entry = zipfile.ZipInfo(name, date_time=(on.year, on.month, on.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # the same bytes on every system
            packed.writestr(entry, content)
    return target.getvalue()
