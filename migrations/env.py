"""Run migrations on the connection that the caller hands over (app/database/migrate.py)."""

from alembic import context

connection = context.config.attributes["connection"]
target = context.config.attributes.get("target_metadata")

context.configure(connection=connection, target_metadata=target, compare_type=True, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
