"""One cell becomes one value, or a remark that says why not; never a different value without a word.

Nothing here raises: whatever stands in a cell, the answer is a value, nothing, or remarks.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from casework.dates import DoubtfulDate, PartialDate, is_unknown, parse_date
from casework.identity import DoubtfulNumber, parse_card, parse_id
from casework.intake.texts import MOST_LONG, MOST_SHORT, Remark, Severity, hold, note, read_text, warn
from casework.intake.words import CAUSES, FLAGS, MEMBERSHIPS, PEOPLES, RELATIONS, SEXES
from casework.money import parse_yuan
from casework.vocabulary import Beneficiary, Tag, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from casework.sheets import Cell


@dataclass(frozen=True)
class Read:
    """What a cell says: `value` is None where it says nothing, or nothing certain."""

    value: Any = None
    remarks: tuple[Remark, ...] = ()

    @property
    def held(self) -> bool:
        """Tell whether the row has to wait for this cell."""
        return bool(self.remarks) and any(remark.severity is Severity.HOLD for remark in self.remarks)


NOTHING: Final = Read()
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_PHONE: Final = re.compile(r"1[3-9][0-9]{9}|0[0-9]{2,3}[0-9]{7,8}|[2-8][0-9]{6,7}")
_UNSEEN: Final = " \u3000\t\r\n\u200b\ufeff\u00a0"
"""What nobody sees; a control character is not among them: it is a mistake somebody has to hear of."""
_EMPTY_WORDS: Final = frozenset({"", "/", "-", "—", "——", "\\", "、"})


def read_cell(kind: str, value: Cell, *, as_of: date, scale: int = 1, choices: Mapping[str, str] | None = None) -> Read:
    """Read one cell.

    Args:
        kind: As `columns.SheetColumn.kind`.
        value: The cell with the type the workbook gave it.
        as_of: The day against which an identity number is checked.
        scale: 10000 where the head says 万元.
        choices: Words → value, for `choice`, `category`, `path`.

    Returns:
        The value: a text, an int (fen, people, a rank), a bool, a `PartialDate`, an `IdNumber`, a `Card`, a list of
        phones, or an enumeration's value.
    """
    nothing = _nothing(kind, value)
    if nothing is not None:
        return nothing
    match kind:
        case "ignored" | "index":
            return NOTHING
        case "id":
            return _id(value, as_of)
        case "card":
            return _card(value)
        case "fen":
            return _fen(value, scale)
        case "date" | "later":
            return _date(value)
        case "count" | "rank":
            return _whole(value, least=1 if kind == "rank" else 0)
        case "phone":
            return _phone(value)
        case "long" | "members" | "address":
            return _text(value, MOST_LONG)
        case "address_phone":
            return _address_and_phone(value)
        case "span":
            return _span(value)
    reader = _WORDS.get(kind)
    if reader is not None:
        words = _text(value, MOST_SHORT)
        return words if words.value is None else _join(reader(words.value), words)
    if kind in {"choice", "category", "path", "unit"}:
        words = _text(value, MOST_SHORT)
        return words if words.value is None or choices is None else _join(_choice(words.value, choices), words)
    return _name(value) if kind in {"name", "relative"} else _text(value, MOST_SHORT)


_CLOSED: Final = frozenset({"id", "card", "phone", "address", "address_phone"})
"""What our own lists print masked: read back, it is nothing new about anybody."""


def _nothing(kind: str, value: Cell) -> Read | None:
    """Return what a blank or a masked cell is read as; None for a cell that says something."""
    if value is None or (isinstance(value, str) and not value.strip(_UNSEEN)):
        return NOTHING
    if kind in _CLOSED and isinstance(value, str) and "**" in unicodedata.normalize("NFKC", value):
        return Read(None, (note("是遮盖过的，没有读入；台账里有的不变，没有的请补报完整的"),))
    return None


def _join(read: Read, words: Read) -> Read:
    return Read(read.value, (*words.remarks, *read.remarks))


def plain(words: str) -> str:
    """Return words as they are compared with the words we know."""
    return "".join(unicodedata.normalize("NFKC", words).split())


# -- texts -----------------------------------------------------------------------------------------------------


def _text(value: Cell, most: int) -> Read:
    if isinstance(value, bool):
        value = "是" if value else "否"
    if isinstance(value, float | int):
        if isinstance(value, float) and not value.is_integer():
            return Read(repr(value))
        if abs(value) >= 10**15:
            return Read(None, (hold("存成了数字，末几位已被 Excel 改掉，无法恢复", "请把该列设为“文本”后重新录入"),))
        return Read(str(int(value)))
    if isinstance(value, date | datetime | time | timedelta):
        return Read(None, (hold("这一格是日期或时间，不是文字", "请改成文字"),))
    kept, said = read_text(str(value), most=most)
    return Read(kept or None, tuple(said))


def _name(value: Cell) -> Read:
    if not isinstance(value, str):
        return Read(None, (hold("姓名不是文字", "请填写姓名"),))
    read = _text(value, MOST_SHORT)
    if read.value is not None and re.fullmatch(r"[0-9０-９.,，、/\-\s]+", read.value):
        return Read(None, (*read.remarks, hold("姓名里只有数字或符号", "请填写姓名")))
    return read


def _from(words: Mapping[str, Term | None], allowed: str) -> Callable[[str], Read]:
    def read(text: str) -> Read:
        found = words.get(plain(text))
        return Read(found.value) if found is not None else Read(None, (hold("看不懂", f"可填：{allowed}"),))

    return read


def _flag(text: str) -> Read:
    found = FLAGS.get(plain(text))
    return Read(None, (hold("看不懂", "可填：是、否"),)) if found is None else Read(found)


def _relation(text: str) -> Read:
    found = RELATIONS.get(plain(text))
    if found is None:
        return Read(None, (warn("看不懂与本人的关系，没有读入", "可填：配偶、子女、父母等"),))
    return Read(found.value)


def _cause(text: str) -> Read:
    """Read the kinds of hardship; a word we do not know stays words, it is never made a cause."""
    words = [word for word in re.split(r"[、，,；;/\s]+", text) if word]
    found = [CAUSES.get(plain(word)) for word in words]
    causes = [cause.value for cause in dict.fromkeys(found) if cause is not None]
    rest = "、".join(word for word, cause in zip(words, found, strict=True) if cause is None)
    said = (warn(f"“{rest}”不是通用的困难类型，按文字记入简况", "请核对"),) if rest else ()
    return Read((causes, rest), said)


def _position(text: str) -> Read:
    """Read 职务/身份: the words a circular knows as a role become tags, the others stay words."""
    words = [word for word in re.split(r"[、，,；;]", text) if word.strip()]
    known = {plain(tag.label): tag for tag in Tag}
    tags = list(dict.fromkeys(known[plain(word)].value for word in words if plain(word) in known))
    rest = "、".join(word.strip() for word in words if plain(word) not in known)
    return Read((rest or None, tags or None)) if tags else Read((text, None))


def _ethnicity(text: str) -> Read:
    known = plain(text).removesuffix("族") in PEOPLES
    return Read(text, () if known else (warn("不是通用的民族名称", "请核对"),))


_WORDS: Final[Mapping[str, Callable[[str], Read]]] = {
    "sex": _from(SEXES, "男、女"),
    "membership": _from(MEMBERSHIPS, "中共党员、预备党员、群众"),
    "beneficiary": _from({kind.label: kind for kind in Beneficiary}, "党员、家属、干部、群众"),
    "relation": _relation,
    "flag": _flag,
    "cause": _cause,
    "position": _position,
    "ethnicity": _ethnicity,
}


def _choice(text: str, choices: Mapping[str, str]) -> Read:
    known = {plain(word): chosen for word, chosen in choices.items()}
    found = known.get(plain(text))
    if found is not None:
        return Read(found)
    labels: dict[str, str] = {}
    for word, chosen in choices.items():
        labels.setdefault(chosen, word)
    return Read(None, (hold("不在可选的词里", f"可填：{'；'.join(labels.values())}"),))


# -- numbers ---------------------------------------------------------------------------------------------------


def _digits(value: Cell) -> str | None:
    """Return a number without its empty fraction, a text as it is, None for what is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    # Minus zero is zero: the two are one cell to everything that compares.
    return value if isinstance(value, str) else repr(value or 0).removesuffix(".0")


