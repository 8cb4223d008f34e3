"""What every move paid for: the link of history as plain SQL, and two references that others already hold.

That a row's text says what its columns say is a check of the row alone; only the row before it is looked up.
A notice's place is that of its case, and a key's account that of the session or token that brought it.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SAYS = """
ALTER TABLE history ADD CONSTRAINT ck_history_body_says_what_the_columns_say CHECK (
  convert_from(body, 'UTF8')::jsonb @> jsonb_build_object(
    'prev', encode(prev, 'hex'), 'seq', sequence, 'trigger', trigger, 'from', from_state, 'to', to_state,
    'actor', person_id))
"""
LINK = """
CREATE OR REPLACE FUNCTION history_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.sequence = 1 AND NEW.prev = ''::bytea) OR EXISTS (
    SELECT FROM history WHERE case_id = NEW.case_id AND sequence = NEW.sequence - 1 AND hash = NEW.prev) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'history of case % does not link at %', NEW.case_id, NEW.sequence USING ERRCODE = '23514';
END $$
"""
LINK_BEFORE = """
CREATE OR REPLACE FUNCTION history_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before bytea := ''::bytea;
  told jsonb := convert_from(NEW.body, 'UTF8')::jsonb;
BEGIN
  IF NEW.sequence > 1 THEN
    SELECT hash INTO before FROM history WHERE case_id = NEW.case_id AND sequence = NEW.sequence - 1;
  END IF;
  IF before IS DISTINCT FROM NEW.prev OR told ->> 'prev' IS DISTINCT FROM encode(NEW.prev, 'hex')
     OR (told ->> 'seq')::int IS DISTINCT FROM NEW.sequence OR told ->> 'trigger' IS DISTINCT FROM NEW.trigger
     OR told ->> 'to' IS DISTINCT FROM NEW.to_state OR told ->> 'from' IS DISTINCT FROM NEW.from_state
     OR (told ->> 'actor')::bigint IS DISTINCT FROM NEW.person_id THEN
    RAISE EXCEPTION 'history of case % does not link at %', NEW.case_id, NEW.sequence USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(SAYS)
    op.execute(LINK)
    op.execute("ALTER TABLE notices DROP CONSTRAINT fk_notices_audience_node_id")
    op.execute("ALTER TABLE idempotency_keys DROP CONSTRAINT fk_idempotency_keys_account_id")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE idempotency_keys ADD CONSTRAINT fk_idempotency_keys_account_id"
        " FOREIGN KEY (account_id) REFERENCES accounts (id)"
    )
    op.execute(
        "ALTER TABLE notices ADD CONSTRAINT fk_notices_audience_node_id"
        " FOREIGN KEY (audience_node_id) REFERENCES nodes (id)"
    )
    op.execute(LINK_BEFORE)
    op.execute("ALTER TABLE history DROP CONSTRAINT ck_history_body_says_what_the_columns_say")
