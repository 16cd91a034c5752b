"""Money: integer fen inside, yuan as text outside, 大写金额 on receipts. No float anywhere.

Every amount in this package is an `int` of fen and its name ends in `_fen`. Text becomes fen only through
`parse_yuan`; fen becomes text only through `yuan`, `yuan_wan` and `capital`.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEN_PER_YUAN = 100
MOST_FEN = 10**16 - 1
"""Just under 100 万亿元: beyond any fund, inside a 64-bit column, and where `capital` still has words."""

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_SECTIONS = ("", "万", "亿", "万亿")
_FEN_PER_UNIT = {"": 100, "百": 10_000, "千": 100_000, "万": 1_000_000, "亿": 10_000_000_000}
# [0-9], not \d: \d also takes digits of other scripts, which no officer means.
_AMOUNT = re.compile(
    r"(?:人民币)?[¥]?\s*(?P<whole>[0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.(?P<part>[0-9]{1,20}))?"
    r"\s*(?P<unit>[百千万亿]?)(?:元(?:整|正)?)?"
)
_CAPITAL = re.compile(rf"(?:人民币)?(?:(?P<yuan>[{_DIGITS}拾佰仟万亿]+)元)?(?P<part>[{_DIGITS}角分]*)整?")


def parse_yuan(text: str) -> int:
    """Read an amount written by an officer or a circular and return it in fen.

    Accepts 2000, 2,000, ￥2000, 2000元, 18.4万, 18.4万元, 2千, full-width digits and 贰仟元整. Anything that
    leaves room for doubt is refused, because a wrong amount is worse than a question.

    Args:
        text: The amount in yuan as it stands in the cell or the clause.

    Raises:
        ValueError: Not one exact amount of whole fen; the message is a Chinese sentence.

    >>> parse_yuan("18.4万元"), parse_yuan("２，０００"), parse_yuan("贰仟元整")
    (18400000, 200000, 200000)
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("圆", "元")
    if not plain:
        raise ValueError("金额是空的，请填写数字，如 2000")
    if plain[0] in "-−(" and any(sign.isdigit() for sign in plain):
        raise ValueError(f"金额“{text}”是负数，请填写不小于零的数字")
    found = _AMOUNT.fullmatch(plain)
    if found is None:
        fen = _parse_capital(plain)
        if fen is None:
            raise ValueError(f"看不懂金额“{text}”，请只填一个确定的数字，如 2000 或 18.4万")
        return fen
    whole, part = found["whole"].replace(",", ""), found["part"] or ""
    scale: int = 10 ** len(part)
    fen, rest = divmod(int(whole + part) * _FEN_PER_UNIT[found["unit"]], scale)
    if rest:
        raise ValueError(f"金额“{text}”有不足一分的零头，请写到分为止")
    if fen > MOST_FEN:
        raise ValueError(f"金额“{text}”过大，请核对单位是元还是万元")
    return fen


def _parse_capital(plain: str) -> int | None:
    """Read 大写金额, or return None; what `capital` would not write that way is not an amount."""
    spelled = plain.replace("正", "整")
    found = _CAPITAL.fullmatch(spelled)
    if found is None or not (found["yuan"] or found["part"]):
        return None
    total = section = digit = 0
    for sign in found["yuan"] or "":
        if sign in _DIGITS:
            digit = _DIGITS.index(sign)
        elif sign in "拾佰仟":
            section, digit = section + (digit or 1) * 10 ** _PLACES.index(sign), 0
        elif sign == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    fen = (total + section + digit) * FEN_PER_YUAN
    for digit_sign, unit in re.findall(rf"([{_DIGITS}])([角分])", found["part"]):
        fen += _DIGITS.index(digit_sign) * (10 if unit == "角" else 1)

    def core(words: str) -> str:
        return re.sub(r"人民币|整|零|壹(?=拾)", "", words)

    return fen if fen <= MOST_FEN and core(capital(fen)) == core(spelled) else None


def yuan(fen: int) -> str:
    """Return fen as yuan: no decimals when whole, else two; no thousands separator, as in the circulars.

    >>> yuan(200000), yuan(1), yuan(123450), yuan(-50000)
    ('2000', '0.01', '1234.50', '-500')
    """
    whole, part = divmod(abs(fen), FEN_PER_YUAN)
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole}.{part:02d}" if part else f"{sign}{whole}"