def _fen(value: Cell, scale: int) -> Read:
    text = _digits(value)
    if text is None:
        return Read(None, (hold("这一格是日期、时间或“是/否”，不是金额", "请填写数字，如 2000"),))
    if text.strip(_UNSEEN) in _EMPTY_WORDS:
        return NOTHING
    tidy = text.strip().strip("\u200b\ufeff")
    if scale != 1 and not re.search("[元百千万亿]", tidy):
        tidy += "万"
    try:
        fen = parse_yuan(tidy)
    except ValueError as error:
        # The words of the cell stand in front of the message already.
        return Read(None, (hold(re.sub("“[^”]*”", "", str(error), count=1)),))
    spelled = scale == 1 and re.search("[百千万亿仟佰拾]", tidy)
    return Read(fen, (note(f"已按 {_yuan_words(fen)}读入"),) if spelled else ())


def _yuan_words(fen: int) -> str:
    whole, part = divmod(fen, 100)
    return f"{whole}.{part:02d} 元" if part else f"{whole} 元"


def _whole(value: Cell, *, least: int) -> Read:
    text = _digits(value)
    tidy = "" if text is None else plain(text).removesuffix("人").removesuffix("名").removesuffix("口")
    if text is not None and text.strip(_UNSEEN) in _EMPTY_WORDS:
        return NOTHING
    if not re.fullmatch("[0-9]{1,9}", tidy) or int(tidy) < least:
        return Read(None, (hold(f"要写不小于 {least} 的整数", "请只填数字"),))
    return Read(int(tidy))


