"""The laptop's own time zone."""

from __future__ import annotations


def local_timezone() -> str:
    """Return the IANA name of the laptop's zone; "UTC" where the system does not provide it."""
    import tzlocal

    try:
        return tzlocal.get_localzone_name() or "UTC"
    except (LookupError, ValueError, OSError):
        return "UTC"
