#!/bin/bash
# A real OpenSSH server for the tests: SFTP, and a bare git repository reached over ssh. All of it under one folder, on
# 127.0.0.1 only, signed in to with a key.
#
#   sftp.sh STATE [start]   make what is missing under STATE, start, print KEY=VALUE lines
#   sftp.sh STATE stop      stop it
#   sftp.sh STATE status    exit 0 while it runs
#
# From the environment: PORT (8107), HOST_KEY (host: the key's name; another name is another key of the server).
# Packages: the group `places` of tests/system-packages.sh.
set -euo pipefail

mkdir -p "$1"
state=$(cd "$1" && pwd -P)
action=${2:-start}
port=${PORT:-8107}
host_key=$state/${HOST_KEY:-host}

running() { local pid; pid=$(cat "$state/pid" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
wait_until() { # seconds, then a command that is asked until it succeeds
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}
not_running() { ! running; }
stop() {
  if running; then kill "$(cat "$state/pid")"; wait_until 10 not_running; fi
  rm -f "$state/pid"
}

case $action in
  stop) stop; exit 0 ;;
  status) running; exit ;;
esac

[ -f "$host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$host_key"
[ -f "$state/id" ] || ssh-keygen -q -t ed25519 -N '' -C tests -f "$state/id"
cp "$state/id.pub" "$state/authorized_keys"
chmod 600 "$state/authorized_keys"
mkdir -p "$state/www"
[ -d "$state/site.git" ] || git init -q --bare -b main "$state/site.git"
# Where it gives up its rights before somebody has signed in; the path is compiled in.
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
cat >"$state/sshd_config" <<CONF
ListenAddress 127.0.0.1
Port $port
HostKey $host_key
PidFile $state/pid
AuthorizedKeysFile $state/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin prohibit-password
AllowTcpForwarding no
X11Forwarding no
MaxStartups 100
Subsystem sftp internal-sftp
CONF
running || { rm -f "$state/pid"; /usr/sbin/sshd -f "$state/sshd_config" -E "$state/log"; }
wait_until 20 answers || { echo "sftp.sh: sshd does not answer, see $state/log" >&2; exit 1; }
user=$(id -un)
printf '%s\n' "PORT=$port" "USER=$user" "KEY=$state/id" "FOLDER=$state/www" \
  "URL=sftp://127.0.0.1:$port$state/www" "GIT_URL=ssh://$user@127.0.0.1:$port$state/site.git" "REPOSITORY=$state/site.git"