# -- dates -----------------------------------------------------------------------------------------------------


def _date(value: Cell) -> Read:
    """Read a date; under a hold the value is the readings that are possible."""
    if isinstance(value, timedelta):
        return Read(None, (hold("单元格里只有时间，没有年月日，请填写日期"),))
    if isinstance(value, str) and is_unknown(value):
        return Read(None, (note("按不详记，需要这个日期的条款显示“情况不明”"),))
    try:
        read = parse_date(value)  # type: ignore[arg-type]
    except DoubtfulDate as doubt:
        return Read(doubt.proposals, (hold(str(doubt)),))
    except (ValueError, OverflowError):
        return Read(None, (hold("看不懂日期，请按“1965年3月”或“1965-03-07”填写"),))
    if read.approximate:
        return Read(read, (warn("只是大概的日期，不作计算依据", "请核对证件后填写"),))
    if read.precision == "year":
        return Read(read, (warn("只写到年，不作计算依据", "请补上月份"),))
    return Read(read)


def _span(value: Cell) -> Read:
    """Read 公示起止 such as 2020.1.3-2020.1.9 or 2020年1月3日至1月9日; the second year may be left out."""
    if not isinstance(value, str):
        return Read(None, (hold("公示起止要写两个日期", "如 2020年1月3日至2020年1月9日"),))
    text = unicodedata.normalize("NFKC", value).strip()
    parts = re.split(r"\s*(?:至|到|~|—+|–|--)\s*", text)
    if len(parts) != 2:
        parts = re.split(r"(?<=[0-9日])\s*-\s*(?=[0-9]{4}[./年])", text)
    if len(parts) == 2 and not re.match(r"[0-9]{4}", parts[1]):
        year = re.match(r"([0-9]{4})([./年\-])", parts[0])
        parts[1] = f"{year[1]}{year[2]}{parts[1]}" if year else parts[1]
    read = [_date(part) for part in parts]
    days = [part.value for part in read if isinstance(part.value, PartialDate) and part.value.precision == "day"]
    if len(parts) != 2 or len(days) != 2 or any(part.held for part in read):
        return Read(None, (hold("看不懂公示起止", "请写成 2020年1月3日至2020年1月9日"),))
    if days[1].on < days[0].on:
        return Read(None, (hold("公示结束早于开始", "请核对"),))
    return Read((days[0], days[1]))


