"""The first tables: register, rounds, cases, decisions, audit."""
# ruff: noqa: E501, PLR0915

import sqlalchemy as sa
from alembic import op

from casework.migrations.guards import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("digests", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("mac", name=op.f("uq_audit_entry_mac")),
        sa.UniqueConstraint("prev", name=op.f("uq_audit_entry_prev")),
    )
    op.create_table(
        "download",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_download")),
    )
    op.create_table(
        "draft",
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("notebook", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor_id", "notebook", "round_id", name=op.f("pk_draft")),
    )
    op.create_table(
        "household",
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("minors", sa.BigInteger(), nullable=True),
        sa.Column("yearly_income_fen", sa.BigInteger(), nullable=True),
        sa.Column("dibao", sa.Boolean(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            '"minors" BETWEEN 0 AND 1000000000000000 AND "minors" = CAST("minors" AS BIGINT)',
            name=op.f("ck_household_minors_whole"),
        ),
        sa.CheckConstraint(
            '"size" BETWEEN 0 AND 1000000000000000 AND "size" = CAST("size" AS BIGINT)',
            name=op.f("ck_household_size_whole"),
        ),
        sa.CheckConstraint(
            '"yearly_income_fen" BETWEEN 0 AND 1000000000000000 AND "yearly_income_fen" = CAST("yearly_income_fen" AS BIGINT)',
            name=op.f("ck_household_yearly_income_fen_whole"),
        ),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_household")),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "round",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("policy_digest", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("from_round", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("\"state\" IN ('open', 'closed')", name=op.f("ck_round_state_known")),
        sa.ForeignKeyConstraint(["from_round"], ["round.round_id"], name=op.f("fk_round_from_round")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_round")),
    )
    op.create_table(
        "unit",
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("members", sa.BigInteger(), nullable=True),
        sa.Column("members_as_of", sa.Date(), nullable=True),
        sa.Column("order", sa.BigInteger(), nullable=True),
        sa.Column("pay_difficulty", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "\"kind\" IN ('town_committee', 'working_committee', 'organ_committee', 'direct_committee', 'leading_group', 'committee', 'general_branch', 'branch', 'other')",
            name=op.f("ck_unit_kind_known"),
        ),
        sa.CheckConstraint(
            '"members" BETWEEN 0 AND 1000000000000000 AND "members" = CAST("members" AS BIGINT)',
            name=op.f("ck_unit_members_whole"),
        ),
        sa.CheckConstraint(
            '"order" BETWEEN 0 AND 1000000000000000 AND "order" = CAST("order" AS BIGINT)',
            name=op.f("ck_unit_order_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["unit.unit_id"], name=op.f("fk_unit_parent_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit")),
    )
    op.create_table(
        "history",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("table", sa.String(), nullable=False),
        sa.Column("row", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit_entry.seq"], name=op.f("fk_history_audit_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_audit_seq"), "history", ["audit_seq"], unique=False)
    op.create_table(
        "household_member",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("employment", sa.String(), nullable=True),
        sa.Column("yearly_income_fen", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "\"relation\" IN ('self', 'spouse', 'child', 'parent', 'grandparent', 'grandchild', 'sibling', 'other')",
            name=op.f("ck_household_member_relation_known"),
        ),
        sa.CheckConstraint(
            '"yearly_income_fen" BETWEEN 0 AND 1000000000000000 AND "yearly_income_fen" = CAST("yearly_income_fen" AS BIGINT)',
            name=op.f("ck_household_member_yearly_income_fen_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.household_id"], name=op.f("fk_household_member_household_id")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_household_member")),
    )
    op.create_index(op.f("ix_household_member_household_id"), "household_member", ["household_id"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit_entry.seq"], name=op.f("fk_idempotency_audit_seq")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency")),
        sa.UniqueConstraint("audit_seq", name=op.f("uq_idempotency_audit_seq")),
    )
    op.create_table(
        "pack_file",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("pack_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            '"position" BETWEEN 0 AND 1000000000000000 AND "position" = CAST("position" AS BIGINT)',
            name=op.f("ck_pack_file_position_whole"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_pack_file_round_id")),
        sa.PrimaryKeyConstraint("round_id", "pack_id", "name", name=op.f("pk_pack_file")),
    )
    op.create_table(
        "person",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("ethnicity", sa.String(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("beneficiary", sa.String(), nullable=True),
        sa.Column("membership", sa.String(), nullable=True),
        sa.Column("joined_party_on", sa.Date(), nullable=True),
        sa.Column("full_member_on", sa.Date(), nullable=True),
        sa.Column("started_work_on", sa.Date(), nullable=True),
        sa.Column("branch", sa.String(), nullable=True),
        sa.Column("position", sa.String(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=True),
        sa.Column("deceased", sa.Boolean(), nullable=True),
        sa.Column("household_id", sa.String(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "\"beneficiary\" IN ('member', 'family', 'cadre', 'resident')", name=op.f("ck_person_beneficiary_known")
        ),
        sa.CheckConstraint(
            "\"membership\" IN ('full', 'probationary', 'none')", name=op.f("ck_person_membership_known")
        ),
        sa.CheckConstraint("\"sex\" IN ('male', 'female')", name=op.f("ck_person_sex_known")),
        sa.ForeignKeyConstraint(["household_id"], ["household.household_id"], name=op.f("fk_person_household_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_household_id"), "person", ["household_id"], unique=False)
    op.create_table(
        "round_unit",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_round_unit_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_round_unit_unit_id")),
        sa.PrimaryKeyConstraint("round_id", "unit_id", name=op.f("pk_round_unit")),
    )
    op.create_table(
        "snapshot",
        sa.Column("snapshot_hash", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_snapshot_round_id")),
        sa.PrimaryKeyConstraint("snapshot_hash", name=op.f("pk_snapshot")),
    )
    op.create_index(op.f("ix_snapshot_round_id"), "snapshot", ["round_id"], unique=False)
    op.create_table(
        "aid",
        sa.Column("aid_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("own", sa.Boolean(), nullable=True),
        sa.Column("round_id", sa.String(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 0 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_aid_amount_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('visit', 'relief', 'union_relief', 'civil_relief', 'other')", name=op.f("ck_aid_kind_known")
        ),
        sa.CheckConstraint("\"status\" IN ('applied', 'granted', 'refused')", name=op.f("ck_aid_status_known")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_aid_person_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_aid_round_id")),
        sa.PrimaryKeyConstraint("aid_id", name=op.f("pk_aid")),
    )
    op.create_index(op.f("ix_aid_person_id"), "aid", ["person_id"], unique=False)
    op.create_table(
        "hardship_case",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("degree", sa.String(), nullable=True),
        sa.Column("unit_rank", sa.BigInteger(), nullable=True),
        sa.Column("requested_fen", sa.BigInteger(), nullable=True),
        sa.Column("decided_fen", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            '"decided_fen" BETWEEN 0 AND 1000000000000000 AND "decided_fen" = CAST("decided_fen" AS BIGINT)',
            name=op.f("ck_hardship_case_decided_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"degree\" IN ('not_hard', 'hardship', 'exceptional_hardship')", name=op.f("ck_hardship_case_degree_known")
        ),
        sa.CheckConstraint(
            '"requested_fen" BETWEEN 0 AND 1000000000000000 AND "requested_fen" = CAST("requested_fen" AS BIGINT)',
            name=op.f("ck_hardship_case_requested_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"stage\" IN ('nomination', 'survey', 'application', 'recommendation', 'screening', 'first_review', 'branch_meeting', 'unit_review', 'second_review', 'proposal', 'determination', 'public_notice', 'roster', 'transfer', 'payment', 'receipt', 'withdrawn')",
            name=op.f("ck_hardship_case_stage_known"),
        ),
        sa.CheckConstraint(
            '"unit_rank" BETWEEN 1 AND 1000000000000000 AND "unit_rank" = CAST("unit_rank" AS BIGINT)',
            name=op.f("ck_hardship_case_unit_rank_whole"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_hardship_case_person_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_hardship_case_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_hardship_case_unit_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_hardship_case")),
    )
    op.create_index(op.f("ix_hardship_case_person_id"), "hardship_case", ["person_id"], unique=False)
    op.create_index(op.f("ix_hardship_case_round_id"), "hardship_case", ["round_id"], unique=False)
    op.create_index(op.f("ix_hardship_case_unit_id"), "hardship_case", ["unit_id"], unique=False)
    op.create_table(
        "honour",
        sa.Column("honour_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_honour_person_id")),
        sa.PrimaryKeyConstraint("honour_id", name=op.f("pk_honour")),
    )
    op.create_index(op.f("ix_honour_person_id"), "honour", ["person_id"], unique=False)
    op.create_table(
        "scenario",
        sa.Column("scenario_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("snapshot_hash", sa.String(), nullable=True),
        sa.Column("result_fingerprint", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("\"state\" IN ('draft', 'adopted', 'withdrawn')", name=op.f("ck_scenario_state_known")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_scenario_round_id")),
        sa.ForeignKeyConstraint(["snapshot_hash"], ["snapshot.snapshot_hash"], name=op.f("fk_scenario_snapshot_hash")),
        sa.PrimaryKeyConstraint("scenario_id", name=op.f("pk_scenario")),
        sa.UniqueConstraint("round_id", "name", name=op.f("uq_scenario_round_id_name")),
    )
    op.create_table(
        "adoption",
        sa.Column("adoption_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("scenario_id", sa.String(), nullable=False),
        sa.Column("snapshot_hash", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("parent_fingerprint", sa.String(), nullable=True),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("adopted_by", sa.String(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR length(reason) > 0", name=op.f("ck_adoption_withdrawn_with_reason")
        ),
        sa.CheckConstraint("\"act\" IN ('places', 'list')", name=op.f("ck_adoption_act_known")),
        sa.CheckConstraint(
            '"number" BETWEEN 0 AND 1000000000000000 AND "number" = CAST("number" AS BIGINT)',
            name=op.f("ck_adoption_number_whole"),
        ),
        sa.CheckConstraint("\"state\" IN ('proposed', 'official', 'withdrawn')", name=op.f("ck_adoption_state_known")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_adoption_round_id")),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.scenario_id"], name=op.f("fk_adoption_scenario_id")),
        sa.ForeignKeyConstraint(["snapshot_hash"], ["snapshot.snapshot_hash"], name=op.f("fk_adoption_snapshot_hash")),
        sa.PrimaryKeyConstraint("adoption_id", name=op.f("pk_adoption")),
    )
    op.create_index(op.f("ix_adoption_scenario_id"), "adoption", ["scenario_id"], unique=False)
    op.create_index(
        "uq_adoption_in_force",
        "adoption",
        ["round_id", "act", "number"],
        unique=True,
        sqlite_where=sa.text("state <> 'withdrawn'"),
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_table(
        "answer",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            '"number" BETWEEN -1000000000000000 AND 1000000000000000 AND "number" = CAST("number" AS BIGINT)',
            name=op.f("ck_answer_number_whole"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_answer_case_id")),
        sa.PrimaryKeyConstraint("case_id", "field", name=op.f("pk_answer")),
    )
    op.create_table(
        "cause",
        sa.Column("cause_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_cause_case_id")),
        sa.PrimaryKeyConstraint("cause_id", name=op.f("pk_cause")),
    )
    op.create_index(op.f("ix_cause_case_id"), "cause", ["case_id"], unique=False)
    op.create_table(
        "completeness",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "\"list\" IN ('aid', 'honours', 'causes', 'household', 'evidence')", name=op.f("ck_completeness_list_known")
        ),
        sa.CheckConstraint("\"mark\" IN ('unchecked', 'none', 'present')", name=op.f("ck_completeness_mark_known")),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_completeness_case_id")),
        sa.PrimaryKeyConstraint("case_id", "list", name=op.f("pk_completeness")),
    )
    op.create_table(
        "evidence",
        sa.Column("evidence_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("issuer", sa.String(), nullable=True),
        sa.Column("issuer_level", sa.String(), nullable=True),
        sa.Column("original_seen", sa.Boolean(), nullable=True),
        sa.Column("copy_kept", sa.Boolean(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_evidence_case_id")),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_case_id"), "evidence", ["case_id"], unique=False)
    op.create_table(
        "judgement",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("clause_id", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("\"value\" IN ('unchecked', 'none', 'present')", name=op.f("ck_judgement_value_known")),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_judgement_case_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_judgement")),
    )
    op.create_index("ix_judgement_case_id_clause_id", "judgement", ["case_id", "clause_id"], unique=False)
    op.create_table(
        "ruling",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("ruling_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("clause_id", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "\"kind\" IN ('tie', 'lot', 'exception', 'place_transfer', 'order')", name=op.f("ck_ruling_kind_known")
        ),
        sa.CheckConstraint(
            '"rank" BETWEEN 1 AND 1000000000000000 AND "rank" = CAST("rank" AS BIGINT)',
            name=op.f("ck_ruling_rank_whole"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_ruling_case_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_ruling_round_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ruling")),
        sa.UniqueConstraint("ruling_id", "case_id", name=op.f("uq_ruling_ruling_id_case_id")),
    )
    op.create_index(op.f("ix_ruling_round_id"), "ruling", ["round_id"], unique=False)
    op.create_table(
        "issued_list",
        sa.Column("issue_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("adoption_id", sa.String(), nullable=True),
        sa.Column("list_fingerprint", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("audit_head", sa.String(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("\"format\" IN ('pdf', 'xlsx')", name=op.f("ck_issued_list_format_known")),
        sa.CheckConstraint(
            '"pages" BETWEEN 0 AND 1000000000000000 AND "pages" = CAST("pages" AS BIGINT)',
            name=op.f("ck_issued_list_pages_whole"),
        ),
        sa.CheckConstraint(
            '"people" BETWEEN 0 AND 1000000000000000 AND "people" = CAST("people" AS BIGINT)',
            name=op.f("ck_issued_list_people_whole"),
        ),
        sa.ForeignKeyConstraint(["adoption_id"], ["adoption.adoption_id"], name=op.f("fk_issued_list_adoption_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_issued_list_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_issued_list_unit_id")),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_issued_list")),
    )
    op.create_index("ix_issued_list_sha256", "issued_list", ["sha256"], unique=False)
    op.create_index(op.f("ix_issued_list_round_id"), "issued_list", ["round_id"], unique=False)
    op.create_table(
        "place_transfer",
        sa.Column("transfer_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("adoption_id", sa.String(), nullable=True),
        sa.Column("from_cell", sa.String(), nullable=False),
        sa.Column("to_cell", sa.String(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            '"places" BETWEEN 1 AND 1000000000000000 AND "places" = CAST("places" AS BIGINT)',
            name=op.f("ck_place_transfer_places_whole"),
        ),
        sa.CheckConstraint("from_cell <> to_cell", name=op.f("ck_place_transfer_two_cells")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_place_transfer_with_reason")),
        sa.ForeignKeyConstraint(["adoption_id"], ["adoption.adoption_id"], name=op.f("fk_place_transfer_adoption_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_place_transfer_round_id")),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_place_transfer")),
    )
    op.create_index(op.f("ix_place_transfer_round_id"), "place_transfer", ["round_id"], unique=False)
    append_only("audit_entry", ("seq",), ("prev",), ("mac",))
    append_only("download", ("seq",))
    append_only("history", ("seq",))
    append_only("idempotency", ("key",), ("audit_seq",))
    append_only("issued_list", ("issue_id",))
    append_only("judgement", ("seq",))
    append_only("pack_file", ("round_id", "pack_id", "name"))
    append_only("place_transfer", ("transfer_id",))
    append_only("ruling", ("seq",), ("ruling_id", "case_id"))
    append_only("snapshot", ("snapshot_hash",))
