from __future__ import annotations

import doctest
import os
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

import casework.identity
from casework.identity import (
    Card,
    DoubtfulNumber,
    Key,
    mask_card,
    mask_id,
    mask_name,
    mask_phone,
    name_key,
    parse_card,
    parse_id,
)

TODAY = date(2025, 1, 8)
FULL_WIDTH = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}


def made(county="110000", born="19650307", order="123"):
    """Return a number with the right check sign and a county that does not exist."""
    return county + born + order + ric.calc_check_digit(f"{county}{born}{order}0")


GOOD = made()
WITH_X = next(number for order in range(100, 999) if (number := made(order=str(order))).endswith("X"))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(casework.identity).failed == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("张　三", "张三", True),
        ("示例·买买提", "示例•买买提", True),
        ("示例・买买提", "示例．买买提", True),
        ("示例 张\n三", "示例张三", True),
        ("\u200b示例", "示例", True),
        ("ＡＢ", "ab", True),
        ("张三", "张山", False),
    ],
)
def test_spellings_of_one_name_share_a_key(one, other, same):
    assert (name_key(one) == name_key(other)) is same


@pytest.mark.parametrize(
    ("written", "number", "noted"),
    [
        (GOOD, GOOD, False),
        (WITH_X, WITH_X, False),
        (WITH_X.lower(), WITH_X, True),
        *((WITH_X[:-1] + sign, WITH_X, True) for sign in "Ｘ×хХχ"),
        (GOOD.translate(FULL_WIDTH), GOOD, True),
        (f"'{GOOD[:6]} {GOOD[6:14]}\u200b\u00a0{GOOD[14:]}", GOOD, True),
    ],
)
def test_an_identity_number_is_tidied_up_and_it_is_said(written, number, noted):
    read = parse_id(written, as_of=TODAY)

    assert (read.number, bool(read.notes), read.warnings) == (number, noted, ())


def test_the_number_states_birth_date_and_sex():
    assert (parse_id(GOOD, as_of=TODAY).born_on, parse_id(GOOD, as_of=TODAY).male) == (date(1965, 3, 7), True)
    assert not parse_id(made(order="124"), as_of=TODAY).male


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (float(made()[:17] + "0"), "存成了数字"),
        (110000196503071234, "存成了数字"),
        ("1.10000E+17", "存成了数字"),
        (next(n for o in range(10) if (n := made(order=f"{o}00"))[-1] != "0")[:-1] + "0", "末三位为 000"),
        (GOOD[:-1], "17 位，少 1 位"),
        (GOOD + "0", "19 位，多 1 位"),
        (GOOD[:-1] + ("X" if GOOD[-1] != "X" else "1"), "校验位应为"),
        (made(born="19990230"), "不存在"),
        (made(born="20250109"), "之后"),
        (made(born="19040108"), "超过 120 岁"),
        ("G12345678", "证件种类"),
        ("无", "证件种类"),
        ("", "证件种类"),
        ("᠑" * 18, "不是数字"),
        ("×" + GOOD[1:], "不是数字"),
    ],
)
def test_a_doubtful_identity_number_is_held_with_a_sentence(written, why):
    with pytest.raises(DoubtfulNumber, match=why) as held:
        parse_id(written, as_of=TODAY)

    assert str(written)[:14] not in str(held.value) or not written
    assert held.value.proposal == ""


def test_the_wrong_check_sign_is_named():
    wrong = "1" if GOOD[-1] != "1" else "2"

    with pytest.raises(DoubtfulNumber, match=f"校验位应为 {GOOD[-1]}，读到 {wrong}"):
        parse_id(GOOD[:-1] + wrong, as_of=TODAY)


@pytest.mark.parametrize(
    "written",
    [GOOD[:6] + GOOD[8:17], GOOD.replace("0", "O", 1), GOOD.replace("1", "l", 1), GOOD.replace("1", "I", 1)],
)
def test_a_likely_number_is_proposed_never_applied(written):
    with pytest.raises(DoubtfulNumber) as held:
        parse_id(written, as_of=TODAY)

    assert held.value.proposal == GOOD


@given(
    st.sampled_from(sorted(casework.identity._PROVINCES)),
    st.integers(0, 9999),
    st.dates(date(1906, 1, 1), TODAY),
    st.integers(0, 999),
)
def test_nobody_is_refused_for_the_county_or_the_year_of_birth(province, county, born, order):
    number = made(f"{province}{county:04d}", f"{born:%Y%m%d}", f"{order:03d}")

    assert parse_id(number, as_of=TODAY).born_on == born


def test_an_unknown_province_only_warns_and_residence_permits_are_noted():
    assert parse_id(made("990101"), as_of=TODAY).warnings
    assert parse_id(made("810000"), as_of=TODAY).notes == ("港澳台居民居住证",)


def test_born_today_is_not_the_future():
    assert parse_id(made(born=f"{TODAY:%Y%m%d}"), as_of=TODAY)
    with pytest.raises(DoubtfulNumber, match="之后"):
        parse_id(made(born=f"{TODAY + timedelta(days=1):%Y%m%d}"), as_of=TODAY)


def test_a_hundred_and_twenty_is_not_too_old():
    assert parse_id(made(born="19040109"), as_of=TODAY).born_on == date(1904, 1, 9)


