"""Alembic runs this for every migration, on the connection that `store.records.schema` hands it."""

from alembic import context


def run() -> None:
    """All steps in the caller's transaction: a half-migrated schema cannot remain."""
    context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


run()
