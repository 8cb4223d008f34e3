"""The ledger: budget lines, accounts whose balances only a trigger writes, transfers that are only added."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ACCOUNT_NAMES = "'source', 'available', 'reserved', 'committed', 'payable', 'transit', 'paid', 'returned'"
CODES = (
    "'APPROPRIATE', 'RESERVE', 'COMMIT', 'ACCRUE', 'INSTRUCT', "
    "'SETTLE', 'BOUNCE', 'RETURN', 'RELEASE', 'REVERSE'"
)

# Shared by every table of money that is added to and never changed (0008 uses it again).
REFUSE_CHANGE = """
CREATE FUNCTION money_is_only_added() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only', TABLE = TG_TABLE_NAME;
END
$$
"""

# The foreign keys of the transfer already hold KEY SHARE on both accounts. FOR UPDATE would wait for the
# KEY SHARE of a crossing transfer and deadlock; FOR NO KEY UPDATE does not conflict with it, and the order
# by id does the rest.
# SECURITY DEFINER: the application's role has no right to update an account, and needs none.
POST_TRANSFER = """
CREATE FUNCTION ledger_post_transfer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM ledger_accounts
        WHERE id IN (NEW.debit_id, NEW.credit_id)
        ORDER BY id
        FOR NO KEY UPDATE;
    UPDATE ledger_accounts SET debits = debits + NEW.amount WHERE id = NEW.debit_id;
    UPDATE ledger_accounts SET credits = credits + NEW.amount WHERE id = NEW.credit_id;
    RETURN NULL;
END
$$
"""

# A number is drawn under the locks of both accounts, so that for each account the order of the numbers is the
# order of posting: whoever replays the transfers by number never sees a balance that was not there.
TAKE_TURN = """
CREATE FUNCTION ledger_take_turn() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM ledger_accounts
        WHERE id IN (NEW.debit_id, NEW.credit_id)
        ORDER BY id
        FOR NO KEY UPDATE;
    NEW.id := nextval(pg_get_serial_sequence('transfers', 'id'));
    RETURN NEW;
END
$$
"""

# A balance that was not made by transfers would be money from nowhere.
OPEN_AT_ZERO = """
CREATE FUNCTION ledger_account_opens_at_zero() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.debits <> 0 OR NEW.credits <> 0 THEN
        RAISE EXCEPTION 'a new account starts at zero'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'opens_at_zero', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$
