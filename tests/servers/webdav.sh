#!/bin/bash
# A real WebDAV server for the tests, on 127.0.0.1 only and with everything under one folder. KIND=apache is mod_dav;
# KIND=rclone is `rclone serve webdav`, a sloppy one: it ignores If-None-Match and makes folders that were never asked for.
#
#   webdav.sh STATE [start]   make what is missing under STATE, start, print KEY=VALUE lines
#   webdav.sh STATE stop      stop it
#   webdav.sh STATE status    exit 0 while it runs
#
# From the environment: KIND (apache), PORT (8108); Apache's also AUTH (basic, or digest: nothing else is taken) and
# REFUSE (a status with which names that end in .part or .filepart are refused, as Nextcloud and ownCloud do). Packages: the group `places` of tests/tools/system-packages.sh.
PORT=${PORT:-8108}
. "$(dirname "$0")/common.sh" "$@"

kind=${KIND:-apache}
modules=/usr/lib/apache2/modules

answers() { curl -s -o /dev/null "http://127.0.0.1:$port/"; }
start_apache() {
  printf 'kit:{SHA}%s\n' "$(printf kit-pass | openssl sha1 -binary | openssl base64)" >"$state/htpasswd"
  printf 'kit:kit:%s\n' "$(printf kit:kit:kit-pass | openssl md5 -r | cut -d' ' -f1)" >"$state/htdigest"
  local account="" auth=${AUTH:-basic} refuse="" file=htpasswd type=Basic
  [ "$auth" = basic ] || { file=htdigest; type=Digest; }
  [ -z "${REFUSE:-}" ] || refuse="RewriteEngine On
RewriteRule \\.(part|filepart)\$ - [R=$REFUSE,L]"
  if [ "$(id -u)" = 0 ]; then
    chown -R www-data: "$state/files" "$state/run"
    chmod 711 "$state"
    chmod 644 "$state/htpasswd" "$state/htdigest"
    account=$'User www-data\nGroup www-data'
  fi
  cat >"$state/apache.conf" <<CONF
ServerRoot $state
ServerName 127.0.0.1
PidFile $pid_file
Listen 127.0.0.1:$port
DefaultRuntimeDir $state/run
Mutex file:$state/run default
$account
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authn_file_module $modules/mod_authn_file.so
LoadModule auth_${auth}_module $modules/mod_auth_$auth.so
LoadModule rewrite_module $modules/mod_rewrite.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule mime_module $modules/mod_mime.so
LoadModule dav_module $modules/mod_dav.so
LoadModule dav_fs_module $modules/mod_dav_fs.so
TypesConfig /etc/mime.types
ErrorLog $state/log
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 16
DAVLockDB $state/run/davlock
DocumentRoot $state/files
<Directory $state/files>
Dav On
$refuse
AuthType $type
AuthName kit
AuthUserFile $state/$file
<LimitExcept GET HEAD OPTIONS>
Require valid-user
</LimitExcept>
</Directory>
CONF
  apache2 -f "$state/apache.conf" -k start
}

start_rclone() {
  setsid rclone serve webdav "$state/files" --config /dev/null --addr "127.0.0.1:$port" --user kit --pass kit-pass \
    --vfs-cache-mode off </dev/null >"$log" 2>&1 &
  echo $! >"$pid_file"
}

mkdir -p "$state/files" "$state/run"
running || { rm -f "$pid_file"; "start_$kind"; }
answers_to answers
printf '%s\n' "URL=http://127.0.0.1:$port" "USER=kit" "PASSWORD=kit-pass" "FOLDER=$state/files"
