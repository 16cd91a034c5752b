"""Money and visits: claims, transfers, payments, receipts, the ledger of funds, visits, inspections."""
# ruff: noqa: E501

import sqlalchemy as sa
from alembic import op

from casework.migrations.guards import append_only, kept

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - a table a statement
    op.create_table(
        "bank_batch",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("prepared_by", sa.String(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 1 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_bank_batch_amount_fen_whole"),
        ),
        sa.CheckConstraint(
            '"people" BETWEEN 1 AND 1000000000000000 AND "people" = CAST("people" AS BIGINT)',
            name=op.f("ck_bank_batch_people_whole"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_bank_batch_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_bank_batch_unit_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_bank_batch")),
    )
    op.create_index(op.f("ix_bank_batch_round_id"), "bank_batch", ["round_id"], unique=False)
    op.create_table(
        "fund_account",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fund", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(kind = 'own') = (unit_id IS NULL)", name=op.f("ck_fund_account_own_or_of_a_unit")),
        sa.CheckConstraint(
            '"balance_fen" BETWEEN 0 AND 1000000000000000 AND "balance_fen" = CAST("balance_fen" AS BIGINT)',
            name=op.f("ck_fund_account_balance_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"fund\" IN ('dues', 'retained_dues', 'allocated_dues', 'donations', 'fiscal', 'unit_matching', 'union_fund', 'visit_fund', '')",
            name=op.f("ck_fund_account_fund_known"),
        ),
        sa.CheckConstraint("\"kind\" IN ('own', 'custody', 'matching')", name=op.f("ck_fund_account_kind_known")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_fund_account_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_fund_account_unit_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_fund_account")),
    )
    op.create_index(op.f("ix_fund_account_round_id"), "fund_account", ["round_id"], unique=False)
    op.create_table(
        "fund_transfer",
        sa.Column("transfer_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("fund", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 1 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_fund_transfer_amount_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"fund\" IN ('dues', 'retained_dues', 'allocated_dues', 'donations', 'fiscal', 'unit_matching', 'union_fund', 'visit_fund', '')",
            name=op.f("ck_fund_transfer_fund_known"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_fund_transfer_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_fund_transfer_unit_id")),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_fund_transfer")),
    )
    op.create_index(op.f("ix_fund_transfer_round_id"), "fund_transfer", ["round_id"], unique=False)
    op.create_table(
        "inspection",
        sa.Column("inspection_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("drawn", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("drawn_by", sa.String(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            '"size" BETWEEN 1 AND 1000000000000000 AND "size" = CAST("size" AS BIGINT)',
            name=op.f("ck_inspection_size_whole"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_inspection_round_id")),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_inspection")),
    )
    op.create_index(op.f("ix_inspection_round_id"), "inspection", ["round_id"], unique=False)
    op.create_table(
        "leader_link",
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("leader", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("liaison", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "\"level\" IN ('prefecture', 'county', 'township', 'unit')", name=op.f("ck_leader_link_level_known")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_leader_link_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_leader_link_unit_id")),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_leader_link")),
        sa.UniqueConstraint(
            "round_id", "leader", "position", "unit_id", name=op.f("uq_leader_link_round_id_leader_position_unit_id")
        ),
    )
    op.create_index(op.f("ix_leader_link_round_id"), "leader_link", ["round_id"], unique=False)
    op.create_table(
        "reconciliation",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("statement_fen", sa.BigInteger(), nullable=False),
        sa.Column("ledger_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            '"ledger_fen" BETWEEN 0 AND 1000000000000000 AND "ledger_fen" = CAST("ledger_fen" AS BIGINT)',
            name=op.f("ck_reconciliation_ledger_fen_whole"),
        ),
        sa.CheckConstraint(
            '"statement_fen" BETWEEN 0 AND 1000000000000000 AND "statement_fen" = CAST("statement_fen" AS BIGINT)',
            name=op.f("ck_reconciliation_statement_fen_whole"),
        ),
        sa.CheckConstraint(
            "statement_fen = ledger_fen OR length(reason) > 0", name=op.f("ck_reconciliation_difference_explained")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["fund_account.account_id"], name=op.f("fk_reconciliation_account_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_reconciliation")),
    )
    op.create_index(op.f("ix_reconciliation_account_id"), "reconciliation", ["account_id"], unique=False)
    op.create_table(
        "visit_plan",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'cancelled' OR length(reason) > 0", name=op.f("ck_visit_plan_cancelled_with_reason")
        ),
        sa.CheckConstraint("\"state\" IN ('planned', 'cancelled')", name=op.f("ck_visit_plan_state_known")),
        sa.ForeignKeyConstraint(["link_id"], ["leader_link.link_id"], name=op.f("fk_visit_plan_link_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_visit_plan_round_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_visit_plan")),
    )
    op.create_index(op.f("ix_visit_plan_round_id"), "visit_plan", ["round_id"], unique=False)
    op.create_table(
        "inspection_finding",
        sa.Column("finding_id", sa.String(), nullable=False),
        sa.Column("inspection_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("responsible", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "result = 'in_order' OR length(basis) > 0", name=op.f("ck_inspection_finding_irregular_with_basis")
        ),
        sa.CheckConstraint("\"result\" IN ('in_order', 'irregular')", name=op.f("ck_inspection_finding_result_known")),
        sa.CheckConstraint("length(body) > 0", name=op.f("ck_inspection_finding_with_body")),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_inspection_finding_case_id")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.inspection_id"], name=op.f("fk_inspection_finding_inspection_id")
        ),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_inspection_finding")),
    )
    op.create_index(op.f("ix_inspection_finding_inspection_id"), "inspection_finding", ["inspection_id"], unique=False)
    op.create_table(
        "visit_plan_case",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_visit_plan_case_case_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["visit_plan.plan_id"], name=op.f("fk_visit_plan_case_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "case_id", name=op.f("pk_visit_plan_case")),
    )
    op.create_table(
        "claim",
        sa.Column("claim_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("fund", sa.String(), nullable=False),
        sa.Column("instalment", sa.BigInteger(), nullable=False),
        sa.Column("instalments", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("pass_through", sa.Boolean(), nullable=False),
        sa.Column("adoption_id", sa.String(), nullable=False),
        sa.Column("list_number", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("goods", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("transfer_id", sa.String(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'cash' OR (amount_fen IS NOT NULL AND amount_fen > 0)", name=op.f("ck_claim_cash_has_an_amount")
        ),
        sa.CheckConstraint("(instalments > 1) = (due_on IS NOT NULL)", name=op.f("ck_claim_instalment_has_a_day")),
        sa.CheckConstraint("instalment <= instalments", name=op.f("ck_claim_one_of_the_instalments")),
        sa.CheckConstraint("kind <> 'goods' OR length(goods) > 0", name=op.f("ck_claim_goods_are_named")),
        sa.CheckConstraint("state <> 'stopped' OR length(reason) > 0", name=op.f("ck_claim_stopped_with_reason")),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 0 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_claim_amount_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"fund\" IN ('dues', 'retained_dues', 'allocated_dues', 'donations', 'fiscal', 'unit_matching', 'union_fund', 'visit_fund', '')",
            name=op.f("ck_claim_fund_known"),
        ),
        sa.CheckConstraint(
            '"instalment" BETWEEN 1 AND 1000000000000000 AND "instalment" = CAST("instalment" AS BIGINT)',
            name=op.f("ck_claim_instalment_whole"),
        ),
        sa.CheckConstraint(
            '"instalments" BETWEEN 1 AND 1000000000000000 AND "instalments" = CAST("instalments" AS BIGINT)',
            name=op.f("ck_claim_instalments_whole"),
        ),
        sa.CheckConstraint("\"kind\" IN ('cash', 'goods')", name=op.f("ck_claim_kind_known")),
        sa.CheckConstraint(
            "\"state\" IN ('planned', 'transferred', 'sent', 'returned', 'paid', 'signed', 'booked', 'stopped')",
            name=op.f("ck_claim_state_known"),
        ),
        sa.ForeignKeyConstraint(["adoption_id"], ["adoption.adoption_id"], name=op.f("fk_claim_adoption_id")),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_claim_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_claim_person_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_claim_round_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["fund_transfer.transfer_id"], name=op.f("fk_claim_transfer_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_claim_unit_id")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim")),
        sa.UniqueConstraint(
            "claim_id", "case_id", "fund", "instalment", name=op.f("uq_claim_claim_id_case_id_fund_instalment")
        ),
    )
    op.create_index(op.f("ix_claim_case_id"), "claim", ["case_id"], unique=False)
    op.create_index(op.f("ix_claim_round_id"), "claim", ["round_id"], unique=False)
    op.create_index(op.f("ix_claim_transfer_id"), "claim", ["transfer_id"], unique=False)
    op.create_index(
        "uq_claim_case",
        "claim",
        ["case_id", "fund", "instalment"],
        unique=True,
        sqlite_where=sa.text("state <> 'stopped'"),
        postgresql_where=sa.text("state <> 'stopped'"),
    )
    op.create_index(
        "uq_claim_person",
        "claim",
        ["round_id", "person_id", "category", "fund", "instalment"],
        unique=True,
        sqlite_where=sa.text("state <> 'stopped'"),
        postgresql_where=sa.text("state <> 'stopped'"),
    )
    op.create_table(
        "payment",
        sa.Column("payment_id", sa.String(), nullable=False),
        sa.Column("claim_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("fund", sa.String(), nullable=False),
        sa.Column("instalment", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("road", sa.String(), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.String(), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("batch_id", sa.String(), nullable=True),
        sa.Column("serial", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("handed_by", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "payee <> 'designated' OR consent_on IS NOT NULL", name=op.f("ck_payment_designated_with_consent")
        ),
        sa.CheckConstraint(
            "road <> 'bank' OR (batch_id IS NOT NULL AND serial IS NOT NULL AND contact_id IS NOT NULL)",
            name=op.f("ck_payment_bank_has_a_card"),
        ),
        sa.CheckConstraint(
            "road <> 'hand' OR (place IS NOT NULL AND length(handed_by) > 0)", name=op.f("ck_payment_hand_has_a_place")
        ),
        sa.CheckConstraint("state <> 'returned' OR length(reason) > 0", name=op.f("ck_payment_returned_with_reason")),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 0 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_payment_amount_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"fund\" IN ('dues', 'retained_dues', 'allocated_dues', 'donations', 'fiscal', 'unit_matching', 'union_fund', 'visit_fund', '')",
            name=op.f("ck_payment_fund_known"),
        ),
        sa.CheckConstraint(
            '"instalment" BETWEEN 1 AND 1000000000000000 AND "instalment" = CAST("instalment" AS BIGINT)',
            name=op.f("ck_payment_instalment_whole"),
        ),
        sa.CheckConstraint(
            '"number" BETWEEN 1 AND 1000000000000000 AND "number" = CAST("number" AS BIGINT)',
            name=op.f("ck_payment_number_whole"),
        ),
        sa.CheckConstraint("\"payee\" IN ('own', 'designated', 'present')", name=op.f("ck_payment_payee_known")),
        sa.CheckConstraint(
            "\"place\" IN ('home', 'hospital', 'work_site', 'office', 'village_committee', 'other')",
            name=op.f("ck_payment_place_known"),
        ),
        sa.CheckConstraint("\"road\" IN ('bank', 'hand')", name=op.f("ck_payment_road_known")),
        sa.CheckConstraint(
            '"serial" BETWEEN 1 AND 1000000000000000 AND "serial" = CAST("serial" AS BIGINT)',
            name=op.f("ck_payment_serial_whole"),
        ),
        sa.CheckConstraint("\"state\" IN ('sent', 'succeeded', 'returned')", name=op.f("ck_payment_state_known")),
        sa.ForeignKeyConstraint(["batch_id"], ["bank_batch.batch_id"], name=op.f("fk_payment_batch_id")),
        sa.ForeignKeyConstraint(
            ["claim_id", "case_id", "fund", "instalment"],
            ["claim.claim_id", "claim.case_id", "claim.fund", "claim.instalment"],
            name=op.f("fk_payment_claim_id_case_id_fund_instalment"),
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payment")),
        sa.UniqueConstraint("batch_id", "serial", name=op.f("uq_payment_batch_id_serial")),
        sa.UniqueConstraint("claim_id", "number", name=op.f("uq_payment_claim_id_number")),
    )
    op.create_index(
        "uq_payment_case",
        "payment",
        ["case_id", "fund", "instalment"],
        unique=True,
        sqlite_where=sa.text("state <> 'returned'"),
        postgresql_where=sa.text("state <> 'returned'"),
    )
    op.create_index(
        "uq_payment_claim",
        "payment",
        ["claim_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'returned'"),
        postgresql_where=sa.text("state <> 'returned'"),
    )
    op.create_table(
        "fund_entry",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_account", sa.String(), nullable=True),
        sa.Column("to_account", sa.String(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("claim_id", sa.String(), nullable=True),
        sa.Column("payment_id", sa.String(), nullable=True),
        sa.Column("transfer_id", sa.String(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 1 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_fund_entry_amount_fen_whole"),
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('income', 'transfer', 'payment', 'return', 'expense')", name=op.f("ck_fund_entry_kind_known")
        ),
        sa.CheckConstraint("from_account <> to_account", name=op.f("ck_fund_entry_two_accounts")),
        sa.CheckConstraint(
            "from_account IS NOT NULL OR to_account IS NOT NULL", name=op.f("ck_fund_entry_moves_something")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_fund_entry_claim_id")),
        sa.ForeignKeyConstraint(["from_account"], ["fund_account.account_id"], name=op.f("fk_fund_entry_from_account")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name=op.f("fk_fund_entry_payment_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_fund_entry_round_id")),
        sa.ForeignKeyConstraint(["to_account"], ["fund_account.account_id"], name=op.f("fk_fund_entry_to_account")),
        sa.ForeignKeyConstraint(["transfer_id"], ["fund_transfer.transfer_id"], name=op.f("fk_fund_entry_transfer_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_fund_entry")),
        sa.UniqueConstraint("payment_id", "kind", name=op.f("uq_fund_entry_payment_id_kind")),
    )
    op.create_index(op.f("ix_fund_entry_from_account"), "fund_entry", ["from_account"], unique=False)
    op.create_index(op.f("ix_fund_entry_round_id"), "fund_entry", ["round_id"], unique=False)
    op.create_index(op.f("ix_fund_entry_to_account"), "fund_entry", ["to_account"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("receipt_id", sa.String(), nullable=False),
        sa.Column("payment_id", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("proxy_name", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column("signed_with", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("signer <> 'proxy' OR length(proxy_name) > 0", name=op.f("ck_receipt_proxy_is_named")),
        sa.CheckConstraint(
            "\"relation\" IN ('self', 'spouse', 'child', 'parent', 'grandparent', 'grandchild', 'sibling', 'other')",
            name=op.f("ck_receipt_relation_known"),
        ),
        sa.CheckConstraint(
            "\"signed_with\" IN ('signature', 'seal', 'fingerprint')", name=op.f("ck_receipt_signed_with_known")
        ),
        sa.CheckConstraint("\"signer\" IN ('self', 'proxy')", name=op.f("ck_receipt_signer_known")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name=op.f("fk_receipt_payment_id")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("payment_id", "signer", name=op.f("uq_receipt_payment_id_signer")),
        sa.UniqueConstraint("receipt_id", "payment_id", "signer", name=op.f("uq_receipt_receipt_id_payment_id_signer")),
    )
    op.create_table(
        "visit",
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("place_note", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("opinions", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=True),
        sa.Column("payment_id", sa.String(), nullable=True),
        sa.Column("revokes", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("\"mode\" IN ('face_to_face', 'phone', 'other')", name=op.f("ck_visit_mode_known")),
        sa.CheckConstraint(
            "\"place\" IN ('home', 'hospital', 'work_site', 'office', 'village_committee', 'other')",
            name=op.f("ck_visit_place_known"),
        ),
        sa.CheckConstraint("\"scope\" IN ('own_unit', 'stationed_village')", name=op.f("ck_visit_scope_known")),
        sa.CheckConstraint("length(opinions) > 0", name=op.f("ck_visit_opinions_are_said")),
        sa.ForeignKeyConstraint(["case_id"], ["hardship_case.case_id"], name=op.f("fk_visit_case_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name=op.f("fk_visit_payment_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["visit_plan.plan_id"], name=op.f("fk_visit_plan_id")),
        sa.ForeignKeyConstraint(["revokes"], ["visit.visit_id"], name=op.f("fk_visit_revokes")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_visit_round_id")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit")),
        sa.UniqueConstraint("revokes", name=op.f("uq_visit_revokes")),
    )
    op.create_index(op.f("ix_visit_case_id"), "visit", ["case_id"], unique=False)
    op.create_index(op.f("ix_visit_round_id"), "visit", ["round_id"], unique=False)
    op.create_table(
        "booking",
        sa.Column("claim_id", sa.String(), nullable=False),
        sa.Column("payment_id", sa.String(), nullable=False),
        sa.Column("receipt_id", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("voucher", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("booked_by", sa.String(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("signer = 'self'", name=op.f("ck_booking_signed_by_the_person")),
        sa.CheckConstraint(
            '"amount_fen" BETWEEN 0 AND 1000000000000000 AND "amount_fen" = CAST("amount_fen" AS BIGINT)',
            name=op.f("ck_booking_amount_fen_whole"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.claim_id"], name=op.f("fk_booking_claim_id")),
        sa.ForeignKeyConstraint(
            ["receipt_id", "payment_id", "signer"],
            ["receipt.receipt_id", "receipt.payment_id", "receipt.signer"],
            name=op.f("fk_booking_receipt_id_payment_id_signer"),
        ),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_booking")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_booking_payment_id")),
    )
    op.create_table(
        "follow_up",
        sa.Column("follow_up_id", sa.String(), nullable=False),
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closed_on IS NULL OR length(outcome) > 0", name=op.f("ck_follow_up_closed_with_outcome")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.visit_id"], name=op.f("fk_follow_up_visit_id")),
        sa.PrimaryKeyConstraint("follow_up_id", name=op.f("pk_follow_up")),
    )
    op.create_index(op.f("ix_follow_up_visit_id"), "follow_up", ["visit_id"], unique=False)
    op.create_table(
        "visitor",
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("link_id", sa.String(), nullable=True),
        sa.CheckConstraint(
            "\"level\" IN ('prefecture', 'county', 'township', 'unit')", name=op.f("ck_visitor_level_known")
        ),
        sa.CheckConstraint(
            '"number" BETWEEN 1 AND 1000000000000000 AND "number" = CAST("number" AS BIGINT)',
            name=op.f("ck_visitor_number_whole"),
        ),
        sa.ForeignKeyConstraint(["link_id"], ["leader_link.link_id"], name=op.f("fk_visitor_link_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.visit_id"], name=op.f("fk_visitor_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", "number", name=op.f("pk_visitor")),
    )
    append_only("bank_batch", ("batch_id",))
    append_only("booking", ("claim_id",), ("payment_id",))
    append_only("fund_entry", ("seq",), ("payment_id", "kind"))
    append_only("fund_transfer", ("transfer_id",))
    append_only("inspection", ("inspection_id",))
    append_only("inspection_finding", ("finding_id",))
    append_only("receipt", ("receipt_id",), ("payment_id", "signer"), ("receipt_id", "payment_id", "signer"))
    append_only("reconciliation", ("seq",))
    append_only("visit", ("visit_id",), ("revokes",))
    append_only("visit_plan_case", ("plan_id", "case_id"))
    append_only("visitor", ("visit_id", "number"))
    kept("claim", ("claim_id",), ("claim_id", "case_id", "fund", "instalment"))
    kept("fund_account", ("account_id",))
    kept("payment", ("payment_id",), ("batch_id", "serial"), ("claim_id", "number"))