"""

# Depth 1 is a statement somebody wrote; the posting trigger's own update arrives at depth 2.
ONLY_POSTED = """
CREATE FUNCTION ledger_balance_is_only_posted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'balances are written by posting transfers only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'only_posted', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$
"""

TRIGGERS = (
    """CREATE TRIGGER transfers_only_added BEFORE UPDATE OR DELETE ON transfers
       FOR EACH ROW EXECUTE FUNCTION money_is_only_added()""",
    """CREATE TRIGGER transfers_not_truncated BEFORE TRUNCATE ON transfers
       FOR EACH STATEMENT EXECUTE FUNCTION money_is_only_added()""",
    """CREATE TRIGGER transfers_take_turn BEFORE INSERT ON transfers
       FOR EACH ROW EXECUTE FUNCTION ledger_take_turn()""",
    """CREATE TRIGGER transfers_post AFTER INSERT ON transfers
       FOR EACH ROW EXECUTE FUNCTION ledger_post_transfer()""",
    """CREATE TRIGGER ledger_accounts_open_at_zero BEFORE INSERT ON ledger_accounts
       FOR EACH ROW EXECUTE FUNCTION ledger_account_opens_at_zero()""",
    """CREATE TRIGGER ledger_accounts_only_posted BEFORE UPDATE ON ledger_accounts
       FOR EACH ROW EXECUTE FUNCTION ledger_balance_is_only_posted()""",
    """CREATE TRIGGER ledger_accounts_not_deleted BEFORE DELETE ON ledger_accounts
       FOR EACH ROW EXECUTE FUNCTION money_is_only_added()""",
    """CREATE TRIGGER ledger_accounts_not_truncated BEFORE TRUNCATE ON ledger_accounts
       FOR EACH STATEMENT EXECUTE FUNCTION money_is_only_added()""",
)


def upgrade() -> None:
    create_budget_lines()
    create_accounts()
    create_transfers()
    for statement in (REFUSE_CHANGE, TAKE_TURN, POST_TRANSFER, OPEN_AT_ZERO, ONLY_POSTED, *TRIGGERS):
        op.execute(statement)


def create_budget_lines() -> None:
    op.create_table(
        "budget_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budget_lines"),
        sa.UniqueConstraint("code", name="uq_budget_lines_code"),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name="fk_budget_lines_node_id"),
    )
    op.create_index("ix_budget_lines_node_id", "budget_lines", ["node_id"])


def create_accounts() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("budget_line_id", sa.BigInteger(), nullable=False),
        sa.Column("package", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), server_default="fen", nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.Column("debits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credits", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_accounts"),
        sa.ForeignKeyConstraint(
            ["budget_line_id"], ["budget_lines.id"], name="fk_ledger_accounts_budget_line_id"
        ),
        sa.UniqueConstraint("budget_line_id", "package", "name", name="uq_ledger_accounts_key"),
        # What the two foreign keys of a transfer point to: the same line, the same unit.
        sa.UniqueConstraint("id", "budget_line_id", "unit", name="uq_ledger_accounts_line_and_unit"),
        sa.CheckConstraint(f"name IN ({ACCOUNT_NAMES})", name=op.f("ck_ledger_accounts_name")),
        sa.CheckConstraint("unit IN ('fen', 'points')", name=op.f("ck_ledger_accounts_unit")),
        sa.CheckConstraint(
            "guarded = (name <> 'source')", name=op.f("ck_ledger_accounts_all_but_source_guarded")
        ),
        sa.CheckConstraint("debits >= 0 AND credits >= 0", name=op.f("ck_ledger_accounts_not_negative")),
        sa.CheckConstraint("NOT guarded OR debits <= credits", name=op.f("ck_ledger_accounts_no_overdraft")),
    )


def create_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("budget_line_id", sa.BigInteger(), nullable=False),
        sa.Column("debit_id", sa.BigInteger(), nullable=False),
        sa.Column("credit_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("corrects", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transfers"),
        # Both accounts belong to the budget line and have the transfer's unit: held by the keys themselves.
        sa.ForeignKeyConstraint(
            ["debit_id", "budget_line_id", "unit"],
            ["ledger_accounts.id", "ledger_accounts.budget_line_id", "ledger_accounts.unit"],
            name="fk_transfers_debit_id",
        ),
        sa.ForeignKeyConstraint(
            ["credit_id", "budget_line_id", "unit"],
            ["ledger_accounts.id", "ledger_accounts.budget_line_id", "ledger_accounts.unit"],
            name="fk_transfers_credit_id",
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "sequence"],
            ["history.case_id", "history.sequence"],
            name="fk_transfers_case_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(["corrects"], ["transfers.id"], name="fk_transfers_corrects"),
        sa.UniqueConstraint("corrects", name="uq_transfers_corrects"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transfers_amount")),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_transfers_two_accounts")),
        sa.CheckConstraint(f"code IN ({CODES})", name=op.f("ck_transfers_code")),
        sa.CheckConstraint(
            "(code = 'REVERSE') = (corrects IS NOT NULL)", name=op.f("ck_transfers_reverse_names_what")
        ),
        sa.CheckConstraint(
            "(case_id IS NULL) = (sequence IS NULL)", name=op.f("ck_transfers_case_with_sequence")
        ),
    )
    op.create_index("ix_transfers_budget_line_id", "transfers", ["budget_line_id", "id"])
    op.create_index("ix_transfers_case_id", "transfers", ["case_id", "sequence"])
    # The foreign keys ask for these when an account is touched; the page of one account reads by them too.
    op.create_index("ix_transfers_debit_id", "transfers", ["debit_id"])
    op.create_index("ix_transfers_credit_id", "transfers", ["credit_id"])


def downgrade() -> None:
    op.drop_table("transfers")
    op.drop_table("ledger_accounts")
    op.drop_table("budget_lines")
    for function in (
        "ledger_balance_is_only_posted",
        "ledger_account_opens_at_zero",
        "ledger_post_transfer",
        "ledger_take_turn",
        "money_is_only_added",
    ):
        op.execute(f"DROP FUNCTION {function}()")