# -- what is sensitive -----------------------------------------------------------------------------------------


def _id(value: Cell, as_of: date) -> Read:
    if isinstance(value, date | datetime | time | timedelta):
        return Read(None, (hold("这一格是日期或时间，不是身份证号", "请把该列设为“文本”后重新录入"),))
    try:
        read = parse_id(value, as_of=as_of)  # type: ignore[arg-type]
    except DoubtfulNumber as doubt:
        return Read(None, (hold(str(doubt), proposal=doubt.proposal),))
    return Read(read, (*map(note, read.notes), *map(warn, read.warnings)))


def _card(value: Cell) -> Read:
    if isinstance(value, date | datetime | time | timedelta):
        return Read(None, (hold("这一格是日期或时间，不是银行卡号", "请把该列设为“文本”后重新录入"),))
    if isinstance(value, str):
        value = _bracketed(value)
    try:
        read = parse_card(value)  # type: ignore[arg-type]
    except DoubtfulNumber as doubt:
        return Read(None, (hold(str(doubt)),))
    return Read(read, tuple(map(warn, read.warnings)))


def _bracketed(text: str) -> str:
    """Return "number(holder)" for a number with a name before or behind it."""
    tidy = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(
        r"(?P<number>[0-9][0-9\s\-]{6,45}[0-9])[\s,，、:：]*(?P<name>[^0-9\s()（）][^0-9()（）]{0,30})", tidy
    )
    found = found or re.fullmatch(
        r"(?P<name>[^0-9\s()（）,，、:：]{1,30})[\s,，、:：]*(?P<number>[0-9][0-9\s\-]{6,45}[0-9])", tidy
    )
    return f"{found['number']}({found['name'].strip()})" if found else text


def _phone(value: Cell) -> Read:
    text = _digits(value)
    if text is None:
        return Read(None, (hold("这一格是日期、时间或“是/否”，不是电话", "请填写电话号码"),))
    tidy = unicodedata.normalize("NFKC", text)
    if tidy.strip(_UNSEEN) in _EMPTY_WORDS | {"无"}:
        return Read(None, (note("没有电话"),))
    parts = [part for part in re.split(r"[/、,;，；或\n]+", re.sub(r"[一-鿿]*[:：]", "", tidy)) if part.strip()]
    phones: list[str] = []
    for part in parts:
        digits = re.sub(r"[^0-9]", "", re.sub(r"^\s*\+?86(?=[\s\-]?1)", "", part))
        twice = re.fullmatch(f"({_MOBILE.pattern})({_MOBILE.pattern})", digits)
        if re.search(r"[^0-9()+\-\s*.]", part) or not (twice or _PHONE.fullmatch(digits)):
            return Read(None, (hold("看不懂电话", "手机号 11 位，座机写区号；两个号码用“/”隔开"),))
        phones.extend(twice.groups() if twice else [digits])
    if not phones:
        return Read(None, (hold("看不懂电话", "手机号 11 位，座机写区号；两个号码用“/”隔开"),))
    return Read(phones, (note("有几个号码，第一个作为主要号码"),) if len(phones) > 1 else ())


def _address_and_phone(value: Cell) -> Read:
    """Read an address with phones behind it; the value is (address, phones)."""
    words = _text(value, MOST_LONG)
    if words.value is None:
        return words
    phones = [
        re.sub("[^0-9]", "", found)
        for found in re.findall(
            r"(?<![0-9])1[3-9][0-9][\s\-]?[0-9]{4}[\s\-]?[0-9]{4}(?![0-9])|0[0-9]{2,3}-[0-9]{7,8}", words.value
        )
    ]
    address = re.sub(
        r"(?:联系)?(?:电话|手机)?[:：]?\s*(?:(?<![0-9])1[3-9][0-9][\s\-]?[0-9]{4}[\s\-]?[0-9]{4}(?![0-9])|0[0-9]{2,3}-[0-9]{7,8})",
        " ",
        words.value,
    ).strip(" ,，;；、/\n")
    return Read((address or None, phones), words.remarks)
