#!/usr/bin/env bash
# zeroconf 0.154.0 (python-zeroconf) announces a service whose name has a dot in it under a name that isn't one. An instance's name,
# "St. Mary's hall", is a single label of DNS whatever stands in it, dots with it (RFC 6763, 4.1.1 and 4.3). ServiceInfo
# takes such a name, and registering it works; on the wire it is cut at each dot: "St" and " Mary's hall", five labels for
# a service that has four. zeroconf itself puts the labels together with dots again and finds what it announced, so that
# tests between two of its own pass; the reader here, as Avahi and Bonjour, takes the first label for the name and
# " Mary's hall._http._tcp" for its type. A backslash before the dot, as DNS writes one, is sent along as a letter.
#
# Output seen:
#   zeroconf 0.154.0, dnspython 2.9.2
#   "Town hall": labels ('Town hall', '_http', '_tcp', 'local'), zeroconf reads "Town hall"
#   "St. Mary's hall": labels ('St', " Mary's hall", '_http', '_tcp', 'local'), zeroconf reads "St. Mary's hall"
#   "St\. Mary's hall": labels ('St\\', " Mary's hall", '_http', '_tcp', 'local'), zeroconf reads "St\. Mary's hall"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check zeroconf==0.154.0 dnspython==2.9.2
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

import dns.message
from zeroconf import DNSIncoming, DNSOutgoing, ServiceInfo

SERVICE = "_http._tcp.local."
END = ("_http", "_tcp", "local")
EXPECTED = {
    "Town hall": ("Town hall", *END),
    "St. Mary's hall": ("St", " Mary's hall", *END),
    "St\\. Mary's hall": ("St\\", " Mary's hall", *END),
}
print(f"zeroconf {version('zeroconf')}, dnspython {version('dnspython')}")
seen = {}
for name in EXPECTED:
    service = ServiceInfo(SERVICE, f"{name}.{SERVICE}", port=80, server="kiosk.local.", addresses=[bytes([127, 0, 0, 1])])
    answer = DNSOutgoing(0x8400)
    answer.add_answer_at_time(service.dns_pointer(), 0)
    (packet,) = answer.packets()
    (record,) = dns.message.from_wire(packet).answer[0]
    seen[name] = tuple(label.decode() for label in record.target.labels if label)
    (own,) = DNSIncoming(packet).answers()
    read = own.alias.removesuffix(f".{SERVICE}")
    print(f'"{name}": labels {seen[name]}, zeroconf reads "{read}"')
    assert read == name
assert seen == EXPECTED, seen
PYTHON
