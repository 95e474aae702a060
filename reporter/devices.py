"""Names of the devices that takeaways come from."""

from __future__ import annotations

# How the name of a device begins that is known by its own cookie; addresses may be shared.
OWN = "phone-"
# Stands before the device of a takeaway that was merged from another kiosk: that kiosk's cookies mean nothing here.
ELSEWHERE = "elsewhere:"


def is_own_device(device: str) -> bool:
    """Whether nobody else can have this name of a device."""
    return device.startswith(OWN)
