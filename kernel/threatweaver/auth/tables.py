"""Every route table below /auth."""

from threatweaver.auth import routes
from threatweaver.auth.account import routes as account
from threatweaver.auth.encryption import routes as encryption
from threatweaver.auth.login import routes as login
from threatweaver.auth.mfa import routes as mfa
from threatweaver.auth.password import routes as password
from threatweaver.auth.sessions import routes as sessions

TABLES = (
    login.table,
    routes.table,
    mfa.table,
    password.table,
    account.table,
    encryption.table,
    sessions.table,
)
