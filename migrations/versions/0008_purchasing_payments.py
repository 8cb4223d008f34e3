"""Contracts with their instalments; payments, instructions to the bank, and bank statements as read."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# What a bank was told stays told: only the bank's answer may be added, and only once.
ANSWERED_ONCE = """
CREATE FUNCTION payment_instruction_is_answered_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.outcome IS NOT NULL
        OR (NEW.id, NEW.case_id, NEW.instruction_no, NEW.amount_fen, NEW.issued_at)
        IS DISTINCT FROM (OLD.id, OLD.case_id, OLD.instruction_no, OLD.amount_fen, OLD.issued_at)
    THEN
        RAISE EXCEPTION 'a payment instruction never changes; the bank answers it once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'answered_once', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$
"""

ONLY_ADDED = ("bank_statements", "bank_lines")


def upgrade() -> None:
    create_contracts()
    create_payments()
    create_statements()
    create_instructions()
    op.execute(ANSWERED_ONCE)
    for table in ONLY_ADDED:
        op.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION money_is_only_added()"
        )
    for table in (*ONLY_ADDED, "payment_instructions"):
        op.execute(
            f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION money_is_only_added()"
        )
    op.execute(
        "CREATE TRIGGER payment_instructions_answered_once BEFORE UPDATE ON payment_instructions"
        " FOR EACH ROW EXECUTE FUNCTION payment_instruction_is_answered_once()"
    )
    op.execute(
        "CREATE TRIGGER payment_instructions_not_deleted BEFORE DELETE ON payment_instructions"
        " FOR EACH ROW EXECUTE FUNCTION money_is_only_added()"
    )


def create_contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("budget_line_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contracts"),
        sa.UniqueConstraint("number", name="uq_contracts_number"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_contracts_organization_id"
        ),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name="fk_contracts_node_id"),
        sa.ForeignKeyConstraint(["budget_line_id"], ["budget_lines.id"], name="fk_contracts_budget_line_id"),
        sa.CheckConstraint("number <> ''", name=op.f("ck_contracts_number")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_contracts_amount_fen")),
        sa.CheckConstraint("ends_on >= signed_on", name=op.f("ck_contracts_ends_after_signing")),
    )
    op.create_index("ix_contracts_organization_id", "contracts", ["organization_id", "id"])
    op.create_index("ix_contracts_budget_line_id", "contracts", ["budget_line_id", "id"])
    op.create_index("ix_contracts_node_id", "contracts", ["node_id"])
    op.create_table(
        "instalments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instalments"),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name="fk_instalments_contract_id"),
        sa.UniqueConstraint("contract_id", "position", name="uq_instalments_contract_id_position"),
        sa.CheckConstraint("position >= 1", name=op.f("ck_instalments_position")),
        sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name=op.f("ck_instalments_share_bp")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_instalments_amount_fen")),
    )


def create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instalment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("invoice_no", sa.Text(), nullable=False),
        sa.Column("payee_name", sa.Text(), nullable=False),
        sa.Column("payee_bank", sa.Text(), nullable=False),
        sa.Column("payee_account", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name="pk_payments"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_payments_case_id"),
        sa.ForeignKeyConstraint(["instalment_id"], ["instalments.id"], name="fk_payments_instalment_id"),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payments_amount_fen")),
    )
    # An instalment is claimed by one application, paid or on its way, until that one is refused or withdrawn.
    op.create_index(
        "uq_payments_instalment_claim",
        "payments",
        ["instalment_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index("ix_payments_instalment_id", "payments", ["instalment_id"])


def create_statements() -> None:
    op.create_table(
        "bank_statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sha256", sa.CHAR(64), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("opening_fen", sa.BigInteger(), nullable=False),
        sa.Column("closing_fen", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bank_statements"),
        sa.UniqueConstraint("sha256", name="uq_bank_statements_sha256"),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name="fk_bank_statements_node_id"),
        sa.ForeignKeyConstraint(["imported_by"], ["people.id"], name="fk_bank_statements_imported_by"),
    )
    op.create_index("ix_bank_statements_node_id", "bank_statements", ["node_id", "id"])
    op.create_table(
        "bank_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("bank_serial", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=False),
        sa.Column("counterparty_account", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("instruction_no", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bank_lines"),
        sa.ForeignKeyConstraint(["statement_id"], ["bank_statements.id"], name="fk_bank_lines_statement_id"),
        sa.UniqueConstraint("account_no", "bank_serial", name="uq_bank_lines_account_no_bank_serial"),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_bank_lines_amount_fen")),
        sa.CheckConstraint(
            "outcome IN ('matched', 'rejected', 'amount_differs', 'unknown')",
            name=op.f("ck_bank_lines_outcome"),
        ),
    )
    op.create_index("ix_bank_lines_statement_id", "bank_lines", ["statement_id", "id"])
    op.create_index("ix_bank_lines_instruction_no", "bank_lines", ["instruction_no"])


def create_instructions() -> None:
    op.create_table(
        "payment_instructions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("instruction_no", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bank_line_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_payment_instructions"),
        sa.UniqueConstraint("instruction_no", name="uq_payment_instructions_instruction_no"),
        sa.UniqueConstraint("bank_line_id", name="uq_payment_instructions_bank_line_id"),
        sa.ForeignKeyConstraint(["case_id"], ["payments.case_id"], name="fk_payment_instructions_case_id"),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_lines.id"], name="fk_payment_instructions_bank_line_id"
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_instructions_amount_fen")),
        sa.CheckConstraint(
            "outcome IN ('settled', 'rejected')", name=op.f("ck_payment_instructions_outcome")
        ),
        # Paid and rejected are what a bank line proves, nothing else.
        sa.CheckConstraint(
            "(outcome IS NULL) = (outcome_at IS NULL) AND (outcome IS NULL) = (bank_line_id IS NULL)",
            name=op.f("ck_payment_instructions_bank_line_proves"),
        ),
    )
    # One instruction of a payment is on its way at a time, and one that arrived is the last.
    op.create_index(
        "uq_payment_instructions_not_rejected",
        "payment_instructions",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS DISTINCT FROM 'rejected'"),
    )
    op.create_index("ix_payment_instructions_case_id", "payment_instructions", ["case_id"])


def downgrade() -> None:
    for table in (
        "payment_instructions",
        "bank_lines",
        "bank_statements",
        "payments",
        "instalments",
        "contracts",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION payment_instruction_is_answered_once()")
