"""Threat intelligence: signed snapshots of KEV, EPSS, OSV and CVE records, and what they change."""
