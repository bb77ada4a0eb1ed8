"""What administration contributes to the kernel: route tables, feature flags."""

from threatweaver.admin.flags import routes as flags
from threatweaver.admin.license import routes as license_page
from threatweaver.admin.network import routes as network
from threatweaver.admin.settings import routes as settings

ROUTES = (settings.table, network.table, flags.table, license_page.table)
