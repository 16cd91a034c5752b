"""Who is who: names compared, identity and bank-card numbers checked, masked, indexed and encrypted.

Numbers that a spreadsheet has turned into numbers are gone for good and are held, never repaired. No sentence
and no exception of this module contains a digit of the number it is about, so that none reaches a log.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from stdnum import luhn
from stdnum.cn import ric

if TYPE_CHECKING:
    from pathlib import Path

# -- names -----------------------------------------------------------------------------------------------------

_DOTS = re.compile("[·•・‧∙⋅.˙]")
_INVISIBLE = re.compile("[\\s'\u00ad\u200b-\u200f\u2060\ufeff]")
_DOUBLE_SURNAMES = frozenset({"欧阳", "上官", "司马", "诸葛", "司徒", "皇甫", "尉迟", "夏侯", "东方", "令狐", "慕容"})


def name_key(name: str) -> str:
    """Return what two spellings of one name have in common; for comparing only, never shown.

    >>> name_key("张　三") == name_key("张三"), name_key("示例•买买提") == name_key("示例·买买提")
    (True, True)
    """
    return _DOTS.sub("·", _INVISIBLE.sub("", unicodedata.normalize("NFKC", name))).casefold()


# -- identity numbers --------------------------------------------------------------------------------------------


class DoubtfulNumber(ValueError):  # noqa: N818 - it is the number that is doubtful, not an error of ours
    """A number that must be looked at; `proposal` is a corrected number to confirm against the papers, or ""."""

    def __init__(self, sentence: str, proposal: str = "") -> None:
        super().__init__(sentence)
        self.proposal = proposal


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A checked 18-digit identity number.

    Attributes:
        number: The 18 signs, check sign in capitals.
        born_on: The birth date it states.
        male: Whether it states a man.
        notes: What was tidied up, in Chinese.
        warnings: What an officer should look at though the number is accepted, in Chinese.
    """

    number: str
    born_on: date
    male: bool
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Keep the number out of tracebacks."""
        return f"IdNumber({mask_id(self.number)!r})"


_LOST = "存成了数字，末几位已被 Excel 改掉，无法恢复。请把该列设为“文本”后重新录入"
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()  # noqa: SIM905
)
_OLDEST = 120


def parse_id(value: str | float, *, as_of: date) -> IdNumber:
    """Read and check an identity number from a cell.

    The county code is never checked against a table: codes date from about 1983, and such a check refuses nine
    in ten of the people born before.

    Args:
        value: The cell's value with the type the workbook gave it.
        as_of: The day against which a birth date is future or too old.

    Raises:
        DoubtfulNumber: A ValueError whose message is a Chinese sentence.
    """
    text = _as_text(value, "身份证号")
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    notes = ["已去掉空格或看不见的符号、改为半角"] if plain != text else []
    if plain[-1:] in tuple("x×хХχΧ"):
        plain = f"{plain[:-1]}X"
        notes.append("末位已改为大写 X")
    _check_form(plain)
    expected = ric.calc_check_digit(plain)
    if plain[-1] != expected:
        if plain.endswith("000"):
            raise DoubtfulNumber("身份证号校验位不符，末三位为 000，疑似曾被存成数字，请按证件重新录入")
        raise DoubtfulNumber(f"身份证号校验位应为 {expected}，读到 {plain[-1]}，请核对证件")
    warnings = [] if plain[:2] in _PROVINCES else ["身份证号前两位不是省级代码，请核对证件"]
    if plain[:2] in {"81", "82", "83"}:
        notes.append("港澳台居民居住证")
    return IdNumber(plain, _born_on(plain, as_of), plain[16] in "13579", tuple(notes), tuple(warnings))


def _as_text(value: str | float, what: str) -> str:
    """Return the cell's text.

    Raises:
        DoubtfulNumber: The cell is a number, or shows what is left of one.
    """
    if not isinstance(value, str) or re.fullmatch(r"\s*[0-9]\.[0-9]+[Ee]\+?[0-9]+\s*", value):
        raise DoubtfulNumber(what + _LOST)
    return value


def _check_form(plain: str) -> None:
    """Check length and signs.

    Raises:
        DoubtfulNumber: Not 17 digits and a check sign.
    """
    if re.fullmatch("[0-9]{17}[0-9X]", plain):
        return
    if re.fullmatch("[0-9]{15}", plain):
        longer = f"{plain[:6]}19{plain[6:]}"
        proposal = longer + ric.calc_check_digit(f"{longer}0")
        raise DoubtfulNumber("这是 15 位的旧身份证号，已推算出 18 位号码，请核对证件后确认", proposal)
    if len(plain) == 18:
        digits = plain[:17].translate(str.maketrans("OoIl", "0011")) + plain[17].replace("O", "0").replace("l", "1")
        fits = re.fullmatch("[0-9]{17}[0-9X]", digits) and digits[-1] == ric.calc_check_digit(digits)
        raise DoubtfulNumber("身份证号里有不是数字的符号（如字母 O、l），请核对证件", digits if fits else "")
    if re.fullmatch("[0-9]+X?", plain):
        gap = f"少 {18 - len(plain)} 位" if len(plain) < 18 else f"多 {len(plain) - 18} 位"
        raise DoubtfulNumber(f"身份证号为 {len(plain)} 位，{gap}，请核对证件")
    raise DoubtfulNumber("这不是居民身份证号；如是护照、军官证等，请选择证件种类，没有证件的请写明原因")


def _born_on(number: str, as_of: date) -> date:
    """Return the birth date in the number.

    Raises:
        DoubtfulNumber: No such day, in the future, or too long ago.
    """
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise DoubtfulNumber("身份证号中的出生日期在日历上不存在，请核对证件") from None
    if born_on > as_of:
        raise DoubtfulNumber("身份证号中的出生日期在今天之后，请核对证件")
    before_birthday = (as_of.month, as_of.day) < (born_on.month, born_on.day)
    if as_of.year - born_on.year - before_birthday > _OLDEST:
        raise DoubtfulNumber(f"按身份证号推算已超过 {_OLDEST} 岁，请核对证件")
    return born_on


# -- bank cards ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Card:
    """A bank card or account number as far as it can be checked.

    Attributes:
        number: Digits only.
        holder: The name written beside it, or ""; another holder than the person needs that person's consent.
        warnings: What an officer should look at, in Chinese.
    """

    number: str
    holder: str = ""
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Keep the number out of tracebacks."""
        return f"Card({mask_card(self.number)!r})"


