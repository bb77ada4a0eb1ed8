"""uuid7() for set-based inserts: PostgreSQL's own from version 18 on, the same by hand before."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        ops.RunSQL(
            """
            DO $$ BEGIN
            IF current_setting('server_version_num')::int >= 180000 THEN
                CREATE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT uuidv7()';
            ELSE
                CREATE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $f$
                    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                        FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
                $f$;
            END IF;
            END $$
            """
        )
    ]
