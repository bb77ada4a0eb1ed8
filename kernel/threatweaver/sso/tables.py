"""Every route table of single sign-on."""

from threatweaver.sso.mapping import routes as mapping
from threatweaver.sso.providers import routes as providers
from threatweaver.sso.scim import routes as scim
from threatweaver.sso.signin import routes as signin
from threatweaver.sso.trial import routes as trial

SSO = (providers.table, mapping.table, trial.table, signin.table, scim.table)
