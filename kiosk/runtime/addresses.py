"""The addresses of this laptop that phones can reach."""

from __future__ import annotations

import array
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from reporter.config import Settings

# Names of interfaces of virtual machines, containers and tunnels, which never lead to a phone.
_VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "tun", "tap", "utun", "wg", "zt")
_VIRTUAL_WORDS = ("virtual", "hyper-v", "vpn", "loopback", "wsl")
# Windows' built-in hotspot: "Microsoft Wi-Fi Direct Virtual Adapter", numbered from the second on.
_HOTSPOT = "wi-fi direct"
# Bridges of containers and management interfaces: rarely the network of phones, but somebody may
# have named theirs so.
_UNLIKELY = ("lxc", "lxd", "incus", "podman", "cni", "vnic", "ppp", "usb", "idrac")
# Linux names interfaces (wlan0, wlp3s0, ap0), Windows describes the adapter.
_WIRELESS, _WIRELESS_WORDS = ("wl", "ap"), ("wi-fi", "wifi", "wireless", "802.11")
# macOS calls both kinds en0 and so on, so that name says nothing.
_CABLE, _CABLE_WORDS = ("eth", "enp", "eno", "ens"), ("ethernet",)
# TEST-NET-1 (RFC 5737): nothing is sent there, the system only selects the route.
_ANYWHERE = ("192.0.2.1", 9)
# netdevice(7): the call that lists interfaces, and where an entry of it (struct ifreq) ends.
_SIOCGIFCONF = 0x8912
_ENTRY = 40 if struct.calcsize("P") == 8 else 32
# Entries that are asked for at first.
ROOM = 64


@dataclass(frozen=True)
class Address:
    """An IPv4 address of this machine and its interface."""

    ip: str
    interface: str

    @property
    def is_wireless(self) -> bool:
        """Whether the interface's name is one of Wi-Fi."""
        name = self.interface.lower()
        return name.startswith(_WIRELESS) or any(word in name for word in _WIRELESS_WORDS)

    @property
    def is_cable(self) -> bool:
        """Whether the interface's name is one of Ethernet."""
        name = self.interface.lower()
        return name.startswith(_CABLE) or any(word in name for word in _CABLE_WORDS)


def own_addresses() -> list[Address]:
    """List the IPv4 addresses of this machine that a phone might reach, the likeliest first."""
    found = _listed_by_linux() if sys.platform == "linux" else _listed_elsewhere()
    return sorted_addresses(found, default=default_address())


def _listed_by_linux() -> list[Address]:
    """One system call. ifaddr needs ten times as long, and its import runs another program (ldconfig)."""
    import fcntl

    room = ROOM * _ENTRY
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        while True:
            entries = array.array("B", bytes(room))
            request = struct.pack("iP", room, entries.buffer_info()[0])
            filled: int = struct.unpack("iP", fcntl.ioctl(probe, _SIOCGIFCONF, request))[0]
            if filled < room:
                break
            # A full list may not be all of it.
            room *= 2
    listed = entries.tobytes()[:filled]
    # The name ends with a NUL; an IPv4 address follows the family and a port.
    return [
        Address(socket.inet_ntoa(one[20:24]), one[:16].partition(b"\0")[0].decode())
        for one in (listed[at : at + _ENTRY] for at in range(0, filled, _ENTRY))
    ]


def _listed_elsewhere() -> list[Address]:
    import ifaddr

    return [
        Address(str(ip.ip), adapter.nice_name)
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4
    ]


def default_address() -> str:
    """Our own address on the default route to the internet; '' without one. Sends no packet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ANYWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def sorted_addresses(found: Iterable[Address], *, default: str = "") -> list[Address]:
    """Remove loopback, link-local and virtual addresses; sort the others by how likely phones can
    reach them.

    First comes ``default``, the one on the default route: an access point's guests are on the same
    network. Then private networks before others, Wi-Fi and hotspots before cables, container
    bridges last.
    """
    return sorted((a for a in found if _usable(a)), key=lambda a: _rank(a, default))


def _rank(address: Address, default: str) -> tuple[bool, bool, bool, bool, int]:
    """Sort key: the likelier address first."""
    name, ip = address.interface.lower(), ipaddress.IPv4Address(address.ip)
    unlikely = name.startswith(_UNLIKELY)
    return address.ip != default, unlikely, not ip.is_private, not address.is_wireless, int(ip)


def _usable(address: Address) -> bool:
    ip = ipaddress.ip_address(address.ip)
    name = address.interface.lower()
    virtual = name.startswith(_VIRTUAL) or any(word in name for word in _VIRTUAL_WORDS)
    virtual = virtual and _HOTSPOT not in name
    return not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or virtual)


def phone_url(settings: Settings, port: int, *, scheme: str = "http", ip: str = "") -> str:
    """The base URL for codes and posters: the one in the settings, else ``ip``, else the
    likeliest, else loopback."""
    if settings.kiosk.base_url:
        return settings.kiosk.base_url.rstrip("/")
    if not ip:
        addresses = own_addresses()
        ip = addresses[0].ip if addresses else "127.0.0.1"
    return url_of(ip, port, scheme=scheme)


def url_of(ip: str, port: int, *, scheme: str = "http") -> str:
    """The base URL of a kiosk at this IP address; omits port 0 and the scheme's default port."""
    default = {"http": 80, "https": 443}[scheme]
    host = f"[{ip}]" if ":" in ip else ip
    return f"{scheme}://{host}" if port in (0, default) else f"{scheme}://{host}:{port}"


def open_addresses(found: Iterable[Address], only: str) -> list[Address]:
    """Those at which a kiosk is open that listens at one address; all of them for ''.

    ``only`` need not be among them: somebody may have named that of a tunnel.
    """
    if not only:
        return list(found)
    return [address for address in found if address.ip == only] or [Address(only, "")]


def kept_address(before: str, found: Iterable[Address]) -> str:
    """Keep the previous address while this machine has it, else use the likeliest; '' without
    any."""
    ips = [address.ip for address in found]
    return before if before in ips else next(iter(ips), "")


def is_ip(host: str) -> bool:
    """Whether a host is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_for_phones(url: str) -> bool:
    """Whether another machine could open this address: not a loopback one (RFC 1122, 3.2.1.3)."""
    host = urlsplit(url).hostname or ""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and host != "localhost" and not host.endswith(".localhost")
    return not (ip.is_loopback or ip.is_unspecified)
