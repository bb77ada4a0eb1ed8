"""The chain in SQL, for the migrations of both kinds of schema. Released text never changes: add a version.

`audit_canonical` and audit/canonical.py say the same; tests hold them against each other.
"""

_COLUMNS = (
    "line.id::text",
    """to_char(line.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "line.actor_id::text",
    "line.actor_email",
    "line.token_id::text",
    "line.via",
    "line.action",
    "line.target",
    "line.outcome",
    "line.method",
    "line.path",
    "line.status::text",
    "line.request_id",
    "line.address",
    "line.user_agent",
    "line.before::text",
    "line.after::text",
)
_PARTS = "\n || ".join(f"coalesce(octet_length({column}) || ':' || {column}, '-')" for column in _COLUMNS)

# The functions name their schema: they must mean it whatever the caller's search path is.
_APPEND = """
CREATE FUNCTION audit_append(
    actor_id uuid, actor_email text, token_id uuid, via text, action text, target text, outcome text,
    method text, path text, status int, request_id text, address text, user_agent text,
    before jsonb, after jsonb
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, "{schema}", pg_temp
AS $f$
DECLARE
    head "{schema}".audit_head;
    line "{schema}".audit_line;
BEGIN
    SELECT * INTO STRICT head FROM "{schema}".audit_head FOR UPDATE;
    line.id := head.seq + 1;
    line.at := clock_timestamp();
    line.actor_id := audit_append.actor_id;
    line.actor_email := audit_append.actor_email;
    line.token_id := audit_append.token_id;
    line.via := audit_append.via;
    line.action := audit_append.action;
    line.target := audit_append.target;
    line.outcome := audit_append.outcome;
    line.method := audit_append.method;
    line.path := audit_append.path;
    line.status := audit_append.status;
    line.request_id := audit_append.request_id;
    line.address := audit_append.address;
    line.user_agent := audit_append.user_agent;
    line.before := audit_append.before;
    line.after := audit_append.after;
    line.hash := sha256(head.hash || convert_to("{schema}".audit_canonical(line), 'UTF8'));
    INSERT INTO "{schema}".audit_line SELECT line.*;
    UPDATE "{schema}".audit_head SET seq = line.id, hash = line.hash;
    RETURN line.id;
END
$f$
"""

# Lines from before the chain are numbered and chained as they are found.
_START = """
DECLARE
    line audit_line;
    found_id bigint;
    seq bigint := 0;
    last bytea := sha256(convert_to('threatweaver audit log ' || current_schema(), 'UTF8'));
BEGIN
    FOR line IN SELECT * FROM audit_line ORDER BY id LOOP
        found_id := line.id;
        seq := seq + 1;
        line.id := seq;
        line.hash := sha256(last || convert_to(audit_canonical(line), 'UTF8'));
        last := line.hash;
        UPDATE audit_line SET id = seq, hash = last WHERE id = found_id;
    END LOOP;
    INSERT INTO audit_head (id, seq, hash) VALUES (1, seq, last);
END
"""

VERSION_1 = (
    f"""CREATE FUNCTION audit_canonical(line audit_line) RETURNS text LANGUAGE sql STABLE
        AS $f$ SELECT {_PARTS} $f$""",
    "DO $$ BEGIN EXECUTE replace($t$" + _APPEND + "$t$, '{schema}', current_schema()); END $$",
    "REVOKE ALL ON FUNCTION audit_canonical, audit_append FROM PUBLIC",
    "DO $$ " + _START + " $$",
    """ALTER TABLE audit_line ALTER COLUMN id DROP IDENTITY IF EXISTS, ALTER COLUMN id DROP DEFAULT,
       ALTER COLUMN hash SET NOT NULL""",
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $f$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'the audit log is append-only'; END $f$""",
    """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_line
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_root
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    "CREATE INDEX audit_line_at ON audit_line (at)",
    "CREATE INDEX audit_root_seq ON audit_root (seq)",
    "CREATE INDEX audit_line_actor ON audit_line (actor_id, id)",
    "CREATE INDEX audit_line_action ON audit_line (action, id)",
    "CREATE INDEX audit_line_target ON audit_line (target, id) WHERE target <> ''",
    "CREATE INDEX audit_line_address ON audit_line (address, id)",
    "CREATE INDEX audit_line_failure ON audit_line (id) WHERE outcome <> 'success'",
)
