"""The laptop's own time zone."""

from __future__ import annotations

# Debian and others call UTC so; in the desk's list it has one name.
_UNIVERSAL = frozenset(
    ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "Zulu", "Universal", "UCT")
)


def local_timezone() -> str:
    """Return the IANA name of the laptop's zone; "UTC" where the system does not provide it."""
    import tzlocal

    try:
        name = tzlocal.get_localzone_name() or "UTC"
    except (LookupError, ValueError, OSError):
        return "UTC"
    return "UTC" if name in _UNIVERSAL else name
