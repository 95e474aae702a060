#!/bin/bash
# A real IMAP server (Dovecot) for the tests, on 127.0.0.1 only and with everything under one folder: one account, a
# Maildir, no TLS. Packages: the group `places` of tests/tools/system-packages.sh.
#
#   imap.sh STATE [start|stop]   print KEY=VALUE lines
#
# From the environment: PORT (8143).
set -euo pipefail

mkdir -p "$1"
state=$(cd "$1" && pwd -P)
port=${PORT:-8143}
if [ "${2:-start}" = stop ]; then
  dovecot -c "$state/dovecot.conf" stop 2>/dev/null || true
  exit 0
fi
user=$(id -un)
mkdir -p "$state/run" "$state/Maildir/new" "$state/Maildir/cur" "$state/Maildir/tmp"
account=$user
if [ "$(id -u)" = 0 ]; then account=www-data; chown -R www-data: "$state/Maildir"; chmod 711 "$state"; fi
printf 'kit:{PLAIN}kit-pass:%s:%s::%s\n' "$(id -u "$account")" "$(id -g "$account")" "$state" >"$state/users"
cat >"$state/dovecot.conf" <<CONF
protocols = imap
listen = 127.0.0.1
base_dir = $state/run
state_dir = $state/run
log_path = $state/log
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
default_internal_user = $([ "$(id -u)" = 0 ] && echo dovecot || echo "$user")
default_login_user = $([ "$(id -u)" = 0 ] && echo dovenull || echo "$user")
mail_location = maildir:$state/Maildir
passdb {
  driver = passwd-file
  args = $state/users
}
userdb {
  driver = passwd-file
  args = $state/users
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
CONF
dovecot -c "$state/dovecot.conf" stop 2>/dev/null || true
dovecot -c "$state/dovecot.conf"
end=$((SECONDS + 20))
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  [ $SECONDS -lt $end ] || { echo "imap.sh: dovecot does not answer, see $state/log" >&2; exit 1; }
  sleep 0.1
done
printf '%s\n' "PORT=$port" "USER=kit" "PASSWORD=kit-pass" "MAILDIR=$state/Maildir"
