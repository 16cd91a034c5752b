"""Take a circular's text apart: its head, its headings, and every sentence with the place it stands at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_NUMERALS = "零一二三四五六七八九"
_NUMBER = "[一二三四五六七八九十]{1,3}"

# The numbering officials print, outermost first: 附件1 / 第一章 / 一、 / （一） / 1、 / （1）.
_MARKERS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (0, re.compile(r"附\s*件\s*(?P<n>[0-9]{0,2})\s*(?:[：:]|(?=\s|$))")),
    (0, re.compile(r"附(?P<n>)[：:]")),
    (1, re.compile(rf"第(?P<n>{_NUMBER})[章篇][：:、\s]?")),
    (2, re.compile(rf"(?P<n>{_NUMBER})、")),
    (2, re.compile(rf"第(?P<n>{_NUMBER})条[：:、\s]?")),
    (3, re.compile(rf"[（(](?P<n>{_NUMBER})[）)]")),
    (4, re.compile(r"(?P<n>[0-9]{1,2})\s*[、.．](?![0-9])")),
    (5, re.compile(r"[（(](?P<n>[0-9]{1,2})[）)]")),
)
_DRESSING = re.compile(r"^[\s#>*•–-]+")
"""What an extraction from Word or PDF leaves before a line."""

_ENDS = "。；;？！"
_STOPS = (*_ENDS, "：", ":")
_PAIRS = {"“": "”", "《": "》", "（": "）", "(": ")", "〈": "〉"}
_DATE = re.compile(r"^\s*([0-9]{4})\s*年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*日\s*(?:印发)?\s*$", re.MULTILINE)
_DOC_NUMBER = re.compile(r"^[^\s（(]{1,20}〔[0-9]{4}〕\s*[0-9]+\s*号\s*$", re.MULTILINE)
_TITLE_ENDS = ("通知", "通 知", "办法", "意见", "方案", "制度", "措施", "细则", "规定")
_HEADING_AT_MOST = 25
"""Longer lines without a full stop are sentences, not headings."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a circular.

    Attributes:
        cite: Where it stands, from the printed headings: “三、有关要求，第3条”.
        text: The words as printed; several pieces where a mark of the extraction stands between them.
        number: The same place as numbers, e.g. (3, 3, 2); (0, 1) is the first sentence before any heading.
        annex: The number of the annex, "" in the circular itself.
    """

    cite: str
    text: tuple[str, ...]
    number: tuple[int, ...]
    annex: str = ""

    @property
    def words(self) -> str:
        """Return the sentence as one line."""
        return "".join(self.text)


@dataclass(frozen=True)
class Head:
    """What a circular says of itself; a blank or None is not found, never guessed."""

    title: str = ""
    issuer: str = ""
    number: str = ""
    issued_on: date | None = None


def read_circular(data: bytes) -> str:
    """Decode a text file as offices save them: UTF-8 with or without a mark, or GB 18030.

    Raises:
        ValueError: With a Chinese sentence.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("不是能读的文字文件，请另存为“纯文本（UTF-8）”")


def head_of(text: str) -> Head:
    """Return title, issuer, number and date of issue as far as they stand in the text."""
    lines = [_DRESSING.sub("", line).strip() for line in text.splitlines()]
    dated = _DATE.search(text)
    issued, issuer = None, ""
    if dated:
        issued = date(int(dated[1]), int(dated[2]), int(dated[3]))
        before = [_DRESSING.sub("", line).strip() for line in text[: dated.start()].splitlines() if line.strip()]
        issuer = before[-1] if before and not before[-1].endswith(_STOPS) and len(before[-1]) < 40 else ""
    number = _DOC_NUMBER.search(text)
    return Head(_title(lines, issuer), issuer, _plain(number[0]) if number else "", issued)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _title(lines: list[str], issuer: str) -> str:
    """Return the lines from 关于 to 通知, put together."""
    pieces: list[str] = []
    for line in [line for line in lines if line][:12]:
        if line.endswith(_STOPS):
            break
        if pieces or "关于" in line:
            pieces.append(line[line.index("关于") :] if not pieces else line)
        elif line.endswith(_TITLE_ENDS):
            pieces.append(line)
        if pieces and pieces[-1].endswith(_TITLE_ENDS):
            return _plain("".join(pieces)).removeprefix(_plain(issuer))
    return ""


