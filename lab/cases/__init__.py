"""All cases by name, family by family."""

from lab.case import Case
from lab.cases import (
    access,
    commands,
    cookies,
    documents,
    evaluated,
    files,
    graphql,
    headers,
    leaks,
    left,
    markup,
    others,
    queries,
    redirects,
    sessions,
    sqli,
    tokens,
    told,
    xss,
)

FAMILIES: tuple[tuple[Case, ...], ...] = (
    sqli.CASES,
    queries.CASES,
    commands.CASES,
    documents.CASES,
    files.CASES,
    xss.CASES,
    redirects.CASES,
    access.CASES,
    tokens.CASES,
    sessions.CASES,
    headers.CASES,
    graphql.CASES,
    leaks.CASES,
    evaluated.CASES,
    others.CASES,
    cookies.CASES,
    left.CASES,
    told.CASES,
    markup.CASES,
)
CASES: dict[str, Case] = {case.name: case for family in FAMILIES for case in family}

if len(CASES) != sum(map(len, FAMILIES)):
    raise ValueError("two cases have the same name")
