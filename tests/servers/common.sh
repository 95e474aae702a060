# What the scripts of real servers share. To be sourced with a script's own arguments, STATE [start|stop|status], and
# PORT set: gives `state`, `port`, `pid_file` and `log`, and does `stop` and `status` itself.
# shellcheck shell=bash
set -euo pipefail

mkdir -p "$1"
state=$(cd "$1" && pwd -P)
port=$PORT
pid_file=$state/pid
log=$state/log

running() { local pid; pid=$(cat "$pid_file" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
not_running() { ! running; }

wait_until() { # seconds, then a command that is asked until it succeeds
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}

answers_to() { # a command that asks the server: until it answers
  wait_until 60 "$@" || { echo "$(basename "$0"): it does not answer, see $log" >&2; exit 1; }
}

stop() {
  local pid
  if running; then
    pid=$(cat "$pid_file")
    # Workers are of the same process group, and may outlive a signal to the first one alone.
    kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || true
    wait_until 20 not_running || kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$pid_file"
}

case ${2:-start} in
  stop) stop; exit 0 ;;
  status) running; exit ;;
esac
