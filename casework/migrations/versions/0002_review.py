"""Review: steps, meetings, public notices, objections, removals."""
# ruff: noqa: E501

import sqlalchemy as sa
from alembic import op

from casework.migrations.guards import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "removal",
        sa.Column("removal_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "\"cause\" IN ('died', 'declined', 'moved', 'mistaken', 'unfounded')", name=op.f("ck_removal_cause_known")
        ),
        sa.CheckConstraint("length(basis) > 0", name=op.f("ck_removal_with_basis")),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_removal_case_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_removal_round_id")),
        sa.PrimaryKeyConstraint("removal_id", name=op.f("pk_removal")),
        sa.UniqueConstraint("case_id", name=op.f("uq_removal_case_id")),
    )
    op.create_index(op.f("ix_removal_round_id"), "removal", ["round_id"], unique=False)
    op.create_table(
        "meeting",
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("adoption_id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("clause_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("invited", sa.BigInteger(), nullable=True),
        sa.Column("present", sa.BigInteger(), nullable=True),
        sa.Column("agreed", sa.BigInteger(), nullable=True),
        sa.Column("quorum_confirmed_by", sa.String(), nullable=False),
        sa.Column("minutes", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("decided_adoption_id", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            '"agreed" BETWEEN 0 AND 1000000000000000 AND "agreed" = CAST("agreed" AS BIGINT)',
            name=op.f("ck_meeting_agreed_whole"),
        ),
        sa.CheckConstraint(
            '"invited" BETWEEN 0 AND 1000000000000000 AND "invited" = CAST("invited" AS BIGINT)',
            name=op.f("ck_meeting_invited_whole"),
        ),
        sa.CheckConstraint(
            '"present" BETWEEN 0 AND 1000000000000000 AND "present" = CAST("present" AS BIGINT)',
            name=op.f("ck_meeting_present_whole"),
        ),
        sa.CheckConstraint("\"state\" IN ('planned', 'decided')", name=op.f("ck_meeting_state_known")),
        sa.CheckConstraint("present <= invited AND agreed <= present", name=op.f("ck_meeting_no_more_than_came")),
        sa.ForeignKeyConstraint(["adoption_id"], ["adoption.adoption_id"], name=op.f("fk_meeting_adoption_id")),
        sa.ForeignKeyConstraint(
            ["decided_adoption_id"], ["adoption.adoption_id"], name=op.f("fk_meeting_decided_adoption_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_meeting_round_id")),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_meeting")),
    )
    op.create_index(op.f("ix_meeting_round_id"), "meeting", ["round_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("clause_id", sa.String(), nullable=False),
        sa.Column("adoption_id", sa.String(), nullable=True),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("branch", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'ended' OR (ends_on IS NOT NULL AND length(evidence) > 0)",
            name=op.f("ck_notice_ended_with_proof"),
        ),
        sa.CheckConstraint("\"state\" IN ('running', 'ended', 'stopped')", name=op.f("ck_notice_state_known")),
        sa.CheckConstraint("ends_on >= posted_on", name=op.f("ck_notice_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["adoption_id"], ["adoption.adoption_id"], name=op.f("fk_notice_adoption_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_notice_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_notice_unit_id")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_round_id"), "notice", ["round_id"], unique=False)
    op.create_table(
        "instruction",
        sa.Column("instruction_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("road", sa.String(), nullable=True),
        sa.Column("meeting_id", sa.String(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("\"road\" IN ('meeting', 'signed')", name=op.f("ck_instruction_road_known")),
        sa.CheckConstraint("\"state\" IN ('pending', 'settled', 'dropped')", name=op.f("ck_instruction_state_known")),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_instruction_case_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_instruction_meeting_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_instruction_round_id")),
        sa.PrimaryKeyConstraint("instruction_id", name=op.f("pk_instruction")),
    )
    op.create_index(op.f("ix_instruction_round_id"), "instruction", ["round_id"], unique=False)
    op.create_table(
        "meeting_result",
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(result = 'changed_amount') = (amount_fen IS NOT NULL)",
            name=op.f("ck_meeting_result_amount_where_changed"),
        ),
        sa.CheckConstraint(
            "result = 'agreed' OR length(reason) > 0", name=op.f("ck_meeting_result_change_with_reason")
        ),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 0 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_meeting_result_amount_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"result\" IN ('agreed', 'refused', 'deferred', 'returned', 'changed_amount', 'added')",
            name=op.f("ck_meeting_result_result_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_meeting_result_case_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_meeting_result_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "case_id", name=op.f("pk_meeting_result")),
    )
    op.create_index(op.f("ix_meeting_result_case_id"), "meeting_result", ["case_id"], unique=False)
    op.create_table(
        "notice_case",
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_notice_case_case_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.notice_id"], name=op.f("fk_notice_case_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "case_id", name=op.f("pk_notice_case")),
    )
    op.create_index(op.f("ix_notice_case_case_id"), "notice_case", ["case_id"], unique=False)
    op.create_table(
        "objection",
        sa.Column("objection_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("notice_id", sa.String(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("informant", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("finding", sa.LargeBinary(), nullable=True),
        sa.Column("handlers", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("reopens_after", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "\"state\" IN ('received', 'accepted', 'not_accepted', 'upheld', 'not_upheld')",
            name=op.f("ck_objection_state_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_objection_case_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.notice_id"], name=op.f("fk_objection_notice_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_objection_round_id")),
        sa.PrimaryKeyConstraint("objection_id", name=op.f("pk_objection")),
    )
    op.create_index(op.f("ix_objection_case_id"), "objection", ["case_id"], unique=False)
    op.create_index(op.f("ix_objection_round_id"), "objection", ["round_id"], unique=False)
    op.create_table(
        "recusal",
        sa.Column("meeting_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_recusal_with_reason")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_recusal_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "name", name=op.f("pk_recusal")),
    )
    op.create_table(
        "review_step",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("clause_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=True),
        sa.Column("meeting_id", sa.String(), nullable=True),
        sa.Column("notice_id", sa.String(), nullable=True),
        sa.Column("revokes", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_name", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "\"stage\" IN ('nomination', 'survey', 'application', 'recommendation', 'screening', 'first_review', 'branch_meeting', 'unit_review', 'second_review', 'proposal', 'determination', 'public_notice', 'roster', 'transfer', 'payment', 'receipt', 'withdrawn')",
            name=op.f("ck_review_step_stage_known"),
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.meeting_id"], name=op.f("fk_review_step_meeting_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.notice_id"], name=op.f("fk_review_step_notice_id")),
        sa.ForeignKeyConstraint(["revokes"], ["review_step.seq"], name=op.f("fk_review_step_revokes")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_review_step_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_review_step_unit_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_review_step")),
        sa.UniqueConstraint("revokes", name=op.f("uq_review_step_revokes")),
    )
    op.create_index(op.f("ix_review_step_round_id"), "review_step", ["round_id"], unique=False)
    op.create_table(
        "step_case",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "result IN ('agreed', 'added') OR length(reason) > 0", name=op.f("ck_step_case_against_with_reason")
        ),
        sa.CheckConstraint(
            "\"result\" IN ('agreed', 'refused', 'deferred', 'returned', 'changed_amount', 'added')",
            name=op.f("ck_step_case_result_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_step_case_case_id")),
        sa.ForeignKeyConstraint(["seq"], ["review_step.seq"], name=op.f("fk_step_case_seq")),
        sa.PrimaryKeyConstraint("seq", "case_id", name=op.f("pk_step_case")),
    )
    op.create_index(op.f("ix_step_case_case_id"), "step_case", ["case_id"], unique=False)
    op.create_table(
        "rest_year",
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("workdays", sa.JSON(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_rest_year_with_source")),
        sa.CheckConstraint(
            '"year" BETWEEN 1900 AND 1000000000000000 AND "year" = CAST("year" AS BIGINT)',
            name=op.f("ck_rest_year_year_whole"),
        ),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_rest_year")),
    )
    op.create_table(
        "round_open_end",
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_round_open_end_explained")),
        sa.CheckConstraint(
            '"count" BETWEEN 1 AND 1000000000000000 AND "count" = CAST("count" AS BIGINT)',
            name=op.f("ck_round_open_end_count_whole"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_round_open_end_round_id")),
        sa.PrimaryKeyConstraint("round_id", "code", name=op.f("pk_round_open_end")),
    )
    append_only("meeting_result", ("meeting_id", "case_id"))
    append_only("notice_case", ("notice_id", "case_id"))
    append_only("recusal", ("meeting_id", "name"))
    append_only("removal", ("removal_id",), ("case_id",))
    append_only("review_step", ("seq",), ("revokes",))
    append_only("round_open_end", ("round_id", "code"))
    append_only("step_case", ("seq", "case_id"))
