"""Errors of signing in."""

from threatweaver.http.errors import ApiError


class BadCredentials(ApiError):
    """The e-mail address or the password is wrong."""

    status, code = 401, "INVALID_CREDENTIALS"


class RefreshRefused(ApiError):
    """The refresh token is missing, used up, expired or revoked. Please log in again."""

    status, code = 401, "INVALID_REFRESH_TOKEN"


class StepRefused(ApiError):
    """This sign-in is over: its token is unknown, used up or older than five minutes. Start again."""

    status, code = 401, "INVALID_STEP_TOKEN"


class ReauthenticationNeeded(ApiError):
    """Say again who you are: give your password, or sign in anew and do this within five minutes."""

    status, code = 403, "REAUTHENTICATION_NEEDED"


class SsoRequired(ApiError):
    """This tenant asks for single sign-on. Use its provider to sign in."""

    status, code = 403, "SSO_REQUIRED"


class SsoConfined(ApiError):
    """You signed in with one tenant's provider: sign in to another tenant on its own."""

    status, code = 403, "SSO_CONFINED"


class MfaRequired(ApiError):
    """This tenant asks for a second factor. Set it up to go on."""

    status, code = 403, "MFA_SETUP_REQUIRED"


class PasswordChangeRequired(ApiError):
    """Change your password to go on."""

    status, code = 403, "PASSWORD_CHANGE_REQUIRED"