def parse_card(value: str | float) -> Card:
    """Read a bank card or account number from a cell, with the holder's name some officers add in brackets.

    A failed Luhn sum only warns: account numbers of several banks have none.

    Raises:
        DoubtfulNumber: A ValueError whose message is a Chinese sentence.
    """
    text = unicodedata.normalize("NFKC", _as_text(value, "银行卡号"))
    number, bracket, holder = text.partition("(")
    digits = _INVISIBLE.sub("", number).replace("-", "")
    if not re.fullmatch("[0-9]+", digits) or (bracket and not holder.rstrip().endswith(")")):
        raise DoubtfulNumber("银行卡号里有不是数字的内容，请只填卡号，持卡人写在括号里")
    if not 8 <= len(digits) <= 32:
        raise DoubtfulNumber(f"银行卡号为 {len(digits)} 位，位数不对，请核对")
    warnings = () if luhn.is_valid(digits) else ("银行卡号未通过校验，请与卡面或存折核对",)
    return Card(digits, holder.rstrip().removesuffix(")").strip(), warnings)


# -- masks -----------------------------------------------------------------------------------------------------


def _last(text: str, shown: int) -> str:
    """Return stars, a fixed number of them, and the last signs of a text long enough to hide the rest."""
    return "****" + (text[-shown:] if len(text) >= 2 * shown else "")


def mask_id(number: str) -> str:
    """Return "****123X". For screens only: public lists show no digit of an identity number at all."""
    return _last(number, 4)


def mask_card(number: str) -> str:
    """Return "****1234"."""
    return _last(number, 4)


def mask_phone(number: str) -> str:
    """Return "139****5678" for a mobile number, "****12" for any other."""
    return f"{number[:3]}****{number[-4:]}" if re.fullmatch("1[0-9]{10}", number) else _last(number, 2)


def mask_name(name: str) -> str:
    """Return 张* or 示例·*: the surname, or the first part of a name with a dot; lengths are not kept apart.

    Masking lowers what a reader learns, it does not make anyone anonymous: in a unit of thirty the surname alone
    is unique for most.
    """
    plain = name.strip()
    parts = _DOTS.split(plain, maxsplit=1)
    if len(parts) == 2:
        return f"{parts[0]}·*"
    shown = 2 if plain[:2] in _DOUBLE_SURNAMES and len(plain) > 2 else 1
    return f"{plain[:shown]}*" if plain else ""