def yuan_wan(fen: int) -> str:
    """Return fen in 万元, exact, without trailing zeros, as circulars write a fund.

    >>> yuan_wan(18400000), yuan_wan(-50000)
    ('18.4万元', '-0.05万元')
    """
    whole, part = divmod(abs(fen), 1_000_000)
    decimals = f".{part:06d}".rstrip("0") if part else ""
    return f"{'-' if fen < 0 else ''}{whole}{decimals}万元"


def capital(fen: int) -> str:
    """Return 大写金额 for a receipt, 人民币 in front with no gap.

    整 follows a whole yuan; after 角 and 分 it is left out. One 零 stands for any run of zeros inside the
    number, and for an absent 角 before 分; a zero 元 or 万 before a digit is not spoken, one of the two
    accepted forms.

    Raises:
        ValueError: Negative, or beyond what the words reach.

    >>> capital(1640902)
    '人民币壹万陆仟肆佰零玖元零贰分'
    """
    if not 0 <= fen <= MOST_FEN:
        raise ValueError("大写金额只用于零到一百万亿元之间的金额")
    whole, part = divmod(fen, FEN_PER_YUAN)
    jiao, cent = divmod(part, 10)
    words = f"{_spell(whole)}元" if whole else ""
    if not part:
        return f"人民币{words or '零元'}整"
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif whole:
        words += "零"
    if cent:
        words += f"{_DIGITS[cent]}分"
    return f"人民币{words}"


def _spell(number: int) -> str:
    """Spell a positive whole number in capital numerals, section of four digits by section."""
    words, gap = "", False
    for index in range(len(_SECTIONS) - 1, -1, -1):
        section = number // 10_000**index % 10_000
        if not section:
            # 万亿 is said once: 壹万亿, but 壹万零伍拾亿 shares its 亿 with the section below.
            gap = bool(words)
            continue
        if words and (gap or section < 1000):
            words += "零"
        unit = _SECTIONS[index]
        if unit == "万亿" and number // 10**8 % 10_000:
            unit = "万"
        words += _spell_section(section) + unit
        gap = False
    return words


def _spell_section(section: int) -> str:
    """Spell 1 to 9999, with one 零 for any run of inner zeros."""
    words, gap = "", False
    for place in (3, 2, 1, 0):
        digit = section // 10**place % 10
        if not digit:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return words


def half_up(numerator: int, denominator: int) -> int:
    """Return numerator ÷ denominator rounded to a whole number, an exact half away from zero.

    Raises:
        ValueError: The denominator is not positive.

    >>> half_up(5, 2), half_up(7, 3), half_up(-5, 2)
    (3, 2, -3)
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -rounded if numerator < 0 else rounded


def split(total_fen: int, weights: Sequence[int | Fraction]) -> list[int]:
    """Split an amount by shares; the parts add up to it to the fen.

    The divisor method of Sainte-Laguë, so that a larger total lowers no part (largest remainder can). Each
    part starts at its exact share rounded half-up; missing fen go where `weight / (2 × part + 1)` is highest,
    fen too many are taken back likewise. Among equal claims the earlier part keeps the fen: the order is that
    of the clause that names the shares.

    Args:
        total_fen: The amount, not negative.
        weights: One exact share per part; they need not add up to one or a hundred.

    Raises:
        ValueError: A negative total or weight, or money with no weight to go to.

    >>> split(100, [1, 1, 1])
    [34, 33, 33]
    """
    scale = lcm(*(weight.denominator for weight in weights))
    shares = [weight.numerator * (scale // weight.denominator) for weight in weights]
    whole = sum(shares)
    if total_fen < 0 or min(shares, default=0) < 0:
        raise ValueError("amount and shares must not be negative")
    if not whole:
        if total_fen:
            raise ValueError("no share to give the money to")
        return [0] * len(shares)
    parts = [half_up(total_fen * share, whole) for share in shares]
    left = total_fen - sum(parts)
    for _ in range(left):
        parts[max(range(len(parts)), key=lambda i: (Fraction(shares[i], 2 * parts[i] + 1), -i))] += 1
    for _ in range(-left):
        parts[
            min((i for i in range(len(parts)) if parts[i]), key=lambda i: (Fraction(shares[i], 2 * parts[i] - 1), -i))
        ] -= 1
    return parts
