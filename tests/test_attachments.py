"""Scans: looked through before they are kept, sealed, opened with a purpose, named only where they exist."""

import io
import struct
import zlib
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import db
from casework.access import LOCAL_OFFICER, LOCAL_VIEWER, Actor
from casework.ledger import Keyring, add_facts, audit_check, audit_key, import_units, open_round
from casework.ledger.keys import person
from casework.ledger.scans import scans_named
from casework.models import Round
from casework.models_people import SCAN_KINDS, SCAN_PURPOSES, UnitPackage
from casework.people.attachments import (
    attach,
    attachment_openings,
    attachments,
    open_attachment,
    withdraw_attachment,
)
from casework.people.contacts import put_contact
from casework.people.papers import PURPOSES
from casework.people.scans import MOST_BYTES, read_scan
from casework.problems import NotAllowed, Refused
from casework.review.steps import record_step
from casework.vocabulary import Role, RoundState, Stage

NOW = datetime(2020, 1, 14, 9, 30, tzinfo=UTC)
WHO = {"actor": LOCAL_OFFICER, "now": NOW}
ROUND = "jianshi-2020"
TOWN = Actor("town", "示例镇经办", Role.OFFICER, frozenset({"a"}))
ELSEWHERE = Actor("else", "他乡经办", Role.OFFICER, frozenset({"b"}))


def pdf(*objects, trailer=b"", tail=b"", packed=b"", body_first=b""):
    """A small PDF with a right cross-reference table; `packed` goes into a compressed object stream."""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>",
        *objects,
    ]
    if packed:
        squeezed = zlib.compress(packed)
        head = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>" % len(squeezed)
        parts.append(head + b"\nstream\n" + squeezed + b"\nendstream")
    out, at = bytearray(b"%PDF-1.5\n" + body_first), []
    for number, part in enumerate(parts, start=1):
        at.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in at)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, trailer, start)
    return bytes(out) + tail


def png(width=2, height=2, tail=b"", kinds=(b"IDAT",)):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\x00" * (width + 1) * min(height, 4))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(k, rows) for k in kinds) + chunk(b"IEND", b"") + tail


def jpg(width=2, height=2, tail=b"", data=b"\x12\xff\x00\x34"):
    sof = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    sos = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x3f\x00"
    return b"\xff\xd8\xff\xe0\x00\x04ab" + sof + sos + data + b"\xff\xd9" + tail


