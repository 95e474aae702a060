#!/bin/bash
# A real WordPress for the tests: Debian's package on Apache with mod_php, and a MariaDB of its own, all of it under one
# folder and reachable on 127.0.0.1 only.
#
#   wordpress.sh STATE [start]   make what is missing under STATE, start, print KEY=VALUE lines
#   wordpress.sh STATE stop      stop web server and database, politely
#   wordpress.sh STATE kill      the web server dies at once, as in a power cut
#   wordpress.sh STATE status    exit 0 while both run
#
# From the environment: PORT (8080), UPLOAD_MAX (64M), POST_MAX (72M), MEMORY (128M).
# Packages: the group `wordpress` of tests/tools/system-packages.sh.
set -euo pipefail

mkdir -p "$1"
state=$(cd "$1" && pwd -P)
action=${2:-start}
port=${PORT:-8080}
site=$state/site
socket=$state/db.sock
db_pid=$state/db.pid
web_pid=$state/web.pid

fail() { echo "wordpress.sh: $*" >&2; exit 1; }

running() { # pid file
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

wait_for() { # seconds, then a command that is asked until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

end_process() { # pid file, signal
  running "$1" || { rm -f "$1"; return 0; }
  local pid
  pid=$(cat "$1")
  # Both servers lead their own process group, so the children go with them.
  kill "-$2" -- "-$pid" 2>/dev/null || kill "-$2" "$pid" 2>/dev/null || true
  wait_for 20 gone "$pid" || kill -KILL -- "-$pid" 2>/dev/null || true
  rm -f "$1"
}

sql() { mariadb --no-defaults --user=root --socket="$socket" "$@"; }

start_database() {
  running "$db_pid" && return
  # A Unix socket's path must fit into 108 bytes.
  [ ${#socket} -lt 104 ] || fail "the folder's path is too long for a socket: $state"
  cat >"$state/my.cnf" <<CONF
[mysqld]
user = $(id -un)
datadir = $state/data
socket = $socket
pid-file = $db_pid
log-error = $state/log/database.log
tmpdir = $state/tmp
skip-networking
skip-name-resolve
performance_schema = OFF
max_connections = 32
innodb_buffer_pool_size = 32M
innodb_log_file_size = 16M
# Nothing here outlives the tests, so nothing needs to reach the disk.
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
sync_binlog = 0
CONF
  if [ ! -d "$state/data/mysql" ]; then
    rm -rf "$state/data"
    mkdir "$state/data"
    mariadb-install-db --defaults-file="$state/my.cnf" --auth-root-authentication-method=normal \
      --skip-test-db >"$state/log/database-install.log" 2>&1 || fail "see $state/log/database-install.log"
  fi
  setsid mariadbd --defaults-file="$state/my.cnf" </dev/null >>"$state/log/database.log" 2>&1 &
  wait_for 30 sql -e 'SELECT 1' || fail "the database does not answer, see $state/log/database.log"
  sql -e "CREATE DATABASE IF NOT EXISTS blog CHARACTER SET utf8mb4;
          CREATE USER IF NOT EXISTS blog@localhost IDENTIFIED BY 'blog';
          GRANT ALL ON blog.* TO blog@localhost;"
}

lay_out_site() {
  [ -f "$site/wp-config.php" ] && return
  rm -rf "$site"
  # Debian links parts of the tree to folders that only its own set-up fills; what dangles is not needed.
  cp -RL /usr/share/wordpress "$site" 2>/dev/null || true
  [ -f "$site/wp-load.php" ] || fail "Debian's package wordpress is not installed"
  rm -f "$site/wp-config.php" "$site/.htaccess"
  mkdir -p "$site/wp-content/uploads" "$site/wp-content/themes/leaf"
  # Debian's package comes without a theme.
  printf '/*\nTheme Name: Leaf\n*/\n' >"$site/wp-content/themes/leaf/style.css"
  cat >"$site/wp-content/themes/leaf/index.php" <<'PHP'
<!doctype html>
<html <?php language_attributes(); ?>>
<head><meta charset="utf-8"><?php wp_head(); ?></head>
<body><main>
<?php while (have_posts()): the_post(); ?>
<article id="post-<?php the_ID(); ?>">
  <h2><a href="<?php the_permalink(); ?>"><?php the_title(); ?></a></h2>
  <?php the_post_thumbnail('medium'); the_content(); the_tags(); if (is_singular()) comments_template(); ?>
</article>
<?php endwhile; ?>
</main><?php wp_footer(); ?></body>
</html>
PHP
  cat >"$site/wp-config.php" <<PHP
<?php
define('DB_NAME', 'blog');
define('DB_USER', 'blog');
define('DB_PASSWORD', 'blog');
define('DB_HOST', 'localhost:$socket');
define('DB_CHARSET', 'utf8mb4');
\$table_prefix = 'wp_';
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as \$what) {
    define(\$what . '_KEY', hash('sha256', "\$what key $state"));
    define(\$what . '_SALT', hash('sha256', "\$what salt $state"));
}
// The address is whatever the caller used, so the port may change between two starts.
\$host = \$_SERVER['HTTP_HOST'] ?? '127.0.0.1';
\$host = preg_match('/^[A-Za-z0-9.:-]+\$/', \$host) ? \$host : '127.0.0.1';
define('WP_HOME', "http://\$host");
define('WP_SITEURL', WP_HOME);
// Application passwords over plain http are allowed in this environment only.
define('WP_ENVIRONMENT_TYPE', 'local');
// No look-ups in the outside world, no background work between two requests.
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost');
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISABLE_WP_CRON', true);
define('FS_METHOD', 'direct');
define('WP_DEBUG', true);
define('WP_DEBUG_DISPLAY', false);
define('WP_DEBUG_LOG', '$state/log/wordpress.log');
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
PHP
}

install_site() {
  [ -s "$state/accounts" ] && return
  cat >"$state/install.php" <<'PHP'
<?php
// Sets the blog up and writes one application password a role into the file named last.
[, $site, $port, $accounts] = $argv;
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = "127.0.0.1:$port";
$_SERVER['REQUEST_METHOD'] = 'GET';
function wp_new_blog_notification() {} // or it would try to send mail
require "$site/wp-load.php";
require ABSPATH . 'wp-admin/includes/upgrade.php';
if (!is_blog_installed()) {
    wp_install('Our gathering', 'organizer', 'organizer@example.org', true, '', wp_generate_password());
}
update_option('permalink_structure', '/%year%/%monthnum%/%postname%/');
update_option('timezone_string', 'UTC');
update_option('comment_moderation', 0);
update_option('comment_previously_approved', 0);
switch_theme('leaf');
flush_rewrite_rules(false);
wp_delete_post(1, true); // the sample post, so that the blog starts empty
$lines = '';
foreach (['administrator' => 'organizer', 'editor' => 'editor', 'author' => 'author', 'subscriber' => 'reader'] as $role => $name) {
    $id = username_exists($name) ?: wp_insert_user([
        'user_login' => $name, 'user_pass' => wp_generate_password(), 'user_email' => "$name@example.org", 'role' => $role,
    ]);
    [$password] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'tests']);
    $key = 'WP_' . strtoupper($role);
    $lines .= "{$key}_USER=$name\n{$key}_APP_PASSWORD=$password\n";
}
file_put_contents($accounts, $lines);
PHP
  php "$state/install.php" "$site" "$port" "$state/accounts" >"$state/log/install.log" 2>&1 || true
  [ -s "$state/accounts" ] || fail "WordPress could not be set up, see $state/log/install.log"
}

write_web_config() {
  local modules=/usr/lib/apache2/modules php account=""
  php=$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
  [ -f "$modules/libphp$php.so" ] || fail "Apache has no PHP $php module"
  if [ "$(id -u)" = 0 ]; then
    # Apache started by root refuses to work as root.
    account=$'User www-data\nGroup www-data'
    chmod 711 "$state"
    chown -R www-data: "$site/wp-content" "$state/tmp" "$state/log"
  fi
  {
    for module in mpm_prefork authz_core dir mime rewrite reqtimeout; do
      echo "LoadModule ${module}_module $modules/mod_$module.so"
    done
    cat <<CONF
LoadModule php_module $modules/libphp$php.so
$account
ServerRoot $state
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $web_pid
DefaultRuntimeDir $state/tmp
Mutex file:$state/tmp default
ErrorLog $state/log/apache.log
TypesConfig /etc/mime.types
StartServers 2
MinSpareServers 1
MaxSpareServers 4
MaxRequestWorkers 8
DocumentRoot $site
DirectoryIndex index.php
<FilesMatch "\.php\$">
  SetHandler application/x-httpd-php
</FilesMatch>
<Directory $site>
  Require all granted
  FallbackResource /index.php
</Directory>
php_admin_value upload_max_filesize ${UPLOAD_MAX:-64M}
php_admin_value post_max_size ${POST_MAX:-72M}
php_admin_value memory_limit ${MEMORY:-128M}
php_admin_value upload_tmp_dir $state/tmp
php_admin_value sys_temp_dir $state/tmp
php_admin_value sendmail_path /bin/true
CONF
  } >"$state/apache.conf"
}

answers() { curl -fsS -o /dev/null --max-time 10 "http://127.0.0.1:$port/wp-json/"; }

start_web() {
  local before=""
  [ -f "$state/apache.conf" ] && before=$(cat "$state/apache.conf")
  write_web_config
  if running "$web_pid"; then
    [ "$before" = "$(cat "$state/apache.conf")" ] && return
    end_process "$web_pid" TERM
  fi
  apache2 -f "$state/apache.conf" -k start
  wait_for 30 answers || fail "WordPress does not answer, see $state/log"
}

case $action in
start)
  mkdir -p "$state/log" "$state/tmp"
  start_database
  lay_out_site
  install_site
  start_web
  echo "WP_URL=http://127.0.0.1:$port"
  cat "$state/accounts"
  ;;
stop)
  end_process "$web_pid" TERM
  end_process "$db_pid" TERM
  ;;
kill) end_process "$web_pid" KILL ;;
status) running "$web_pid" && running "$db_pid" ;;
*) fail "start, stop, kill or status, not $action" ;;
esac
