"""Errors of single sign-on."""

from threatweaver.http.errors import ApiError


class SsoRefused(ApiError):
    """The identity provider's answer was not accepted. Start the sign-in again."""

    status, code = 401, "SSO_REFUSED"


class ProviderUnavailable(ApiError):
    """The identity provider did not answer as it should. Try again in a moment."""

    status, code, title = 503, "SSO_PROVIDER_UNAVAILABLE", "Service Unavailable"


class ProviderMisconfigured(ApiError):
    """The provider's settings do not work."""

    status, code = 422, "SSO_PROVIDER_MISCONFIGURED"
