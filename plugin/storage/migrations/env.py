"""What Alembic runs for each command: the migrations, on the connection that ``plugin.storage.schema`` opened."""

from alembic import context

from plugin.storage.people_tables import person

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=person.metadata,  # the one of all tables
    transactional_ddl=True,  # SQLite can, since our engine begins its transactions itself
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
