"""What leaves the house: issued once, kept as it left, printed again byte for byte, verified to the first fault."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import zipfile
from dataclasses import replace

import pytest
import test_papers_cli
from openpyxl import load_workbook
from payment_round import OF_TOWN, TODAY, TOWN
from pypdf import PdfReader, PdfWriter
from review_round import at
from sqlmodel import select

from casework import db, issuing
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER
from casework.adoption import in_force
from casework.checking import check_ledger
from casework.issuing.pages import differences
from casework.ledger import audit_key
from casework.lists import as_printed
from casework.models import AuditEntry, Download, IssuedList
from casework.papers import Asked, in_force_copy, paper
from casework.people.contacts import put_contact
from casework.people.seeing import openings
from casework.pictures import page_count, read_pdf
from casework.printing import render
from casework.problems import Conflict, NotAllowed, Refused
from casework.review.removal import remove_person
from casework.vocabulary import Act, RemovalCause
from casework.workbook import write

made, _keys, quick = test_papers_cli.made, test_papers_cli._keys, test_papers_cli.quick
paid, run = test_papers_cli.paid, test_papers_cli.run


def asked(world, **more):
    return Asked(world.round_id, **{"actor": LOCAL_OFFICER, "now": at(TODAY), **more})


def issue(world, name, *, key="one", opened=False, **more):
    return issuing.issue(world.engine, name=name, asked=asked(world, **more), key=key, opened=opened)


def again(world, issue_id, *, key="again", actor=LOCAL_OFFICER):
    return issuing.reprint(world.engine, issue_id=issue_id, actor=actor, now=at(TODAY), key=key)


def verified(world, content, name="x.pdf", actor=LOCAL_OFFICER):
    with db.reading(world.engine) as session:
        return issuing.verify(session, content, name=name, actor=actor, now=at(TODAY))


def leave(world):
    told = {"cause": RemovalCause.DECLINED, "on": TODAY, "basis": "示例申请", "expected_version": 1}
    world.do(remove_person, case_id=world.cases[0], **told)


# -- issuing ---------------------------------------------------------------------------------------------------------


def test_an_issued_list_is_kept_as_it_left_and_comes_back_byte_for_byte(paid):
    told = issue(paid, "pay-sheet")
    first = {form: again(paid, issue_id, key=form) for form, issue_id in told["files"].items()}

    assert set(first) == {"pdf", "xlsx"}
    with db.reading(paid.engine) as session:
        rows = session.exec(select(IssuedList)).all()
        assert {row.sha256 for row in rows} == {hashlib.sha256(one.body).hexdigest() for one in first.values()}
        assert all(one.body not in row.content for row in rows for one in first.values()), "kept in clear"
        assert len(session.exec(select(Download)).all()) == 2, "each reprint stands in the log"
    text = PdfReader(io.BytesIO(first["pdf"].body)).pages[0].extract_text()
    assert "印发" in text
    assert told["code"] in text
    assert rows[0].audit_head[:4].upper() in text
    assert "草稿" not in text
    assert again(paid, told["files"]["pdf"], key="later").body == first["pdf"].body


def test_issuing_the_same_list_again_gives_the_files_of_the_first_time(paid):
    first, second = issue(paid, "pay-sheet"), issue(paid, "pay-sheet", key="two")

    assert not first["unchanged"]
    assert second["unchanged"]
    assert first["files"] == second["files"]


def test_a_unit_s_copy_is_its_own(paid):
    whole, own = issue(paid, "roster"), issue(paid, "roster", key="own", unit_id=TOWN)

    assert own["people"] < whole["people"]
    with db.reading(paid.engine) as session:
        seen = issuing.issued_frame(session, round_id=paid.round_id, actor=OF_TOWN)
    assert set(seen["unit_id"]) == {TOWN}
    with pytest.raises(Refused, match="没有这份已发文件"):
        again(paid, whole["files"]["pdf"], actor=OF_TOWN)
    assert again(paid, own["files"]["pdf"], actor=OF_TOWN).name.endswith(".pdf")


REFUSED = [("meeting-list", "不印发"), ("minutes", "不印发"), ("bank-payment", "不印发")]


def test_what_is_not_formal_is_not_issued(paid):
    for name, said in REFUSED:
        with pytest.raises(Refused, match=said):
            issue(paid, name)
    with pytest.raises(NotAllowed):
        issue(paid, "pay-sheet", actor=LOCAL_VIEWER)
    with pytest.raises(Refused, match="没有内容"):
        issue(paid, "roster", key="none", unit_id="js-03")
    with db.reading(paid.engine) as session:
        assert session.exec(select(IssuedList)).all() == []


NUMBER = "6222021234567890128"


def test_a_form_with_numbers_is_issued_whole_and_its_opening_logged_first(paid):
    paid.do(put_contact, person_id=paid.claims(unit=TOWN)[0].person_id, kind="card", value=NUMBER)
    with pytest.raises(Refused, match="遮盖了号码的只供核对"):
        issue(paid, "person-return")
    with pytest.raises(Refused, match="没有要打开的号码"):
        issue(paid, "pay-sheet", opened=True)
    with pytest.raises(NotAllowed):
        issue(paid, "person-return", opened=True, actor=LOCAL_VIEWER)
    before = len(paid.read(openings))

    told = issue(paid, "person-return", key="two", opened=True)

    assert len(paid.read(openings)) == before + 1, "one line, though it is printed twice"
    body = again(paid, told["files"]["pdf"]).body
    text = "".join(read_pdf(body).pages)
    assert NUMBER in re.sub(r"\s", "", text)
    assert "草稿" not in text
    assert verified(paid, body).sound
    with db.reading(paid.engine) as session:
        assert not [row for row in session.exec(select(AuditEntry)).all() if NUMBER in str(row.model_dump())]


def test_a_changed_number_is_found_without_being_told(paid):
    paid.do(put_contact, person_id=paid.claims(unit=TOWN)[0].person_id, kind="card", value=NUMBER)
    body = again(paid, issue(paid, "person-return", opened=True)["files"]["xlsx"]).body
    book = load_workbook(io.BytesIO(body))
    cell = next(c for row in book.active.iter_rows() for c in row if NUMBER in str(c.value))
    cell.value = str(cell.value).replace(NUMBER, "1" * len(NUMBER))
    target = io.BytesIO()
    book.save(target)

    found = verified(paid, target.getvalue(), "x.xlsx")

    assert found.same is False
    assert found.differences
    assert NUMBER not in str(found)
    assert verified(paid, target.getvalue(), "x.xlsx", actor=OF_TOWN).same is None, "the whole round is not his"


def test_a_number_put_right_while_it_is_printed_is_a_conflict(paid, monkeypatch):
    module = sys.modules["casework.issuing.issue"]
    printed = module.render

    def slow(*given, **more):
        leave(paid)
        return printed(*given, **more)

    monkeypatch.setattr(module, "render", slow)
    with pytest.raises((Conflict, Refused)):
        issue(paid, "roster")
    assert paid.read(lambda session: session.exec(select(IssuedList)).all()) == []


def test_a_change_that_is_not_studied_stops_the_formal_list(paid):
    leave(paid)

    with pytest.raises(Refused, match="还是上会稿"):
        issue(paid, "roster")


def test_nobody_who_waits_stands_on_a_formal_list(paid, monkeypatch):
    module = sys.modules["casework.issuing.issue"]
    ready = module.review_issue_ready

    def waiting(session, **more):
        return replace(ready(session, **more), waiting={paid.cases[0]: "示例原因"}, blocks=())

    monkeypatch.setattr(module, "review_issue_ready", waiting)
    with pytest.raises(Refused, match="示例原因"):
        issue(paid, "roster")


def test_the_ledger_check_opens_what_was_issued(paid):
    issue(paid, "pay-sheet")
    assert not [p for p in checked(paid) if "印发" in p.sentence()]
    with paid.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER issued_list_no_update")
        connection.exec_driver_sql("UPDATE issued_list SET content = zeroblob(64)")

    assert [p for p in checked(paid) if "印发的名单" in p.sentence()]


def checked(world):
    with db.reading(world.engine) as session:
        return check_ledger(session, key=audit_key(world.engine))


# -- verifying -------------------------------------------------------------------------------------------------------


def test_the_issued_file_passes_and_one_changed_byte_fails(paid):
    told = issue(paid, "pay-sheet")
    for form, issue_id in told["files"].items():
        body = again(paid, issue_id, key=form).body
        found = verified(paid, body, f"x.{form}")
        assert found.sound, found
        assert found.since == ()
        spoiled = body + b"\n"
        found = verified(paid, spoiled, f"x.{form}")
        assert not found.issued
        assert "不是印发的原件" in found.said_issued


def forged(world, change):
    """Return an issued pay sheet whose pages were set anew, with the data of the true one inside."""
    body = again(world, issue(world, "pay-sheet")["files"]["pdf"]).body
    with db.reading(world.engine) as session:
        table = paper(session, "pay-sheet", asked(world))
    other = PdfReader(io.BytesIO(render(table.list_id, change(table), issued="示例")))
    true = PdfReader(io.BytesIO(body))
    writer = PdfWriter()
    for page in other.pages:
        writer.add_page(page)
    writer.add_attachment("list.json", true.attachments["list.json"][0])
    writer.add_metadata({"/Keywords": true.metadata["/Keywords"]})
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def test_one_changed_digit_on_a_page_is_found_and_named(paid):
    def more(table):
        at_row, at_column = 1, table.keys.index("amount")
        row = list(table.rows[at_row])
        row[at_column] += 100_00
        rows = (table.rows[0], tuple(row), *table.rows[2:])
        return replace(table, rows=rows)

    found = verified(paid, forged(paid, more))

    assert found.same is False
    assert not found.issued
    assert any(said.startswith("第 1 页第 2 行“金额（元）”：页面上是“600") for said in found.differences), found
    assert any("校验码" in said for said in found.differences), "its own foot gives it away too"


def test_a_row_taken_away_and_a_name_changed_are_found(paid):
    def fewer(table):
        return replace(table, rows=table.rows[:-1])

    def renamed(table):
        row = list(table.rows[0])
        row[table.keys.index("name")] = "示例冒名"
        return replace(table, rows=(tuple(row), *table.rows[1:]))

    assert any("不在页面上" in said for said in verified(paid, forged(paid, fewer)).differences)
    assert any("示例冒名" in said for said in verified(paid, forged(paid, renamed)).differences)


def test_a_cell_changed_in_the_workbook_is_named(paid):
    body = again(paid, issue(paid, "pay-sheet")["files"]["xlsx"]).body
    book = load_workbook(io.BytesIO(body))
    cell = next(c for row in book.active.iter_rows() for c in row if c.value == 500)
    cell.value = 5000
    target = io.BytesIO()
    book.save(target)
    with zipfile.ZipFile(io.BytesIO(target.getvalue())) as parts:
        assert "docProps/custom.xml" in parts.namelist(), "the forger kept the properties"

    found = verified(paid, target.getvalue(), "x.xlsx")

    assert found.same is False
    assert any("“金额（元）”：工作簿里是“5000" in said for said in found.differences)


def test_a_file_nobody_issued_says_so(paid):
    with db.reading(paid.engine) as session:
        table = paper(session, "pay-sheet", asked(paid))
    draft = verified(paid, render(table.list_id, table))
    book = verified(paid, write(table), "x.xlsx")

    assert (draft.issued, draft.same) == (False, True), "its own pages and data agree"
    assert (book.issued, book.same) == (False, None)
    with pytest.raises(Refused, match="既不是 PDF"):
        verified(paid, b"hello", "x.txt")
    with pytest.raises(Refused, match="打不开"):
        verified(paid, b"%PDF-1.7 nothing")


def test_what_changed_in_the_ledger_since_is_said_and_is_no_fault_of_the_file(paid):
    body = again(paid, issue(paid, "roster")["files"]["pdf"]).body
    leave(paid)

    found = verified(paid, body)

    assert found.sound
    assert found.since


def test_every_page_of_every_form_reads_back_as_its_list():
    import printed_papers

    tables = [getattr(printed_papers, name)() for name in ("material", "minutes", "notice", "paid", "slips", "led")]
    for table in tables:
        said = list(differences(read_pdf(render(table.list_id, table)).pages, as_printed(table)))
        assert said == [], (table.title, said)


# -- the whole set ---------------------------------------------------------------------------------------------------


def test_the_bundle_holds_each_paper_twice_the_whole_set_and_a_manifest(paid):
    told = []
    with db.reading(paid.engine) as session:
        name, body = issuing.round_bundle(
            session, asked(paid), told=lambda at, many, what: told.append((at, many, what)) or True
        )
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        for one in manifest["papers"]:
            for file, sha256 in one["files"].items():
                assert hashlib.sha256(packed.read(file)).hexdigest() == sha256
        whole = packed.read("00_全套材料.pdf")
    assert name.endswith(".zip")
    assert told[-1][0] + 1 == told[-1][1], "the last one is told as the last"
    assert [at for at, _, _ in told] == list(range(len(told)))
    pages = read_pdf(whole).pages
    assert page_count(whole) == len(pages)
    numbers = [re.search(r"(?:— (\d+) —|第 (\d+) 页)", page) for page in pages]
    assert [int(one[1] or one[2]) for one in numbers] == list(range(1, len(pages) + 1))
    assert {"roster", "pay-sheet", "exceptions"} <= {one["paper"] for one in manifest["papers"]}
    assert "6222" not in "".join(pages), "cards are masked"
    assert read_pdf(whole).attached == {}


def test_what_is_handed_on_holds_nothing_internal_and_no_draft(paid):
    with db.reading(paid.engine) as session:
        made = issuing.set_of(session, asked(paid), purpose="submit")

    assert not {name for _, name, _ in made.members} & {"exceptions", "meeting-list", "minutes"}
    assert {table.state.value for _, _, table in made.members} == {"official"}


def test_a_cancelled_bundle_gives_nothing(paid):
    with db.reading(paid.engine) as session, pytest.raises(Refused, match="已取消"):
        issuing.round_bundle(session, asked(paid), told=lambda at, *_: at < 1)


def test_the_whole_set_can_be_cancelled_too(paid):
    with db.reading(paid.engine) as session:
        made = issuing.set_of(session, asked(paid), purpose="submit")
        with pytest.raises(Refused, match="已取消"):
            issuing.whole_set(session, asked(paid), made, told=lambda at, *_: at < 2)
    assert page_count(render("quota_table", quota_table_of(paid))), "the renderer is free again"


def test_the_quota_table_in_force_has_the_units_and_the_money_that_were_adopted(paid):
    table = quota_table_of(paid)

    assert [row[0] for row in table.rows][:2] == ["业州镇", "长梁镇"]
    assert len(table.rows) == 12
    adopted = paid.read(in_force, paid.round_id, Act.PLACES).numbers["plan"]
    assert table.total("places.total") == sum(cell["places"] for cell in adopted) > 0
    assert table.total("money.total") == sum(cell["amount_fen"] for cell in adopted) > 0
    assert issue(paid, "quota-table")["people"] == 12


def quota_table_of(world):
    with db.reading(world.engine) as session:
        return in_force_copy(session, "quota-table", asked(world))


# -- the command line ------------------------------------------------------------------------------------------------


def test_issue_register_reprint_and_verify_from_the_command_line(paid, run, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    code, out, err = run("issue", "pay-sheet", "--round", "js", "--out", folder)
    assert code == 0, err
    assert "已印发并存档" in out
    files = sorted(folder.iterdir())
    assert [file.suffix for file in files] == [".pdf", ".xlsx"]
    code, out, _ = run("issued", "--round", "js", "--json")
    listed = json.loads(out)
    assert len(listed) == 2
    pdf = next(one for one in listed if one["format"] == "pdf")
    target = tmp_path / "again.pdf"
    assert run("reprint", pdf["issue_id"], "--out", target)[0] == 0
    assert target.read_bytes() == files[0].read_bytes()
    page = tmp_path / "page.pdf"
    assert run("reprint", pdf["issue_id"], "--pages", "1", "--out", page)[0] == 0
    assert page_count(page.read_bytes()) == 1
    assert run("reprint", pdf["issue_id"], "--pages", "9", "--out", page)[0] == 2
    code, out, _ = run("verify", files[0])
    assert (code, "是印发的原件" in out, "内容与名单一致" in out) == (0, True, True)
    target.write_bytes(target.read_bytes() + b" ")
    code, out, _ = run("verify", target)
    assert (code, "不是印发的原件" in out) == (1, True)


def test_the_bundle_is_written_from_the_command_line(paid, run, tmp_path):
    target = tmp_path / "all.pdf"
    code, _, err = run("bundle", "--round", "js", "--purpose", "报送", "--out", target)
    assert code == 0, err
    assert page_count(target.read_bytes()) > 3
    assert run("bundle", "--round", "js", "--out", tmp_path / "x.doc")[0] == 2