def sentences(text: str) -> list[Sentence]:
    """Return every sentence of the circular in order; headings, title and signature are no sentences.

    A sentence ends at 。；？！ outside quotation marks and brackets, at a numbered item, or at the end of its
    paragraph. A table is one sentence: its first row.
    """
    found: list[Sentence] = []
    heads: dict[int, tuple[str, int]] = {}
    annex = ""
    head = head_of(text)
    counters: dict[tuple[str, tuple[int, ...]], int] = {}

    def add(pieces: list[str]) -> None:
        if not re.search("[\u4e00-\u9fff]", "".join(pieces)):
            return
        number = tuple(n for level, (_, n) in sorted(heads.items()) if level) or (0,)
        place = (annex, number)
        counters[place] = counters.get(place, 0) + 1
        cite = "，".join(name for _, (name, _) in sorted(heads.items())) or "引言"
        found.append(Sentence(cite, tuple(pieces), (*number, counters[place]), annex))

    for paragraph in _paragraphs(text, head):
        if "\t" in paragraph:
            add([cell.strip() for cell in paragraph.split("\t") if cell.strip()])
            continue
        line = paragraph
        level, printed, number, rest = _marker(line)
        if level is None:
            # A paragraph without a number of its own stands under the heading, not under the last item.
            heads = {key: value for key, value in heads.items() if key < 4}
            if not annex and _is_heading(line) and re.fullmatch(r"\w{2,12}", line):
                heads = {2: (line, _next_top(found, annex))}
                continue
        while level is not None:
            heads = {key: value for key, value in heads.items() if key < level}
            if level == 0:
                annex = str(number) if number else "0"
            heading = rest if 0 < level < 4 and _is_heading(rest) else ""
            # In the list of annexes a number is a number; elsewhere officials say 第1条.
            heads[level] = (str(number) if level == 4 and annex == "0" else f"{printed}{heading}", number)
            line = "" if heading else rest
            level, printed, number, rest = _marker(line)
        for sentence in _split(line):
            add([piece for piece in (part.strip(" *") for part in sentence.split("**")) if piece])
    return found


def _next_top(found: list[Sentence], annex: str) -> int:
    """Return a number for an outermost heading that is printed without one."""
    return max((sentence.number[0] for sentence in found if sentence.annex == annex), default=0) + 1


def _marker(line: str) -> tuple[int | None, str, int, str]:
    """Return (level, how we print it, its number, what follows) of a numbered line."""
    for level, pattern in _MARKERS:
        if found := pattern.match(line):
            number = int(_arabic(found["n"])) if found["n"] else 0
            printed = _plain(found[0]).rstrip("：:.．")
            if level == 4:
                printed = f"第{number}条"
            elif level == 1 or found[0].startswith("第"):
                printed = printed.rstrip("、")
            return level, printed, number, line[found.end() :].strip()
    return None, "", 0, line


def _arabic(numeral: str) -> str:
    if numeral.isdigit():
        return numeral
    tens, ten, ones = numeral.rpartition("十")
    count = (_NUMERALS.index(tens) if tens else 1) * 10 if ten else 0
    return str(count + (_NUMERALS.index(ones) if ones else 0))


def _is_heading(text: str) -> bool:
    return bool(text) and len(text) <= _HEADING_AT_MOST and not re.search(r"[，,。；;：:？！|《]|[0-9]{3}", text)


def _paragraphs(text: str, head: Head) -> list[str]:
    """Return the body's lines: without title and signature, broken lines joined, of a table the first row."""
    out: list[str] = []
    begun, in_table = False, False
    signature = {_plain(head.issuer), ""}
    for raw in text.splitlines():
        table = "\t" in raw.lstrip()
        line = raw.strip() if table else _DRESSING.sub("", raw).strip()
        if not begun:
            # The body begins with the salutation or the first sentence.
            begun = line.endswith(_STOPS) or _marker(line)[0] is not None
            if not begun:
                continue
        if _plain(line) in signature or _DATE.match(line):
            continue
        if table:
            if not in_table:
                out.append(f"{line}\t")
            in_table = True
            continue
        in_table = False
        if out and _runs_on(out[-1], line):
            out[-1] += line
        else:
            out.append(line)
    return out


def _runs_on(before: str, line: str) -> bool:
    """Tell whether a page break cut a sentence: it has begun, has not ended, and no new item begins."""
    begun = bool(re.search("[，,。；]", before)) or any(before.count(a) > before.count(b) for a, b in _PAIRS.items())
    if "\t" in before or before.endswith(_STOPS):
        return False
    return begun and _marker(line)[0] is None and not re.match(r"附[：:]|联系", line)


def _split(line: str) -> list[str]:
    parts, start, closing = [], 0, ""
    for at, char in enumerate(line):
        if closing:
            closing = "" if char == closing else closing
        elif char in _PAIRS and _PAIRS[char] in line[at:]:
            closing = _PAIRS[char]
        elif char in _ENDS:
            parts.append(line[start:at])
            start = at + 1
    parts.append(line[start:])
    return [part.strip().rstrip("：:").strip() for part in parts if re.search(r"\w", part)]
