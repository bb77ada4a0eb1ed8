"""Why a signed document is refused: one class and one stable code each, the docstring is the message.

They stand in the order in which they are looked for.
"""

from typing import ClassVar


class Refused(Exception):
    """The signed document was refused."""

    code: ClassVar[str] = "REFUSED"

    def __str__(self) -> str:
        return type(self).__doc__ or self.code


class Malformed(Refused):
    """The signed document is malformed."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{super().__str__()} {self.field}: {self.problem}"


class LicenseError(Refused):
    """The license was refused."""

    code = "LICENSE_REFUSED"


class LicenseTooLarge(LicenseError):
    """The license is larger than 16 KiB."""

    code = "LICENSE_TOO_LARGE"


class LicenseMalformed(Malformed, LicenseError):
    """The license is malformed."""

    code = "LICENSE_MALFORMED"


class AlgorithmRefused(LicenseError):
    """The license names a signature algorithm that its key does not use."""

    code = "LICENSE_ALGORITHM"


class UnknownKey(LicenseError):
    """The license is signed with a key that is not trusted here."""

    code = "LICENSE_UNKNOWN_KEY"


class BadSignature(LicenseError):
    """The signature of the license does not match its content."""

    code = "LICENSE_SIGNATURE"


class LicenseRevoked(LicenseError):
    """The license was revoked."""

    code = "LICENSE_REVOKED"


class DeploymentMismatch(LicenseError):
    """The license is for another kind of deployment."""

    code = "LICENSE_DEPLOYMENT"


class WrongMachine(LicenseError):
    """The license is locked to another machine."""

    code = "LICENSE_WRONG_MACHINE"


class NotYetValid(LicenseError):
    """The license is not valid yet."""

    code = "LICENSE_NOT_YET_VALID"


class LicenseExpired(LicenseError):
    """The license has expired."""

    code = "LICENSE_EXPIRED"


class IssuedBeforeRevocation(LicenseError):
    """The license in force is revoked; one issued before its revocation cannot replace it."""

    code = "LICENSE_BEFORE_REVOCATION"


class OlderLicense(LicenseError):
    """The license is older than the one in force for the same customer."""

    code = "LICENSE_OLDER"


class RevocationsError(Refused):
    """The revocation list was refused."""

    code = "REVOCATIONS_REFUSED"


class RevocationsTooLarge(RevocationsError):
    """The revocation list is larger than 1 MiB."""

    code = "REVOCATIONS_TOO_LARGE"


class RevocationsMalformed(Malformed, RevocationsError):
    """The revocation list is malformed."""

    code = "REVOCATIONS_MALFORMED"


class RevocationsAlgorithm(RevocationsError):
    """The revocation list names a signature algorithm that its key does not use."""

    code = "REVOCATIONS_ALGORITHM"


class RevocationsUnknownKey(RevocationsError):
    """The revocation list is signed with a key that is not trusted here."""

    code = "REVOCATIONS_UNKNOWN_KEY"


class RevocationsSignature(RevocationsError):
    """The signature of the revocation list does not match its content."""

    code = "REVOCATIONS_SIGNATURE"


class RevocationsOlder(RevocationsError):
    """The revocation list is not newer than the one in force."""

    code = "REVOCATIONS_OLDER"


class KeyRefused(ValueError):
    """A key file cannot be used; a fault of the set-up, hence no LicenseError."""
