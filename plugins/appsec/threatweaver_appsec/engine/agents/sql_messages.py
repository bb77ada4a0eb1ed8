"""What databases say of a statement that is no SQL. Errors of a value's type are left out: safe statements
that bind a value raise them, too. So are names of drivers alone.
"""

import html
import re
from re import Match, Pattern

MESSAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "MySQL",
        (
            r"You have an error in your SQL syntax",
            r"check the manual that (corresponds to|fits) your (MySQL|MariaDB|Drizzle) server version",
            r"SQLSTATE\[42000\].{0,80}1064",
            r"Warning.{1,60}\bmysqli?_\w+\(\)",
            r"Unknown column '[^']{0,80}' in '(where|order|group|field|having)",
        ),
    ),
    (
        "PostgreSQL",
        (
            r"syntax error at or near \"",
            r"syntax error at end of input",
            r"unterminated quoted (string|identifier) at or near",
            r"SQLSTATE\[42601\]",
            r"Warning.{1,60}\bpg_(query|exec)\(\)",
            r"PG::SyntaxError",
        ),
    ),
    (
        "SQL Server",
        (
            r"Unclosed quotation mark (after|before) the character string",
            r"Incorrect syntax near ('|the keyword)",
            r"Syntax error .{0,60} in query expression",
            r"\[SQL Server\].{0,80}(syntax|quotation)",
        ),
    ),
    (
        "Oracle",
        (
            r"ORA-(00933|01756|00923|00936|00921|01740|00907|00920|00911)",
            r"quoted string not properly terminated",
            r"SQL command not properly ended",
        ),
    ),
    (
        "SQLite",
        (
            r"(?<!fts5: )(?<!\w)near \"[^\"\n]{0,80}\": syntax error",
            r"(?<!fts5: )unrecognized token: \"",
            r"SQLITE_ERROR: (near|unrecognized|incomplete)",
            r"Warning.{1,60}\bsqlite_query\(\)",
            r"(OperationalError|SQLite3::SQLException|SQLITE_ERROR).{0,20}incomplete input",
        ),
    ),
    (
        "H2",
        (
            r"Syntax error in SQL statement",
            r"org\.h2\.jdbc\.JdbcSQLSyntaxErrorException",
        ),
    ),
    (
        "Derby",
        (
            r"Syntax error: Encountered \"",
            r"Lexical error at line \d+, column \d+",
            r"ERROR 42X0\d",
        ),
    ),
    ("HSQLDB", (r"org\.hsqldb.{0,200}unexpected token", r"Unexpected token.{0,60}in statement \[")),
    ("DB2", (r"SQLCODE[=: ]+-(104|010|007)", r"DB2 SQL error.{0,60}-104")),
    ("Firebird", (r"Dynamic SQL Error.{0,40}SQL error code = -104",)),
    ("Sybase", (r"Sybase message.{0,80}Incorrect syntax", r"com\.sybase\.jdbc.{0,120}Incorrect syntax")),
    ("Informix", (r"A syntax error has occurred\.?.{0,40}Informix|Informix.{0,80}syntax error",)),
    (
        "Hibernate",
        (
            r"org\.hibernate\.(hql|query).{0,80}(QuerySyntaxException|SyntaxException|QueryException)",
            r"(unexpected char|unexpected token|expecting .{1,20}, found).{0,80}\[?(from|select) \w+\.",
        ),
    ),
    (
        "SQL",
        (
            r"syntax error.{0,120}\b(SELECT|INSERT INTO|UPDATE|DELETE) .{0,200}\b(WHERE|VALUES|SET|FROM)\b",
            r"SequelizeDatabaseError.{0,80}syntax",
            r"java\.sql\.SQLSyntaxErrorException",
            r"System\.Data\.(SqlClient|OleDb|Odbc)\.\w+Exception.{0,120}(syntax|quotation)",
        ),
    ),
)

_COMPILED: tuple[tuple[str, Pattern[str]], ...] = tuple(
    (database, re.compile("|".join(f"(?:{one})" for one in patterns), re.IGNORECASE))
    for database, patterns in MESSAGES
)


def message_in(text: str) -> tuple[str, Match[str]] | None:
    """Return the database that speaks in a text and where; the text as `plain` gives it."""
    for database, pattern in _COMPILED:
        if found := pattern.search(text):
            return database, found
    return None


def plain(text: str) -> str:
    """Return a text without what HTML and JSON write quotes as."""
    return html.unescape(text).replace('\\"', '"').replace("\\'", "'")
