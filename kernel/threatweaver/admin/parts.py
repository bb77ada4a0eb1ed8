"""What administration contributes to the kernel: route tables and jobs."""

from threatweaver.admin.archives import jobs as archive_jobs
from threatweaver.admin.archives import routes as archives
from threatweaver.admin.flags import routes as flags
from threatweaver.admin.license import routes as license_page
from threatweaver.admin.network import routes as network
from threatweaver.admin.quarantine import jobs as quarantine_jobs
from threatweaver.admin.quarantine import routes as quarantine
from threatweaver.admin.retention import jobs as retention_jobs
from threatweaver.admin.retention import routes as retention
from threatweaver.admin.settings import routes as settings

ROUTES = (
    settings.table,
    network.table,
    flags.table,
    license_page.table,
    retention.table,
    archives.table,
    quarantine.table,
)
JOBS = (retention_jobs.table, archive_jobs.table, quarantine_jobs.table)
