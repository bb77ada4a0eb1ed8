"""Tables of vulnerabilities, in the tenant's schema."""

from enum import IntEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.sdk import Model, uuid7


class State(IntEnum):
    """States of a vulnerability; up to REOPENED it is active, and counts."""

    OPEN = 0
    REOPENED = 1
    ACCEPTED = 2
    FIXED = 3


class Definition(Model):
    """What a scanner's check means: told once, however many assets it is found on.

    A Tenable plugin has a `plugin_id`, the check of any other scanner a `check_id`.
    """

    id = fields.IntField(primary_key=True)
    source = fields.CharField(max_length=32)
    plugin_id = fields.BigIntField(null=True)
    check_id = fields.CharField(max_length=200, null=True)
    name = fields.TextField()
    family = fields.TextField(default="")
    synopsis = fields.TextField(default="")
    description = fields.TextField(default="")
    solution = fields.TextField(default="")
    see_also = ArrayField("text", default=list)
    cves = ArrayField("text", default=list)
    cwes = ArrayField("int", default=list)
    references = ArrayField("text", default=list)
    cvss2_score = fields.FloatField(null=True)
    cvss2_vector = fields.TextField(null=True)
    cvss3_score = fields.FloatField(null=True)
    cvss3_vector = fields.TextField(null=True)
    cvss4_score = fields.FloatField(null=True)
    cvss4_vector = fields.TextField(null=True)
    vpr_score = fields.FloatField(null=True)
    epss_score = fields.FloatField(null=True)
    exploit_available = fields.BooleanField(null=True)
    kev = fields.BooleanField(null=True)
    intel_epss = fields.FloatField(null=True)  # of snapshots: intelligence/effective.py says which holds
    intel_epss_at = fields.DatetimeField(null=True)
    intel_kev = fields.BooleanField(null=True)
    intel_kev_at = fields.DatetimeField(null=True)
    published_on = fields.DateField(null=True)
    patch_published_on = fields.DateField(null=True)
    modified_on = fields.DateField(null=True)
    score = fields.SmallIntField(null=True)
    digest = fields.UUIDField()
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "exposure_definition"
        app = "exposure"
        unique_together = (("source", "plugin_id"),)


class DefinitionCve(Model):
    """A CVE that a definition names."""

    id = fields.BigIntField(primary_key=True)
    definition_id = fields.IntField(db_index=True)
    cve = fields.CharField(max_length=32)

    class Meta:
        table = "exposure_definition_cve"
        app = "exposure"
        unique_together = (("cve", "definition_id"),)


class Vulnerability(Model):
    """One definition on one asset at one place: a narrow row, for there are millions.

    The place is a port of a host, or a `location`: a file, a package, a path of a site. Those of an asset
    with one `flaw` are the same to the active recipe; null is one that nothing but its check tells.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    asset_id = fields.UUIDField()
    definition_id = fields.IntField(db_index=True)
    port = fields.IntField()
    protocol = fields.CharField(max_length=16)
    location = fields.CharField(max_length=500, default="", db_default="")
    severity = fields.SmallIntField()
    state = fields.SmallIntField()
    risk_score = fields.SmallIntField()
    authenticated = fields.BooleanField(default=False)
    first_seen = fields.DatetimeField()
    last_seen = fields.DatetimeField()
    fixed_at = fields.DatetimeField(null=True)
    unobserved_since = fields.DatetimeField(null=True)
    evidence_digest = fields.UUIDField(null=True)
    flaw = fields.UUIDField(null=True)

    class Meta:
        table = "exposure_vulnerability"
        app = "exposure"
        unique_together = (("asset_id", "definition_id", "port", "protocol", "location"),)


class Evidence(Model):
    """What the scanner printed when it last saw a vulnerability."""

    vulnerability_id = fields.UUIDField(primary_key=True)
    service = fields.CharField(max_length=100, default="")
    output = fields.TextField(default="")
    import_id = fields.UUIDField()
    observed_at = fields.DatetimeField()

    class Meta:
        table = "exposure_evidence"
        app = "exposure"


class Acceptance(Model):
    """Why a vulnerability's risk is accepted, by whom and until when."""

    vulnerability_id = fields.UUIDField(primary_key=True)
    reason = fields.TextField()
    until = fields.DatetimeField()
    accepted_by = fields.UUIDField()
    accepted_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exposure_acceptance"
        app = "exposure"