EXE = b"MZ\x90\x00" + b"\x00" * 60
SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
HOSTILE = {
    "renamed exe": ("诊断.pdf", EXE, "no_scan"),
    "exe by name": ("诊断.pdf.exe", pdf(), "bad_name"),
    "turned name": ("诊断\u202efdp.exe.pdf", pdf(), "bad_name"),
    "web page": ("a.jpg", b"<html><script>", "no_scan"),
    "zip": ("a.pdf", b"PK\x03\x04" + b"\x00" * 30, "no_scan"),
    "empty": ("a.pdf", b"", "empty"),
    "too large": ("a.pdf", pdf() + b"\x00" * MOST_BYTES, "too_large"),
    "script": ("a.pdf", pdf(SCRIPT), "active"),
    "script, name escaped": ("a.pdf", pdf(b"<< /S /J#61vaScript /#4aS (x) >>"), "active"),
    "script in an object stream": ("a.pdf", pdf(packed=b"9 0 " + SCRIPT), "active"),
    "script in what looks like a stream": (
        "a.pdf",
        pdf(b"<< /A 1 >>\nstream\n9 0 obj\n" + SCRIPT + b"\nendobj\nendstream"),
        "not_readable",
    ),
    "embedded file": ("a.pdf", pdf(b"<< /Type /EmbeddedFile /Length 2 >>\nstream\nMZ\nendstream"), "active"),
    "embedded files": ("a.pdf", pdf(b"<< /Names << /EmbeddedFiles 4 0 R >> >>"), "active"),
    "launch": ("a.pdf", pdf(b"<< /S /Launch /F (cmd.exe) >>"), "active"),
    "encrypted": ("a.pdf", pdf(trailer=b"/Encrypt 4 0 R "), "not_readable"),
    "unusual packing": (
        "a.pdf",
        pdf(b"<< /Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode] >>\nstream\n00\nendstream"),
        "not_readable",
    ),
    "bomb": ("a.pdf", pdf(packed=b" " * (33 * 1024 * 1024)), "too_large"),
    "behind the end": ("a.pdf", pdf(tail=b"PK\x03\x04archive"), "active"),
    "no end": ("a.pdf", pdf()[:-40], "damaged"),
    "no page": ("a.pdf", pdf().replace(b"/Type /Page /", b"/Type /Rage /"), "damaged"),
    "table elsewhere": ("a.pdf", pdf().replace(b"startxref\n", b"startxref\n9"), "damaged"),
    "half a png": ("a.png", png()[:-6], "damaged"),
    "changed png": ("a.png", png()[:45] + bytes([png()[45] ^ 1]) + png()[46:], "damaged"),
    "png without a picture": ("a.png", png(kinds=()), "damaged"),
    "png with a tail": ("a.png", png(tail=EXE), "active"),
    "huge png": ("a.png", png(100_000, 100_000), "too_large"),
    "half a jpg": ("a.jpg", jpg()[:-2], "damaged"),
    "jpg with a tail": ("a.jpg", jpg(tail=EXE), "active"),
    "jpg without a size": ("a.jpg", jpg(0, 0), "damaged"),
}


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_hostile_files_are_refused_in_chinese(case):
    name, body, code = HOSTILE[case]
    with pytest.raises(Refused) as caught:
        read_scan(name, body)
    assert caught.value.reason_code == code
    assert not any(sign in caught.value.sentence for sign in ("Traceback", "None"))


@pytest.mark.parametrize(
    ("name", "body", "kind", "warned"),
    [
        ("C:\\示例\\诊断.PDF", pdf(), "pdf", 0),
        ("a.pdf", pdf(packed=b"9 0 << /Type /Page >>"), "pdf", 0),
        ("a.pdf", pdf(b"<< /A << /S /URI /URI (http://example.invalid) >> >>"), "pdf", 1),
        ("a.jpg", jpg(), "jpg", 0),
        ("a.jpeg", jpg(tail=b"\x00\x00" + jpg()), "jpg", 1),
        ("a.png", png(), "png", 0),
        ("a.jpg", png(), "png", 1),
    ],
)
def test_a_scan_is_what_its_content_says(name, body, kind, warned):
    scan = read_scan(name, body)
    assert (scan.kind, len(scan.warnings)) == (kind, warned)
    assert "\\" not in scan.name


def test_a_real_pdf_passes():
    weasyprint = pytest.importorskip("weasyprint")
    page = io.BytesIO()
    weasyprint.HTML(string="<p>示例</p>").write_pdf(page)
    assert read_scan("a.pdf", page.getvalue()).kind == "pdf"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([pdf(SCRIPT), pdf(), png(), jpg()]), st.data())
def test_cut_or_changed_bytes_never_break_the_reading(body, data):
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] if data.draw(st.booleans()) else body[:at] + bytes([body[at] ^ 0x55]) + body[at + 1 :]
    with suppress(Refused):
        assert read_scan("a.pdf", changed).kind in SCAN_KINDS


# -- in the ledger ---------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("CASEWORK_AUDIT_KEY", "ab" * 32)


@pytest.fixture
def engine(database_url):
    engine = db.open_ledger(database_url)
    open_round(engine, round_id=ROUND, policy=ROUND, key="open", **WHO)
    units = [{"unit_id": "a", "name": "示例镇"}, {"unit_id": "b", "name": "示例乡"}]
    import_units(engine, units, round_id=ROUND, key="units", **WHO)
    add_facts(
        engine,
        round_id=ROUND,
        people=[{"person_id": f"p{i}", "name": f"示例{i}"} for i in range(2)],
        cases=[{"case_id": f"c{i}", "person_id": f"p{i}", "unit_id": "a"} for i in range(2)],
        evidence=[{"case_id": "c0", "document": "缴费凭证", "original_seen": True, "copy_kept": False}],
        key="people",
        **WHO,
    )
    yield engine
    engine.dispose()


