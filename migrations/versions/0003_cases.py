"""Cases, their history and clocks, drafts, refused attempts, keys, and the log that makes history provable."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE cases (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_cases PRIMARY KEY,
  number text NOT NULL CONSTRAINT uq_cases_number UNIQUE,
  kind text NOT NULL,
  place text NOT NULL,
  version smallint NOT NULL,
  legal_class text,
  policy text NOT NULL,
  state text,
  revision integer NOT NULL DEFAULT 0,
  subject text NOT NULL DEFAULT '',
  organization_id bigint CONSTRAINT fk_cases_organization_id REFERENCES organizations (id),
  node_id bigint NOT NULL CONSTRAINT fk_cases_node_id REFERENCES nodes (id),
  parent_id bigint CONSTRAINT fk_cases_parent_id REFERENCES cases (id),
  waits_role text,
  waits_node bigint CONSTRAINT fk_cases_waits_node REFERENCES nodes (id),
  waits_person bigint CONSTRAINT fk_cases_waits_person REFERENCES people (id),
  due_at timestamptz,
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  head bytea NOT NULL DEFAULT ''::bytea,
  CONSTRAINT ck_cases_revision_counts_moves CHECK (revision >= 0),
  CONSTRAINT ck_cases_closed_waits_for_nobody CHECK ((closed_at IS NULL) OR (waits_role IS NULL))
);
CREATE INDEX ix_cases_waiting ON cases (waits_role, waits_node, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX ix_cases_open_due ON cases (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX ix_cases_organization_id_id ON cases (organization_id, id);
CREATE INDEX ix_cases_node_id_id ON cases (node_id, id);
CREATE INDEX ix_cases_parent_id ON cases (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE history (
  case_id bigint NOT NULL CONSTRAINT fk_history_case_id REFERENCES cases (id),
  sequence integer NOT NULL,
  at timestamptz NOT NULL,
  person_id bigint CONSTRAINT fk_history_person_id REFERENCES people (id),
  on_behalf_of bigint CONSTRAINT fk_history_on_behalf_of REFERENCES people (id),
  role text NOT NULL,
  trigger text NOT NULL,
  from_state text,
  to_state text NOT NULL,
  request_id text NOT NULL,
  prev bytea NOT NULL,
  hash bytea NOT NULL CONSTRAINT uq_history_hash UNIQUE,
  body bytea NOT NULL,
  CONSTRAINT pk_history PRIMARY KEY (case_id, sequence),
  CONSTRAINT ck_history_hash_is_of_the_body CHECK (hash = sha256('\\x00'::bytea || body)),
  CONSTRAINT ck_history_sequence_starts_at_one CHECK (sequence > 0)
);
CREATE INDEX ix_history_person_id_at ON history (person_id, at);
CREATE INDEX ix_history_at ON history (at, case_id, sequence);

CREATE TABLE personal_values (
  case_id bigint NOT NULL,
  sequence integer NOT NULL,
  path text NOT NULL,
  salt bytea NOT NULL,
  value jsonb NOT NULL,
  CONSTRAINT pk_personal_values PRIMARY KEY (case_id, sequence, path),
  CONSTRAINT fk_personal_values_history FOREIGN KEY (case_id, sequence)
    REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE clocks (
  case_id bigint NOT NULL CONSTRAINT fk_clocks_case_id REFERENCES cases (id),
  name text NOT NULL,
  run smallint NOT NULL,
  started_at timestamptz NOT NULL,
  number integer NOT NULL,
  unit text NOT NULL,
  extended_by integer NOT NULL DEFAULT 0,
  pauses jsonb NOT NULL DEFAULT '[]',
  paused_since timestamptz,
  paused_for text,
  due_at timestamptz NOT NULL,
  provisional boolean NOT NULL,
  promised boolean NOT NULL,
  fires text,
  stopped_at timestamptz,
  CONSTRAINT pk_clocks PRIMARY KEY (case_id, name, run),
  CONSTRAINT ck_clocks_unit_is_known CHECK (unit IN ('working_days', 'days', 'months'))
);
CREATE INDEX ix_clocks_firing ON clocks (due_at)
  WHERE stopped_at IS NULL AND paused_since IS NULL AND fires IS NOT NULL;

CREATE TABLE drafts (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_drafts PRIMARY KEY,
  holder_node_id bigint NOT NULL CONSTRAINT fk_drafts_holder_node_id REFERENCES nodes (id),
  kind text NOT NULL,
  trigger text NOT NULL,
  case_id bigint CONSTRAINT fk_drafts_case_id REFERENCES cases (id),
  data jsonb NOT NULL,
  revision integer NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by bigint NOT NULL CONSTRAINT fk_drafts_updated_by REFERENCES people (id)
);
CREATE UNIQUE INDEX uq_drafts_place ON drafts (holder_node_id, kind, trigger, coalesce(case_id, 0));
CREATE INDEX ix_drafts_case_id ON drafts (case_id, kind, trigger);

CREATE TABLE attempts (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_attempts PRIMARY KEY,
  at timestamptz NOT NULL,
  case_id bigint CONSTRAINT fk_attempts_case_id REFERENCES cases (id),
  kind text NOT NULL,
  trigger text NOT NULL,
  state text,
  person_id bigint CONSTRAINT fk_attempts_person_id REFERENCES people (id),
  code text NOT NULL,
  reasons jsonb NOT NULL,
  request_id text NOT NULL
);
CREATE INDEX ix_attempts_case_id_id ON attempts (case_id, id);
CREATE INDEX ix_attempts_person_id_id ON attempts (person_id, id);

CREATE TABLE idempotency_keys (
  account_id bigint NOT NULL CONSTRAINT fk_idempotency_keys_account_id REFERENCES accounts (id),
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  answer jsonb NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_idempotency_keys PRIMARY KEY (account_id, key)
);

CREATE TABLE log_queue (
  case_id bigint NOT NULL,
  sequence integer NOT NULL,
  CONSTRAINT pk_log_queue PRIMARY KEY (case_id, sequence)
);

CREATE TABLE log_leaves (
  position bigint CONSTRAINT pk_log_leaves PRIMARY KEY,
  case_id bigint NOT NULL,
  sequence integer NOT NULL,
  hash bytea NOT NULL
);
CREATE UNIQUE INDEX uq_log_leaves_case_id_sequence ON log_leaves (case_id, sequence);

CREATE TABLE checkpoints (
  size bigint CONSTRAINT pk_checkpoints PRIMARY KEY,
  root bytea NOT NULL,
  peaks bytea NOT NULL,
  note text NOT NULL,
  signed_at timestamptz NOT NULL
);

CREATE TABLE signature_requests (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_signature_requests PRIMARY KEY,
  digest bytea NOT NULL,
  message bytea NOT NULL,
  asked_at timestamptz NOT NULL,
  signature bytea,
  public_key bytea
);

CREATE TABLE business_clock (
  one boolean DEFAULT true CONSTRAINT pk_business_clock PRIMARY KEY,
  ahead_seconds bigint NOT NULL DEFAULT 0,
  CONSTRAINT ck_business_clock_one_row CHECK (one)
);
INSERT INTO business_clock DEFAULT VALUES;

CREATE TABLE heartbeat (
  one boolean CONSTRAINT pk_heartbeat PRIMARY KEY,
  at timestamptz NOT NULL,
  CONSTRAINT ck_heartbeat_one_row CHECK (one)
);
"""

TRIGGERS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are added to, never changed or removed', TG_TABLE_NAME USING ERRCODE = '23514';
END $$;

-- Each row names the hash of the row before it, and its text says the same as its columns.
CREATE FUNCTION history_link() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;

CREATE TRIGGER history_links BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION history_link();
CREATE TRIGGER history_keeps BEFORE UPDATE OR DELETE ON history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_keeps_all BEFORE TRUNCATE ON history
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempts_keep BEFORE UPDATE OR DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempts_keep_all BEFORE TRUNCATE ON attempts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_leaves_keep BEFORE UPDATE OR DELETE ON log_leaves
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_leaves_keep_all BEFORE TRUNCATE ON log_leaves
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoints_keep BEFORE UPDATE OR DELETE ON checkpoints
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoints_keep_all BEFORE TRUNCATE ON checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

GONE = (
    "heartbeat", "business_clock", "signature_requests", "checkpoints", "log_leaves", "log_queue", "idempotency_keys",
    "attempts", "drafts", "clocks", "personal_values", "history", "cases",
)


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(TRIGGERS)


def downgrade() -> None:
    for table in GONE:
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION history_link")
    op.execute("DROP FUNCTION refuse_change")