LUHN = "6217000000000000" + luhn.calc_check_digit("6217000000000000")


@pytest.mark.parametrize(
    ("written", "card"),
    [
        (LUHN, Card(LUHN)),
        (f"{LUHN[:4]} {LUHN[4:8]} {LUHN[8:]}", Card(LUHN)),
        (LUHN.translate(FULL_WIDTH), Card(LUHN)),
        (f"{LUHN}(示例李四)", Card(LUHN, "示例李四")),
        (f"{LUHN}（ 示例李四 ）", Card(LUHN, "示例李四")),
    ],
)
def test_a_card_number_is_split_from_its_holder(written, card):
    assert parse_card(written) == card


def test_a_failed_luhn_sum_warns_and_does_not_refuse():
    assert "未通过校验" in parse_card(LUHN[:-1] + str(9 - int(LUHN[-1]))).warnings[0]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (6217001234567889920, "存成了数字"),
        ("6.217E+18", "存成了数字"),
        ("6217abc", "不是数字"),
        ("(示例)", "不是数字"),
        (f"{LUHN}(示例", "不是数字"),
        ("1234567", "7 位"),
        ("1" * 33, "33 位"),
    ],
)
def test_a_doubtful_card_number_is_held(written, why):
    with pytest.raises(DoubtfulNumber, match=why):
        parse_card(written)


def test_masks_show_the_end_and_never_the_length():
    assert [mask_id(GOOD), mask_card(LUHN), mask_card("123"), mask_card("")] == [
        f"****{GOOD[-4:]}",
        f"****{LUHN[-4:]}",
        "****",
        "****",
    ]
    assert [mask_phone("13900005678"), mask_phone("03910000012"), mask_phone("1")] == ["139****5678", "****12", "****"]


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三", "张*"), ("张三丰", "张*"), ("欧阳示例", "欧阳*"), ("欧阳", "欧*"), ("示例•买买提", "示例·*"), ("", "")],
)
def test_a_masked_name_keeps_the_surname(name, masked):
    assert mask_name(name) == masked


def test_numbers_stay_out_of_tracebacks():
    shown = f"{parse_id(GOOD, as_of=TODAY)!r} {parse_card(LUHN)!r} {Key(b'k' * 32)!r}"

    assert GOOD not in shown
    assert LUHN not in shown
    assert "kkk" not in shown


ONE, OTHER = Key(b"1" * 32), Key(b"2" * 32)


def test_an_index_finds_equals_under_one_key_and_purpose_only():
    found = ONE.index(GOOD, purpose="person.id_number")

    assert found == Key(b"1" * 32).index(GOOD, purpose="person.id_number")
    assert len({found, OTHER.index(GOOD, purpose="person.id_number"), ONE.index(GOOD, purpose="person.card")}) == 3
    assert ONE.audit != OTHER.audit


@given(st.text(max_size=30))
def test_a_field_comes_back_only_where_it_was_put(text):
    sealed = ONE.encrypt(text, bound_to="person|id_number|p1|1")

    assert ONE.decrypt(sealed, bound_to="person|id_number|p1|1") == text
    assert sealed != ONE.encrypt(text, bound_to="person|id_number|p1|1")
    for key, place, stored in (
        (ONE, "person|id_number|p2|1", sealed),
        (OTHER, "person|id_number|p1|1", sealed),
        (ONE, "person|id_number|p1|1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (ONE, "person|id_number|p1|1", b"\x02" + sealed[1:]),
        (ONE, "person|id_number|p1|1", b"\x01"),
        (ONE, "person|id_number|p1|1", b""),
    ):
        with pytest.raises(ValueError, match="无法读取"):
            key.decrypt(stored, bound_to=place)


def test_a_person_s_key_travels_wrapped():
    person = Key.generate()
    sealed = ONE.wrap(person, bound_to="p1")

    assert ONE.unwrap(sealed, bound_to="p1").audit == person.audit
    with pytest.raises(ValueError, match="无法读取"):
        ONE.unwrap(sealed, bound_to="p2")


def test_a_key_is_kept_in_a_private_file_and_never_overwritten(tmp_path, monkeypatch):
    monkeypatch.delenv("CASEWORK_KEY", raising=False)
    path = tmp_path / "key"
    ONE.save(path)

    assert Key.load(path).audit == ONE.audit
    assert os.name != "posix" or path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        OTHER.save(path)
    monkeypatch.setenv("CASEWORK_KEY", (b"2" * 32).hex())
    assert Key.load(path).audit == OTHER.audit


@pytest.mark.parametrize(("written", "why"), [("00ff", "32 字节"), ("not a key", "十六进制"), ("示例", "十六进制")])
def test_what_is_not_a_key_is_refused_without_repeating_it(tmp_path, monkeypatch, written, why):
    monkeypatch.setenv("CASEWORK_KEY", written)

    with pytest.raises(ValueError, match=why) as refused:
        Key.load(tmp_path / "missing")
    assert written not in str(refused.value)


def test_no_key_is_no_key(tmp_path, monkeypatch):
    monkeypatch.delenv("CASEWORK_KEY", raising=False)

    with pytest.raises(FileNotFoundError):
        Key.load(tmp_path / "missing")