def put(engine, key, **more):
    given_ = {"purpose": "evidence", "case_id": "c0", "name": "示例诊断.pdf", "body": pdf(), **WHO, **more}
    if given_["purpose"] not in ("evidence", "consent", "receipt"):
        given_ = {"round_id": ROUND} | given_ | {"case_id": more.get("case_id")}
    return attach(engine, key=key, **given_)


def listed(engine, actor=LOCAL_OFFICER, **more):
    with db.reading(engine) as session:
        return attachments(session, round_id=ROUND, actor=actor, **more)


def code(deed, *arguments, **named):
    with pytest.raises(Refused) as caught:
        deed(*arguments, **named)
    return caught.value.reason_code


def test_a_scan_is_sealed_listed_opened_and_logged(engine, tmp_path):
    made = put(engine, "1")
    assert (made["kind"], made["unchanged"]) == ("pdf", False)
    assert put(engine, "2") == {**made, "unchanged": True}
    frame = listed(engine)
    assert frame.select("name", "kind", "size", "unit_id", "case_id", "withdrawn").row(0) == (
        "示例诊断.pdf",
        "pdf",
        len(pdf()),
        "a",
        "c0",
        None,
    )
    assert "content" not in frame.columns
    opened = open_attachment(engine, attachment_id=made["attachment_id"], purpose="核对原件", key="see", **WHO)
    assert (opened.name, opened.body) == ("示例诊断.pdf", pdf())
    assert "示例" not in repr(opened)
    with db.reading(engine) as session:
        (line,) = attachment_openings(session, attachment_id=made["attachment_id"])
        assert (line.actor_id, line.purpose) == ("local", "核对原件")
        assert audit_check(session, key=audit_key(engine)) == []
        raw = session.connection().exec_driver_sql("SELECT name, content FROM attachment").one()
        assert "示例".encode() not in bytes(raw[0])
        assert b"%PDF" not in bytes(raw[1])
    see = {"attachment_id": made["attachment_id"], "purpose": " ", "key": "s", **WHO}
    assert code(open_attachment, engine, **see) == "no_purpose"


def test_viewers_and_other_units_see_nothing(engine):
    made = put(engine, "1")
    office = put(engine, "2", purpose="meeting", body=png(), name="记录.png")
    with pytest.raises(NotAllowed):
        listed(engine, LOCAL_VIEWER)
    viewer = {"actor": LOCAL_VIEWER, "now": NOW}
    with pytest.raises(NotAllowed):
        open_attachment(engine, attachment_id=made["attachment_id"], purpose="看", key="v", **viewer)
    assert listed(engine, TOWN)["attachment_id"].to_list() == [made["attachment_id"]]
    assert listed(engine, ELSEWHERE).is_empty()
    for actor, which in ((ELSEWHERE, made), (TOWN, office)):
        by = {"actor": actor, "now": NOW, "key": f"o{actor.id}"}
        assert code(open_attachment, engine, attachment_id=which["attachment_id"], purpose="看", **by) == "not_found"
    assert code(put, engine, "x", actor=ELSEWHERE) == "not_found"
    with pytest.raises(NotAllowed):
        put(engine, "y", purpose="meeting", actor=TOWN)


