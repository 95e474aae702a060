"""How large a request may be, from the gathering's settings: Flask asks its configuration with each one."""

from __future__ import annotations

from typing import Any

from reporter.config import Settings


def request_limits(settings: Settings) -> dict[str, Any]:
    """Names and values for Flask's configuration."""
    limits = settings.limits
    return {
        "MAX_CONTENT_LENGTH": (limits.file_mb << 20) * min(limits.files, 4) + (1 << 20),
        "MAX_FORM_MEMORY_SIZE": max(limits.text_chars * 8, 500_000),
    }
