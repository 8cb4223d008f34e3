"""What every move paid for: the link of history in two questions, and two references that others already hold.

Does the text of a row say what its columns say, all at once, and is the row before it there?
A notice's place is that of its case, and a key's account that of the session or token that brought it.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

LINK = """
CREATE OR REPLACE FUNCTION history_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF convert_from(NEW.body, 'UTF8')::jsonb @> jsonb_build_object(
       'prev', encode(NEW.prev, 'hex'), 'seq', NEW.sequence, 'trigger', NEW.trigger, 'from', NEW.from_state,
       'to', NEW.to_state, 'actor', NEW.person_id)
     AND ((NEW.sequence = 1 AND NEW.prev = ''::bytea) OR EXISTS (
       SELECT FROM history WHERE case_id = NEW.case_id AND sequence = NEW.sequence - 1 AND hash = NEW.prev)) THEN
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
