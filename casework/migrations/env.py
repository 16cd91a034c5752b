"""What Alembic runs: on the connection `migrate` hands over, inside its transaction."""

from alembic import context

from casework.models import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
context.run_migrations()
