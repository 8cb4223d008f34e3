"""PostgreSQL: the embedded server, roles and rights, migrations, and the check at every start."""
