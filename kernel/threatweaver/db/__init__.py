"""Pool, unit of work, Tortoise binding, migrations and the embedded server."""
