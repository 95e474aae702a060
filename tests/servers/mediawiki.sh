#!/bin/bash
# A real MediaWiki for the tests: Debian's package on PHP's own web server with SQLite, all of it under one folder and
# reachable on 127.0.0.1 only.
#
#   mediawiki.sh STATE [start]   make what is missing under STATE, start, print KEY=VALUE lines
#   mediawiki.sh STATE stop      stop the web server
#   mediawiki.sh STATE status    exit 0 while it runs
#
# From the environment: PORT (8081), UPLOADS (true, or false as on a wiki out of the box), SCRIPTS (the path of api.php
# and the other scripts, as /mediawiki; empty: at the top), PAGES (the path of pages, as /title/; empty: /index.php/).
# Packages: the group `mediawiki` of tests/tools/system-packages.sh.
PORT=${PORT:-8081}
. "$(dirname "$0")/common.sh" "$@"

wiki=$state/wiki
source=/usr/share/mediawiki
# MediaWiki takes bot passwords of exactly 32 characters.
bot_password=0123456789abcdef0123456789abcdef

maintain() { php -d memory_limit=256M "$source/maintenance/$1" "${@:2}" >>"$state/install.log" 2>&1; }

install() {
  [ -f "$state/installed" ] && return
  rm -rf "$wiki" "$state/db" "$state/conf"
  mkdir -p "$wiki/images" "$state/db" "$state/conf" "$state/tmp" "$state/cache"
  # Only images/ and the settings are ours, everything else is Debian's.
  for path in "$source"/*; do
    case ${path##*/} in images | LocalSettings.php | config) ;; *) ln -s "$path" "$wiki/" ;; esac
  done
  maintain install.php --dbtype=sqlite --dbname=wiki --dbpath="$state/db" --confpath="$state/conf" --scriptpath= \
    --server="http://127.0.0.1:$port" --lang=en --pass=gathering-admin-1 "Gathering Wiki" Admin
  cat >"$state/conf/Local.php" <<PHP
<?php
require '$state/conf/LocalSettings.php';
\$wgServer = 'http://127.0.0.1:' . (getenv('WIKI_PORT') ?: '$port');
\$wgEnableUploads = getenv('WIKI_UPLOADS') !== 'false';
\$wgUploadDirectory = '$wiki/images';
\$wgUploadPath = '/images';
\$wgScriptPath = getenv('WIKI_SCRIPTS') ?: '';
// What was reckoned from it before.
\$wgScript = "\$wgScriptPath/index.php";
\$wgLoadScript = "\$wgScriptPath/load.php";
\$wgRestPath = "\$wgScriptPath/rest.php";
\$wgArticlePath = (getenv('WIKI_PAGES') ?: "\$wgScript/") . '\$1';
\$wgTmpDirectory = '$state/tmp';
\$wgCacheDirectory = '$state/cache';
\$wgUseImageMagick = false;
\$wgMainCacheType = CACHE_NONE;
\$wgSessionCacheType = CACHE_DB;
\$wgRateLimits = [];
\$wgEnableEmail = false;
\$wgRunJobsAsync = false;
\$wgMinUploadChunkSize = 1024;
PHP
  ln -s "$state/conf/Local.php" "$wiki/LocalSettings.php"
  export MW_CONFIG_FILE=$state/conf/Local.php
  maintain createAndPromote.php --bot --sysop Reporter reporter-user-1
  maintain createBotPassword.php --appid kiosk Reporter "$bot_password" \
    --grants basic,highvolume,editpage,createeditmovepage,uploadfile,uploadeditmovefile,delete
  maintain createAndPromote.php Visitor visitor-user-1
  touch "$state/installed"
}

start() {
  running && return
  # PHP's server sends everything to one script; MediaWiki's entry points want to be called by their own names.
  cat >"$state/router.php" <<'PHP'
<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$root = $_SERVER['DOCUMENT_ROOT'];
putenv("MW_INSTALL_PATH=$root");
define('MW_CONFIG_FILE', "$root/LocalSettings.php");
$prefix = getenv('WIKI_SCRIPTS') ?: '';
$called = preg_match("~^$prefix/(api|index|load|rest|thumb)\.php(/.*)?$~", $path, $found);
$script = $called ? "/$found[1].php" : '/index.php';
if ($script === '/index.php' && $path !== '/' && substr($path, -4) !== '.php' && is_file($root . rawurldecode($path))) return false;
$pages = getenv('WIKI_PAGES') ?: '';
// Neither a script nor a page: another part of the site, where a wiki does not answer.
if (!$called && $prefix . $pages !== '' && $pages !== '/' && strncmp($path, $pages ?: "$prefix/", strlen($pages ?: "$prefix/"))) {
  http_response_code(404);
  exit('<!doctype html><html><title>Not here</title></html>');
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $prefix . $script;
$_SERVER['SCRIPT_FILENAME'] = $root . $script;
$_SERVER['PATH_INFO'] = $found[2] ?? '';
require $root . $script;
PHP
  WIKI_PORT=$port WIKI_SCRIPTS=${SCRIPTS:-} WIKI_PAGES=${PAGES:-} WIKI_UPLOADS=${UPLOADS:-true} PHP_CLI_SERVER_WORKERS=3 setsid php -d memory_limit=256M \
    -d upload_max_filesize=64M -d post_max_size=64M -d upload_tmp_dir="$state/tmp" -d opcache.enable_cli=1 \
    -S "127.0.0.1:$port" -t "$wiki" "$state/router.php" </dev/null >>"$log" 2>&1 &
  echo $! >"$pid_file"
  answers_to bash -c "curl -fsS 'http://127.0.0.1:$port${SCRIPTS:-}/api.php?action=query&meta=siteinfo&format=json' | grep -q MediaWiki"
}

install
start
printf 'URL=http://127.0.0.1:%s\nUSER=Reporter@kiosk\nPASSWORD=%s\nVISITOR=Visitor\nVISITOR_PASSWORD=visitor-user-1\n' "$port" "$bot_password"
