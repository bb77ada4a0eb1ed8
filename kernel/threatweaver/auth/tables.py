"""Every route table below /auth."""

from threatweaver.auth import routes
from threatweaver.auth.login import routes as login
from threatweaver.auth.mfa import routes as mfa
from threatweaver.auth.sessions import routes as sessions

TABLES = (login.table, routes.table, mfa.table, sessions.table)
