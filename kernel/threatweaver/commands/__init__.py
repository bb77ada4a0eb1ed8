"""What the commands do, once settings are read: open the database, do it, say it."""
