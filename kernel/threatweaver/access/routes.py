"""The route tables of access, collected."""

from threatweaver.access.grants import routes as grants
from threatweaver.access.groups import routes as groups
from threatweaver.access.invitations import routes as invitations
from threatweaver.access.me import routes as me
from threatweaver.access.roles import routes as roles
from threatweaver.access.tokens import routes as tokens
from threatweaver.access.users import routes as users

tables = (
    tokens.table,
    tokens.admin,
    roles.table,
    roles.permissions,
    grants.table,
    groups.table,
    users.table,
    invitations.table,
    me.table,
)
