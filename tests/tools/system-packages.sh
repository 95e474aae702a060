#!/bin/bash
# Installs what the real-browser and real-server tests need, on Debian and as root; elsewhere it says so and
# leaves with 0, because each test then skips with its reason.
# Groups: browser (Chromium, Firefox, WebKitGTK, PDF tools, fonts), wordpress (Apache, PHP, MariaDB), mediawiki (PHP, SQLite),
# dokuwiki (PHP), places (SFTP, git, WebDAV, IMAP), hub (PostgreSQL), clock (libfaketime). Default: all of them. Only when named: bench (a
# peer to measure beside), reliability (what traces system calls and makes small disks and networks).
set -uo pipefail

say() { printf 'system packages: %s\n' "$*"; }
missing() { # the names of $@ that are not installed
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
  done
}
packages() {
  case $1 in
    # libatomic1 is for the Node.js that Playwright ships; minimal Debian lacks it.
    # Noto covers Latin, Greek, Cyrillic, Arabic, Hebrew and the Indian scripts; WenQuanYi is Chinese, Japanese and
    # Korean in a tenth of the size that Noto takes for them.
    browser) echo chromium chromium-headless-shell firefox-esr webkit2gtk-driver xvfb libatomic1 poppler-utils fonts-dejavu-core fonts-noto-core fonts-wqy-microhei ;;
    wordpress) echo wordpress mariadb-server-core apache2 libapache2-mod-php php-cli php-mysql php-gd \
      php-xml php-mbstring php-curl curl ;;
    mediawiki) echo mediawiki php-cli php-sqlite3 php-mbstring php-xml php-intl php-gd curl ;;
    dokuwiki) echo dokuwiki php-cli php-xml php-gd curl ;;
    clock) echo faketime ;;
    places) echo openssh-server openssh-client git apache2 rclone dovecot-imapd curl openssl ;;
    # The module pg_trgm is part of postgresql-15.
    hub) echo postgresql curl ;;
    bench) echo nginx-light ;;
    reliability) echo strace e2fsprogs mount iproute2 postgresql ;;
    *) say "unknown group $1" >&2; return 2 ;;
  esac
}
# Packages start their services when they are installed. This answers "not allowed", so nothing takes port 80.
forbid_services() {
  [ -e /usr/sbin/policy-rc.d ] && return
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

[ $# -gt 0 ] || set -- browser wordpress mediawiki dokuwiki places hub clock
wanted=""
for group in "$@"; do wanted+=" $(packages "$group")" || exit 2; done
command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || { say "not a Debian machine, nothing installed"; exit 0; }
# shellcheck disable=SC2086  # the list is meant to fall apart into words
todo=$(missing $wanted)
[ -n "$todo" ] || { say "all there"; exit 0; }
[ "$(id -u)" = 0 ] || { say "not root, so these stay missing: $todo"; exit 0; }
forbid_services
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -q -y -o DPkg::Lock::Timeout=400 -o Acquire::Retries=3)
"${apt[@]}" update >/dev/null || say "the package list could not be refreshed"
say "installing $todo"
# shellcheck disable=SC2086
log=$("${apt[@]}" install --no-install-recommends $todo 2>&1) || {
  say "some packages could not be installed; the end of what apt said:"
  tail -n 15 <<<"$log"
}
# shellcheck disable=SC2086
todo=$(missing $wanted)
[ -z "$todo" ] && say "done" || say "still missing: $todo"
exit 0