# -- keys ------------------------------------------------------------------------------------------------------

KEY_VARIABLE = "CASEWORK_KEY"
_KEY_BYTES, _NONCE_BYTES, _VERSION = 32, 12, b"\x01"


class Key:
    """A 32-byte secret, kept outside the ledger, from which every other key is derived.

    One key per ledger; `generate` and `wrap` also make one key per person, and destroying that one makes the
    person's fields unreadable for good.
    """

    __slots__ = ("_cipher", "_secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY_BYTES:
            raise ValueError(f"密钥应为 {_KEY_BYTES} 字节（{2 * _KEY_BYTES} 个十六进制字符），请检查密钥文件")
        self._secret = secret
        self._cipher: AESGCM | None = None  # made at first use: most of a hundred thousand people's keys rest

    def _derived(self, use: str) -> bytes:
        return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"casework {use}".encode()).derive(self._secret)

    @property
    def audit(self) -> bytes:
        """The key of an audit chain."""
        return self._derived("audit")

    @property
    def _field(self) -> AESGCM:
        if self._cipher is None:
            self._cipher = AESGCM(self._derived("field"))
        return self._cipher

    def __repr__(self) -> str:
        """Keep the secret out of tracebacks."""
        return "Key(…)"

    @classmethod
    def generate(cls) -> Key:
        """Return a new random key."""
        return cls(secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> Key:
        """Return the ledger's key: from `CASEWORK_KEY` (64 hex digits) where set, else from the file at `path`.

        Raises:
            FileNotFoundError: Neither exists.
            ValueError: What is there is not a key; the message is a Chinese sentence without the key.
        """
        written = os.environ.get(KEY_VARIABLE) or path.read_text(encoding="ascii", errors="replace")
        try:
            secret = bytes.fromhex(written)
        except ValueError:
            raise ValueError("密钥不是十六进制字符，请检查密钥文件或 CASEWORK_KEY") from None
        return cls(secret)

    def save(self, path: Path) -> None:
        """Write the key to a new file that only its owner may read.

        Raises:
            FileExistsError: A key is already there; overwriting it would lose every encrypted field.
        """
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{self._secret.hex()}\n")

    def index(self, value: str, *, purpose: str) -> str:
        """Return a keyed digest that finds equal values without storing them (plain hashes of ids are guessable).

        Args:
            value: The normalised value.
            purpose: Where it is used, e.g. "person.id_number"; equal values of two purposes do not match.
        """
        return self.commit(value.encode(), purpose=purpose)

    def commit(self, content: bytes, *, purpose: str) -> str:
        """Return a keyed digest of bytes: with the key gone, nobody can guess what it stood for."""
        return hmac.digest(self._derived("index"), f"{purpose}\0".encode() + content, "sha256").hex()

    def seal(self, content: bytes, *, bound_to: str) -> bytes:
        """Encrypt bytes with AES-256-GCM; `bound_to` as for `encrypt`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._field.encrypt(nonce, content, _VERSION + bound_to.encode())

    def unseal(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Return the plain bytes.

        Raises:
            ValueError: Another key, another place, or changed bytes; the message is a Chinese sentence.
        """
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return self._field.decrypt(nonce, rest, _VERSION + bound_to.encode())
        except (InvalidTag, ValueError):
            raise ValueError("加密内容无法读取：密钥不对，或内容被移动、改动过") from None

    def encrypt(self, text: str, *, bound_to: str) -> bytes:
        """Encrypt a field with AES-256-GCM.

        Args:
            text: The plain value.
            bound_to: Where it stands, e.g. "person|id_number|p17|1"; moved anywhere else it cannot be read.
        """
        return self.seal(text.encode(), bound_to=bound_to)

    def decrypt(self, sealed: bytes, *, bound_to: str) -> str:
        """Return the plain value.

        Raises:
            ValueError: Another key, another place, or changed bytes; the message is a Chinese sentence.
        """
        return self.unseal(sealed, bound_to=bound_to).decode()

    def wrap(self, other: Key, *, bound_to: str) -> bytes:
        """Encrypt another key, e.g. a person's, for keeping in the ledger."""
        return self.encrypt(other._secret.hex(), bound_to=bound_to)

    def unwrap(self, sealed: bytes, *, bound_to: str) -> Key:
        """Return the key that `wrap` encrypted.

        Raises:
            ValueError: As `decrypt`.
        """
        return Key(bytes.fromhex(self.decrypt(sealed, bound_to=bound_to)))
