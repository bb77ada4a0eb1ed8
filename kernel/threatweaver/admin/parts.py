"""What administration contributes to the kernel: route tables and jobs."""

from threatweaver.admin.network import routes as network
from threatweaver.admin.settings import routes as settings

ROUTES = (settings.table, network.table)
