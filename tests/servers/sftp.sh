#!/bin/bash
# A real OpenSSH server for the tests: SFTP, and a bare git repository reached over ssh. All of it under one folder, on
# 127.0.0.1 only, signed in to with a key.
#
#   sftp.sh STATE [start]   make what is missing under STATE, start, print KEY=VALUE lines
#   sftp.sh STATE stop      stop it
#   sftp.sh STATE status    exit 0 while it runs
#
# From the environment: PORT (8107), HOST_KEY (host: the key's name; another name is another key of the server),
# BARE (1: files only, without a shell and without OpenSSH's own rename, as at many hosts).
# Packages: the group `places` of tests/tools/system-packages.sh.
PORT=${PORT:-8107}
. "$(dirname "$0")/common.sh" "$@"

host_key=$state/${HOST_KEY:-host}

serve="internal-sftp"
only=""
if [ -n "${BARE:-}" ]; then
  serve="internal-sftp -P posix-rename"
  only="ForceCommand $serve"
fi
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
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
PidFile $pid_file
AuthorizedKeysFile $state/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin prohibit-password
AllowTcpForwarding no
X11Forwarding no
MaxStartups 100
Subsystem sftp $serve
$only
CONF
running || { rm -f "$pid_file"; /usr/sbin/sshd -f "$state/sshd_config" -E "$log"; }
answers_to answers
user=$(id -un)
printf '%s\n' "PORT=$port" "USER=$user" "KEY=$state/id" "FOLDER=$state/www" \
  "URL=sftp://127.0.0.1:$port$state/www" "GIT_URL=ssh://$user@127.0.0.1:$port$state/site.git" "REPOSITORY=$state/site.git"
