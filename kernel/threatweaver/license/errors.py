"""Why a license or a list of revocations is not put into force."""

from threatweaver.http.errors import ApiError


class LicenseRefused(ApiError):
    """The license was refused; `reason` says why in one word."""

    status, code = 422, "LICENSE_REFUSED"


class RevocationsRefused(ApiError):
    """The list of revocations was refused; `reason` says why in one word."""

    status, code = 422, "REVOCATIONS_REFUSED"


class AlreadyLicensed(ApiError):
    """There is a license already; an administrator can import another one."""

    status, code = 409, "ALREADY_LICENSED"
