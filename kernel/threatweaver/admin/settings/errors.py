"""Errors of changing settings."""

from threatweaver.http.errors import ApiError


class SettingsChanged(ApiError):
    """Somebody changed the settings in the meantime. Read them again and repeat the change."""

    status, code = 409, "SETTINGS_CHANGED"
