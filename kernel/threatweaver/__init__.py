"""ThreatWeaver's kernel: identity, tenancy, license state, jobs and HTTP conventions for licensed plugins."""

__version__ = "0.1.0"
