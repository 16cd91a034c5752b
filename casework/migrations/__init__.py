"""The history of the schema; `casework.db.migrate` runs it."""
