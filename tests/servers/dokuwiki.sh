#!/bin/bash
# A real DokuWiki for the tests: Debian's package, served from where it lies by PHP's own web server, with its settings
# and its data under one folder; reachable on 127.0.0.1 only.
#
#   dokuwiki.sh STATE [start]   make what is missing under STATE, start, print KEY=VALUE lines
#   dokuwiki.sh STATE stop      stop the web server
#   dokuwiki.sh STATE status    exit 0 while it runs
#
# From the environment: PORT (8083), REMOTE (1, or 0 as on a wiki out of the box),
# REMOTE_USERS (who may come in from outside; @ALL: everybody).
# Packages: the group `dokuwiki` of tests/tools/system-packages.sh.
PORT=${PORT:-8083}
. "$(dirname "$0")/common.sh" "$@"

source=/usr/share/dokuwiki

install() {
  [ -f "$state/installed" ] && return
  mkdir -p "$state/tmp" "$state/conf" "$state/data"/{attic,cache,index,locks,log,media,media_attic,media_meta,meta,pages,tmp}
  cp /etc/dokuwiki/plugins.php /etc/dokuwiki/plugins.required.php "$state/conf/"
  # What each may do everywhere: 1 read, 8 change, make and upload, 16 delete files too. "lent" is read only for all.
  printf '*\t@ALL\t1\n*\t@user\t8\n*\t@kit\t16\nlent:*\t@user\t1\nlent:*\t@kit\t1\n' >"$state/conf/acl.auth.php"
  # The cheapest hash: the password comes with each request.
  php -r 'foreach ([["kit", "user,kit"], ["visitor", "user"], ["outside", "user"]] as [$name, $groups])
    printf("%s:%s:%s:%s@example.org:%s\n", $name, password_hash("$name-pass", PASSWORD_BCRYPT, ["cost" => 4]),
      ucfirst($name), $name, $groups);' >"$state/conf/users.auth.php"
  printf 'https?://spam\\.example\n' >"$state/conf/wordblock.local.conf"
  # Debian's own preload.php keeps what is defined already, and so leaves the machine's own wiki alone.
  cat >"$state/prepend.php" <<PHP
<?php
define('DOKU_CONF', '$state/conf/');
define('DOKU_MAIN_CONF', '/etc/dokuwiki/');
PHP
  touch "$state/installed"
}

settings() {
  cat >"$state/conf/local.php" <<PHP
<?php
\$conf['title'] = 'Gathering Wiki';
\$conf['useacl'] = 1;
\$conf['superuser'] = '@admin';
\$conf['authtype'] = 'authplain';
\$conf['savedir'] = '$state/data';
\$conf['remote'] = ${REMOTE:-1};
\$conf['remoteuser'] = '${REMOTE_USERS-kit,visitor}';
\$conf['updatecheck'] = 0;
\$conf['license'] = '';
PHP
}

start() {
  running && return
  settings
  PHP_CLI_SERVER_WORKERS=3 setsid php -d memory_limit=256M -d sys_temp_dir="$state/tmp" -d session.save_path="$state/tmp" -d display_errors=0 \
    -d log_errors=1 -d error_log="$state/php.log" -d opcache.enable_cli=1 -d auto_prepend_file="$state/prepend.php" \
    -S "127.0.0.1:$port" -t "$source" </dev/null >>"$log" 2>&1 &
  echo $! >"$pid_file"
  answers_to curl -fsS "http://127.0.0.1:$port/doku.php"
}

install
start
printf 'URL=http://127.0.0.1:%s\nUSER=kit\nPASSWORD=kit-pass\nVISITOR=visitor\nVISITOR_PASSWORD=visitor-pass\n' "$port"
