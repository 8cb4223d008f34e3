"""Incubators, applications, panels with their scores, who is in one, monthly logs; and ties that bar experts."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MODES = "mode IN ('on_site', 'online', 'embedded')"


def _history(table: str) -> None:
    # A feature's row is written before the history row of the same move: checked at commit.
    op.create_foreign_key(
        f"fk_{table}_history", table, "history", ["case_id", "sequence"], ["case_id", "sequence"],
        deferrable=True, initially="DEFERRED",
    )


def _reference(name: str, target: str, *, nullable: bool = False, key: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, sa.ForeignKey(target), nullable=nullable, primary_key=key,
                     autoincrement=False)


def _moment(name: str, *, nullable: bool = True) -> "sa.Column[sa.DateTime]":
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "person_ties",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _reference("person_id", "people.id"),
        _reference("organization_id", "organizations.id"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("to_on", sa.Date),
        _reference("case_id", "cases.id", nullable=True),
        sa.CheckConstraint("kind IN ('employment', 'directorship', 'kinship', 'mentoring')", name="kind"),
        sa.CheckConstraint("to_on >= from_on", name="dates"),
    )
    op.create_index("ix_person_ties_organization_id_person_id", "person_ties", ["organization_id", "person_id"])
    op.create_table(
        "incubators",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _reference("node_id", "nodes.id"),
        _reference("operator_organization_id", "organizations.id", nullable=True),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("term_months", sa.Integer, nullable=False),
        sa.Column("recognized_on", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.CheckConstraint("level IN ('city', 'district', 'street', 'community')", name="level"),
        sa.CheckConstraint("places BETWEEN 0 AND capacity", name="places"),
        sa.CheckConstraint("term_months BETWEEN 1 AND 60", name="term_months"),
        sa.CheckConstraint("ended_on >= recognized_on", name="dates"),
    )
    op.create_index("uq_incubators_node_id_open", "incubators", ["node_id"], unique=True,
                    postgresql_where=sa.text("ended_on IS NULL"))
    op.create_table(
        "incubation_applications",
        _reference("case_id", "cases.id", key=True),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("team_size", sa.Integer, nullable=False),
        sa.Column("rubric", sa.Text, nullable=False),
        sa.Column("panel_size", sa.Integer),
        sa.Column("score_total", sa.Integer),
        sa.Column("level", sa.Text),
        sa.CheckConstraint(MODES, name="mode"),
        sa.CheckConstraint("panel_size % 2 = 1", name="panel_size_is_odd"),
    )
    _panels()
    _residencies()


def _panels() -> None:
    op.create_table(
        "panel_seats",
        _reference("review_case_id", "cases.id", key=True),
        _reference("case_id", "cases.id"),
        _reference("person_id", "people.id"),
        _moment("named_at", nullable=False),
        _moment("left_at"),
        _moment("submitted_at"),
        sa.Column("total", sa.Integer),
        sa.CheckConstraint("submitted_at IS NULL OR left_at IS NULL", name="submitted_stays"),
        sa.CheckConstraint("(submitted_at IS NULL) = (total IS NULL)", name="total"),
    )
    op.create_index("uq_panel_seats_case_id_person_id", "panel_seats", ["case_id", "person_id"], unique=True)
    op.create_table(
        "panel_scores",
        _reference("review_case_id", "panel_seats.review_case_id", key=True),
        sa.Column("criterion", sa.Text, primary_key=True),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("remark", sa.Text, nullable=False),
        sa.CheckConstraint("points >= 0", name="points"),
    )


def _residencies() -> None:
    op.create_table(
        "residencies",
        _reference("case_id", "cases.id", key=True),
        _reference("incubator_id", "incubators.id"),
        _reference("organization_id", "organizations.id"),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.CheckConstraint(MODES, name="mode"),
        sa.CheckConstraint("until_on > from_on", name="term"),
        sa.CheckConstraint("ended_on >= from_on", name="dates"),
    )
    _history("residencies")
    op.create_index("uq_residencies_organization_id_open", "residencies", ["organization_id"], unique=True,
                    postgresql_where=sa.text("ended_on IS NULL"))
    op.create_index("ix_residencies_incubator_id_case_id", "residencies", ["incubator_id", "case_id"])
    op.create_table(
        "incubation_logs",
        _reference("case_id", "residencies.case_id", key=True),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("training_hours", sa.Integer, nullable=False),
        sa.Column("activities", sa.Integer, nullable=False),
        sa.Column("volunteers", sa.Integer, nullable=False),
        sa.Column("income_fen", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.CheckConstraint("date_part('day', month) = 1", name="month"),
        sa.CheckConstraint(
            "training_hours >= 0 AND activities >= 0 AND volunteers >= 0 AND income_fen >= 0", name="counts"
        ),
    )
    _history("incubation_logs")


def downgrade() -> None:
    for table in ("incubation_logs", "residencies", "panel_scores", "panel_seats", "incubation_applications",
                  "incubators", "person_ties"):
        op.drop_table(table)
