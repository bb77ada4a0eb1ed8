"""What administration contributes to the kernel: route tables and jobs."""

from threatweaver.admin.flags import routes as flags
from threatweaver.admin.license import routes as license_page
from threatweaver.admin.network import routes as network
from threatweaver.admin.settings import routes as settings
from threatweaver.jobs.table import JobTable

ROUTES = (settings.table, network.table, flags.table, license_page.table)
JOBS: tuple[JobTable, ...] = ()
