"""The addresses of this machine."""

import sys

import ifaddr
import pytest

from kiosk.runtime import addresses


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux itself")
def test_linux_lists_what_ifaddr_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {
        (ip.ip, adapter.nice_name)
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4
    }
    found = addresses._listed_by_linux()
    assert {(one.ip, one.interface) for one in found} == listed
    # A list that has no room is asked for again, in full.
    monkeypatch.setattr(addresses, "ROOM", 1)
    assert addresses._listed_by_linux() == found
