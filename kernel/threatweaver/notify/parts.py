"""What notifications contribute to the kernel."""

from threatweaver.notify.channels import routes as channels
from threatweaver.notify.deliveries import jobs as delivery_jobs
from threatweaver.notify.deliveries import routes as deliveries
from threatweaver.notify.events import jobs as event_jobs
from threatweaver.notify.events import routes as events
from threatweaver.notify.mail import jobs as mail_jobs
from threatweaver.notify.preferences import routes as preferences
from threatweaver.notify.preview import routes as preview

ROUTE_TABLES = (channels.table, preferences.table, events.table, deliveries.table, preview.table)
JOB_TABLES = (mail_jobs.table, delivery_jobs.table, event_jobs.table)
