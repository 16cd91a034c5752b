"""People under protection: keys, contacts, imports, unit packages, scans, merges, re-checks, erasures."""

import sqlalchemy as sa
from alembic import op

from casework.migrations.guards import append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(wrapped IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_data_key_erased_or_there")),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_data_key")),
    )
    op.create_table(
        "column_mapping",
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_column_mapping_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_column_mapping")),
    )
    op.create_table(
        "borrowed_form",
        sa.Column("heads_digest", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("heads_digest", name=op.f("pk_borrowed_form")),
    )
    op.create_table(
        "layout",
        sa.Column("layout_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_layout_with_name")),
        sa.PrimaryKeyConstraint("layout_id", name=op.f("pk_layout")),
        sa.UniqueConstraint("name", name=op.f("uq_layout_name")),
    )
    op.create_table(
        "import_batch",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=True),
        sa.Column("links", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("replaces", sa.String(), nullable=True),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR length(reason) > 0", name=op.f("ck_import_batch_withdrawn_with_reason")
        ),
        sa.CheckConstraint("\"mode\" IN ('all_or_nothing', 'clean_only')", name=op.f("ck_import_batch_mode_known")),
        sa.CheckConstraint(
            "\"state\" IN ('in_force', 'replaced', 'withdrawn')", name=op.f("ck_import_batch_state_known")
        ),
        sa.ForeignKeyConstraint(["replaces"], ["import_batch.import_id"], name=op.f("fk_import_batch_replaces")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_import_batch_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_import_batch_unit_id")),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_batch")),
    )
    op.create_index(op.f("ix_import_batch_round_id"), "import_batch", ["round_id"], unique=False)
    op.create_index(
        "uq_import_batch_in_force",
        "import_batch",
        ["round_id", "unit_id", "part"],
        unique=True,
        sqlite_where=sa.text("state = 'in_force'"),
        postgresql_where=sa.text("state = 'in_force'"),
    )
    op.create_table(
        "unit_package",
        sa.Column("package_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("clause_id", sa.String(), nullable=False),
        sa.Column("deliverable", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'returned' OR length(reason) > 0", name=op.f("ck_unit_package_returned_with_reason")
        ),
        sa.CheckConstraint(
            '"number" BETWEEN 1 AND 1000000000000000 AND "number" = CAST("number" AS BIGINT)',
            name=op.f("ck_unit_package_number_whole"),
        ),
        sa.CheckConstraint("\"state\" IN ('received', 'returned')", name=op.f("ck_unit_package_state_known")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_unit_package_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_unit_package_unit_id")),
        sa.PrimaryKeyConstraint("package_id", name=op.f("pk_unit_package")),
        sa.UniqueConstraint(
            "round_id",
            "unit_id",
            "clause_id",
            "deliverable",
            "number",
            name=op.f("uq_unit_package_round_id_unit_id_clause_id_deliverable_number"),
        ),
    )
    op.create_index(op.f("ix_unit_package_round_id"), "unit_package", ["round_id"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("erased_by", sa.String(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_erasure_with_reason")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_erasure_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "import_row",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("row", sa.String(), nullable=False),
        sa.CheckConstraint(
            "\"outcome\" IN ('new', 'changed', 'unchanged', 'gone')", name=op.f("ck_import_row_outcome_known")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_batch.import_id"], name=op.f("fk_import_row_import_id")),
        sa.PrimaryKeyConstraint("import_id", "case_id", name=op.f("pk_import_row")),
    )
    op.create_index(op.f("ix_import_row_person_id"), "import_row", ["person_id"], unique=False)
    op.create_table(
        "person_merge",
        sa.Column("merge_id", sa.String(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.Column("gone", sa.String(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("merged_by", sa.String(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_reason", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kept <> gone", name=op.f("ck_person_merge_two_records")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_person_merge_with_reason")),
        sa.ForeignKeyConstraint(["gone"], ["person.person_id"], name=op.f("fk_person_merge_gone")),
        sa.ForeignKeyConstraint(["kept"], ["person.person_id"], name=op.f("fk_person_merge_kept")),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("pk_person_merge")),
    )
    op.create_index(op.f("ix_person_merge_kept"), "person_merge", ["kept"], unique=False)
    op.create_index(
        "uq_person_merge_in_force",
        "person_merge",
        ["gone"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_table(
        "verification",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome <> 'ended' OR length(basis) > 0", name=op.f("ck_verification_ended_with_basis")),
        sa.CheckConstraint(
            "\"outcome\" IN ('carried', 'new', 'changed', 'ended')", name=op.f("ck_verification_outcome_known")
        ),
        sa.CheckConstraint(
            '"year" BETWEEN 1 AND 1000000000000000 AND "year" = CAST("year" AS BIGINT)',
            name=op.f("ck_verification_year_whole"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_verification_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_verification_unit_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_verification")),
    )
    op.create_index("ix_verification_person_id_year", "verification", ["person_id", "year"], unique=False)
    op.create_index(op.f("ix_verification_unit_id"), "verification", ["unit_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("attachment_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=True),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("\"kind\" IN ('pdf', 'jpg', 'png')", name=op.f("ck_attachment_kind_known")),
        sa.CheckConstraint(
            "\"purpose\" IN ('package', 'evidence', 'notice', 'consent', 'receipt', 'meeting', 'decision')",
            name=op.f("ck_attachment_purpose_known"),
        ),
        sa.CheckConstraint(
            '"size" BETWEEN 1 AND 1000000000000000 AND "size" = CAST("size" AS BIGINT)',
            name=op.f("ck_attachment_size_whole"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_attachment_case_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_attachment_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_attachment_unit_id")),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_case_id"), "attachment", ["case_id"], unique=False)
    op.create_index(op.f("ix_attachment_round_id"), "attachment", ["round_id"], unique=False)
    op.create_index(op.f("ix_attachment_subject"), "attachment", ["subject"], unique=False)
    op.create_table(
        "attachment_opening",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.CheckConstraint("length(purpose) > 0", name=op.f("ck_attachment_opening_with_purpose")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.attachment_id"], name=op.f("fk_attachment_opening_attachment_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_attachment_opening")),
    )
    op.create_index(op.f("ix_attachment_opening_attachment_id"), "attachment_opening", ["attachment_id"], unique=False)
    op.create_table(
        "attachment_withdrawal",
        sa.Column("attachment_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("withdrawn_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_attachment_withdrawal_with_reason")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.attachment_id"], name=op.f("fk_attachment_withdrawal_attachment_id")
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_attachment_withdrawal")),
    )
    op.create_table(
        "contact_opening",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("round_id", sa.String(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            '"people" BETWEEN 0 AND 1000000000000000 AND "people" = CAST("people" AS BIGINT)',
            name=op.f("ck_contact_opening_people_whole"),
        ),
        sa.CheckConstraint("(person_id IS NULL) <> (round_id IS NULL)", name=op.f("ck_contact_opening_person_or_task")),
        sa.CheckConstraint("length(purpose) > 0", name=op.f("ck_contact_opening_with_purpose")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_contact_opening_round_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_contact_opening")),
    )
    op.create_index(op.f("ix_contact_opening_person_id"), "contact_opening", ["person_id"], unique=False)
    op.create_index(op.f("ix_contact_opening_round_id"), "contact_opening", ["round_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_version", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("consent_scan", sa.String(), nullable=True),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'designated_card' OR sealed IS NULL OR (relation IS NOT NULL AND consent_on IS NOT NULL)",
            name=op.f("ck_contact_designated_with_consent"),
        ),
        sa.CheckConstraint(
            '"key_version" BETWEEN 1 AND 1000000000000000 AND "key_version" = CAST("key_version" AS BIGINT)',
            name=op.f("ck_contact_key_version_whole"),
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('card', 'designated_card', 'phone', 'address', 'id_number')",
            name=op.f("ck_contact_kind_known"),
        ),
        sa.CheckConstraint(
            "\"relation\" IN ('self', 'spouse', 'child', 'parent', 'grandparent', 'grandchild', 'sibling', 'other')",
            name=op.f("ck_contact_relation_known"),
        ),
        sa.ForeignKeyConstraint(["consent_scan"], ["attachment.attachment_id"], name=op.f("fk_contact_consent_scan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_contact_person_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact")),
    )
    op.create_index("ix_contact_kind_digest", "contact", ["kind", "digest"], unique=False)
    op.create_index(op.f("ix_contact_person_id"), "contact", ["person_id"], unique=False)
    op.create_table(
        "two_people",
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first < second", name=op.f("ck_two_people_in_order")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_two_people_with_reason")),
        sa.ForeignKeyConstraint(["first"], ["person.person_id"], name=op.f("fk_two_people_first")),
        sa.ForeignKeyConstraint(["second"], ["person.person_id"], name=op.f("fk_two_people_second")),
        sa.PrimaryKeyConstraint("first", "second", name=op.f("pk_two_people")),
    )
    op.create_index(op.f("ix_two_people_second"), "two_people", ["second"], unique=False)
    op.create_table(
        "retention_rule",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("years", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_retention_rule_with_source")),
        sa.CheckConstraint(
            '"years" BETWEEN 1 AND 1000000000000000 AND "years" = CAST("years" AS BIGINT)',
            name=op.f("ck_retention_rule_years_whole"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_retention_rule")),
    )
    append_only("attachment", ("attachment_id",))
    append_only("attachment_opening", ("seq",))
    append_only("attachment_withdrawal", ("attachment_id",))
    append_only("contact_opening", ("seq",))
    append_only("erasure", ("person_id",))
    append_only("import_row", ("import_id", "case_id"))
    append_only("retention_rule", ("seq",))
    append_only("two_people", ("first", "second"))
    append_only("verification", ("seq",))
