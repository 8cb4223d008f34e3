"""The ranking of the bids of a package."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE bid_rankings (
            package_id BIGINT NOT NULL,
            position SMALLINT NOT NULL,
            bid_id BIGINT NOT NULL,
            points INTEGER NOT NULL,
            price_points INTEGER NOT NULL,
            details JSONB NOT NULL,
            excluded_at TIMESTAMP WITH TIME ZONE,
            excluded_reason TEXT,
            CONSTRAINT pk_bid_rankings PRIMARY KEY (package_id, position),
            CONSTRAINT ck_bid_rankings_position CHECK (position >= 1),
            CONSTRAINT ck_bid_rankings_points CHECK (points BETWEEN 0 AND 10000),
            CONSTRAINT ck_bid_rankings_price_points CHECK (price_points BETWEEN 0 AND points),
            CONSTRAINT ck_bid_rankings_excluded_with_a_reason
                CHECK ((excluded_at IS NULL) = (excluded_reason IS NULL)),
            CONSTRAINT fk_bid_rankings_package_id FOREIGN KEY(package_id) REFERENCES cases (id),
            CONSTRAINT fk_bid_rankings_bid_id FOREIGN KEY(bid_id) REFERENCES cases (id)
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX uq_bid_rankings_bid_id ON bid_rankings (bid_id)")


def downgrade() -> None:
    op.execute("DROP TABLE bid_rankings")
