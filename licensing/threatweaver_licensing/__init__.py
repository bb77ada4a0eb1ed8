"""Licenses of ThreatWeaver: issued offline by the vendor, verified and judged where they are used."""

from threatweaver_licensing.claims import ALL, Claims, Deployment, LicenseType, Limits, Modules
from threatweaver_licensing.constraints import PluginConstraint
from threatweaver_licensing.errors import (
    AlgorithmRefused,
    BadSignature,
    KeyRefused,
    LicenseError,
    LicenseMalformed,
    LicenseTooLarge,
    NotYetValid,
    UnknownKey,
)
from threatweaver_licensing.keys import (
    KeyRing,
    PublicKey,
    generate_key,
    key_id,
    load_private,
    load_ring,
    public_pem,
    save_private,
    save_public,
)
from threatweaver_licensing.state import Evaluation, State, evaluate
from threatweaver_licensing.token import Unverified, issue, read_unverified, verify
from threatweaver_licensing.trial import issue_trial, trial_claims

__all__ = [
    "ALL",
    "AlgorithmRefused",
    "BadSignature",
    "Claims",
    "Deployment",
    "Evaluation",
    "KeyRefused",
    "KeyRing",
    "LicenseError",
    "LicenseMalformed",
    "LicenseTooLarge",
    "LicenseType",
    "Limits",
    "Modules",
    "NotYetValid",
    "PluginConstraint",
    "PublicKey",
    "State",
    "UnknownKey",
    "Unverified",
    "evaluate",
    "generate_key",
    "issue",
    "issue_trial",
    "key_id",
    "load_private",
    "load_ring",
    "public_pem",
    "read_unverified",
    "save_private",
    "save_public",
    "trial_claims",
    "verify",
]