def test_what_a_scan_is_about_must_be_there(engine):
    assert code(put, engine, "1", purpose="photo") == "bad_purpose"
    assert code(put, engine, "2", case_id=None) == "no_case"
    assert code(put, engine, "3", purpose="package") == "no_unit"
    assert code(put, engine, "4", purpose="package", unit_id="zz") == "not_found"
    for number, purpose in enumerate(SCAN_PURPOSES):
        more = {"unit_id": "a"} if purpose == "package" else {}
        assert code(put, engine, f"a{number}", purpose=purpose, about="777", **more) == "not_found"
    assert put(engine, "5", about="1")["attachment_id"]  # the evidence of this case
    assert code(put, engine, "6", about="1", case_id="c1") == "not_found"
    with db.transaction(engine) as session:
        session.add(
            UnitPackage(
                package_id="k1",
                round_id=ROUND,
                unit_id="a",
                clause_id="JS-6.1",
                deliverable="扫描件",
                number=1,
                received_at=NOW,
                received_by="local",
                state="received",
            )
        )
    assert put(engine, "7", purpose="package", unit_id="a", about="k1")["attachment_id"]
    assert code(put, engine, "8", purpose="package", unit_id="b", about="k1") == "not_found"
    assert set(PURPOSES) == set(SCAN_PURPOSES)


def step(engine, document, **more):
    return record_step(
        engine,
        round_id=ROUND,
        stage=Stage.RECOMMENDATION,
        body="党员群众",
        on=date(2020, 1, 10),
        unit_id="a",
        basis="示例",
        document=document,
        expected_version=0,
        key=f"step {document}",
        **{**WHO, **more},
    )


def test_a_record_names_a_scan_that_exists(engine):
    theirs = put(engine, "1", purpose="decision", unit_id="b")["reference"]
    own = put(engine, "2", purpose="decision", unit_id="a")
    assert scans_named(own["reference"]) == (own["attachment_id"],)
    assert code(step, engine, "扫描件:ffffffff") == "not_found"
    assert code(step, engine, theirs) == "not_found"
    assert step(engine, own["reference"])["people"] == 2
    by = {"reason": "示例放错", **WHO}
    assert code(withdraw_attachment, engine, attachment_id=own["attachment_id"], key="w", **by) == "in_use"


def test_a_shelf_is_not_a_scan(engine):
    assert step(engine, "示例镇档案柜三层")["people"] == 2


def test_withdrawn_scans_count_no_more(engine):
    made = put(engine, "1", purpose="decision", unit_id="a")
    gone = {"attachment_id": made["attachment_id"], **WHO}
    assert code(withdraw_attachment, engine, reason="", key="w0", **gone) == "no_reason"
    withdraw_attachment(engine, reason="示例放错", key="w1", **gone)
    assert code(withdraw_attachment, engine, reason="示例放错", key="w2", **gone) == "withdrawn"
    assert listed(engine)["withdrawn"].to_list() == ["示例放错"]
    assert code(step, engine, made["reference"]) == "not_found"
    assert put(engine, "2", purpose="decision", unit_id="a")["unchanged"] is False


def test_a_consent_names_a_scan_that_counts(engine):
    made = put(engine, "1", purpose="consent")
    card = {"person_id": "p0", "kind": "designated_card", "value": "6222021234567890128", "holder": "示例亲属"}
    card |= {"relation": "child", "consent_on": date(2020, 1, 2), "consent_scan": made["attachment_id"], **WHO}
    put_contact(engine, key="c", **card)
    by = {"attachment_id": made["attachment_id"], "reason": "示例", **WHO}
    assert code(withdraw_attachment, engine, key="w", **by) == "in_use"


def test_an_erased_person_takes_the_scans_along(engine):
    made = put(engine, "1")
    with db.transaction(engine) as session:
        Keyring(session).destroy(person("p0"), now=NOW)
    assert listed(engine)["name"].to_list() == [None]
    see = {"attachment_id": made["attachment_id"], "purpose": "看", "key": "s", **WHO}
    assert code(open_attachment, engine, **see) == "erased"
    assert code(put, engine, "2", body=png(), name="a.png") == "erased"


def test_a_closed_round_takes_no_scan(engine):
    with db.transaction(engine) as session:
        session.get_one(Round, ROUND).state = RoundState.CLOSED.value
    assert code(put, engine, "1") == "closed"
