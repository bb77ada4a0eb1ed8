"""Why a signed document is refused: one class and one stable code each, the docstring is the message."""

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


class LicenseMalformed(Malformed, LicenseError):
    """The license is malformed."""

    code = "LICENSE_MALFORMED"


class LicenseTooLarge(LicenseError):
    """The license is larger than 16 KiB."""

    code = "LICENSE_TOO_LARGE"


class UnknownKey(LicenseError):
    """The license is signed with a key that is not trusted here."""

    code = "LICENSE_UNKNOWN_KEY"


class AlgorithmRefused(LicenseError):
    """The license names a signature algorithm that its key does not use."""

    code = "LICENSE_ALGORITHM"


class BadSignature(LicenseError):
    """The signature of the license does not match its content."""

    code = "LICENSE_SIGNATURE"


class NotYetValid(LicenseError):
    """The license is not valid yet."""

    code = "LICENSE_NOT_YET_VALID"


class KeyRefused(ValueError):
    """A key file cannot be used; a fault of the set-up, hence no LicenseError."""
