"""Which address of this laptop phones can reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from reporter.config import Settings

# Names of interfaces that lead to virtual machines, containers and tunnels, never to a phone.
_VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "tun", "tap", "utun", "wg", "zt")
_VIRTUAL_WORDS = ("virtual", "hyper-v", "vpn", "loopback", "wsl")


@dataclass(frozen=True)
class Address:
    """An IPv4 address of this machine and the interface that it belongs to."""

    ip: str
    interface: str


def own_addresses() -> list[Address]:
    """IPv4 addresses of this machine that a phone might reach, the likeliest first."""
    import ifaddr

    found = [
        Address(str(ip.ip), adapter.nice_name)
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4
    ]
    return sorted_addresses(found)


def sorted_addresses(found: Iterable[Address]) -> list[Address]:
    """Leave out loopback, link-local and virtual ones; private networks first (a hotspot's is one)."""
    usable = [address for address in found if _usable(address)]
    return sorted(usable, key=lambda a: (not ipaddress.ip_address(a.ip).is_private, a.ip))


def _usable(address: Address) -> bool:
    ip = ipaddress.ip_address(address.ip)
    name = address.interface.lower()
    virtual = name.startswith(_VIRTUAL) or any(word in name for word in _VIRTUAL_WORDS)
    return not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or virtual)


def phone_url(settings: Settings, port: int, *, scheme: str = "http", ip: str = "") -> str:
    """The base address for codes and posters: that of the settings, else ``ip``, else the likeliest, else loopback."""
    if settings.kiosk.base_url:
        return settings.kiosk.base_url.rstrip("/")
    if not ip:
        addresses = own_addresses()
        ip = addresses[0].ip if addresses else "127.0.0.1"
    return url_of(ip, port, scheme=scheme)


def url_of(ip: str, port: int, *, scheme: str = "http") -> str:
    """The base address of a kiosk at this IP address; port 0 is left away, and so is the scheme's own."""
    default = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{ip}" if port in (0, default) else f"{scheme}://{ip}:{port}"


def kept_address(before: str, found: Iterable[Address]) -> str:
    """The address to go on with: the one from before while this machine has it, else the likeliest; '' without any."""
    ips = [address.ip for address in found]
    return before if before in ips else next(iter(ips), "")


def is_ip(host: str) -> bool:
    """Whether a host is written as an IP address, not as a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_for_phones(url: str) -> bool:
    """Whether another machine could open this address: not one of this machine alone (loopback, RFC 1122, 3.2.1.3)."""
    host = urlsplit(url).hostname or ""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and host != "localhost" and not host.endswith(".localhost")
    return not (ip.is_loopback or ip.is_unspecified)
