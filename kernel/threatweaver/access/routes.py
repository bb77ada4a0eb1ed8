"""The route tables of access, collected."""

from threatweaver.access.tokens import routes as tokens

tables = (tokens.table, tokens.admin)
