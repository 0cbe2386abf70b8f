#!/bin/sh
# Ends what a run started and removes what it made as soon as the run is gone, whatever ended it.
# In: RUN_ID DIRECTORY NODE, and lines on stdin until end of file: `pid N`, `forget N`. What concerns the time after the processes
# lies in DIRECTORY, where a later run finds it too: `processes` lists what is watched, `directories` what else to remove, and KEY.undo is
# given to KEY.cjs.
# A shell and not Node, because one waits beside every run: 1.7 MB instead of 43. POSIX sh only (dash, BusyBox).

# Sets `born` to the start time of process $1; fails when it is gone or only waits to be reaped (PID 1 may never do it).
# A pid alone may be given to a stranger; pid and start time together name one process for good.
birth() {
  if [ -r /proc/self/stat ]; then
    line=''
    { read -r line <"/proc/$1/stat"; } 2>/dev/null
    # After the name in brackets, which may hold anything: state, parent, group …; the start time is the 20th.
    set -- ${line##*) }
    case ${1:-Z} in Z | X) return 1 ;; esac
    born=${20:-}
  else
    case $(ps -o stat= -p "$1" 2>/dev/null) in '' | Z*) return 1 ;; esac
    born=$(ps -o lstart= -p "$1" 2>/dev/null | tr -d ' ')
  fi
  [ -n "$born" ]
}

is_alive() {
  birth "${1%%:*}" && [ "$born" = "${1#*:}" ]
}

# Written down as well: a process may write over its environment, as Redis does, and then nothing else tells a later run whose it is.
adopt() {
  birth "$1" || return
  watched="$watched $1:$born"
  { echo "$1:$born" >>"$directory/processes"; } 2>/dev/null
}

forget() {
  kept=''
  for entry in $watched; do
    [ "${entry%%:*}" = "$1" ] || kept="$kept $entry"
  done
  watched=$kept
  { echo "$watched" >"$directory/processes"; } 2>/dev/null
}

# Process $1 and its descendants: a process group is not enough, Postgres puts each backend into a session of its own.
add_tree() {
  case "$targets " in *" $1:"*) return ;; esac
  birth "$1" || return
  targets="$targets $1:$born"
  for child in $(cat "/proc/$1/task/"*/children 2>/dev/null || pgrep -P "$1" 2>/dev/null); do
    add_tree "$child"
  done
}

# Keeps the targets that live, and adds what is watched or carries the run's id in its environment.
collect() {
  alive=''
  for entry in $targets; do
    is_alive "$entry" && alive="$alive $entry"
  done
  targets=$alive
  for entry in $watched; do
    is_alive "$entry" && add_tree "${entry%%:*}"
  done
  for file in $(grep -lF "FRESHET_RUN=$run" /proc/[0-9]*/environ 2>/dev/null); do
    file=${file#/proc/}
    add_tree "${file%/environ}"
  done
  [ -n "$targets" ]
}

signal_all() {
  for entry in $targets; do
    is_alive "$entry" || continue
    kill -s "$1" -- "-${entry%%:*}" 2>/dev/null || kill -s "$1" "${entry%%:*}" 2>/dev/null
  done
}

any_alive() {
  for entry in $targets; do
    is_alive "$entry" && return 0
  done
  return 1
}

pause() {
  sleep 0.05 2>/dev/null || sleep 1
}

# Asks, waits up to 2 s, kills; then looks again, because a fork may have raced with the killing.
end_processes() {
  collect || return
  signal_all CONT
  # Postgres ends its sessions for INT and would wait for them for TERM; initdb's single process ends for TERM only.
  signal_all INT
  signal_all TERM
  turns=0
  while [ $turns -lt 40 ] && any_alive; do
    pause
    turns=$((turns + 1))
  done
  turns=0
  while [ $turns -lt 100 ] && collect; do
    signal_all KILL
    pause
    turns=$((turns + 1))
  done
}

run_undos() {
  for file in "$directory"/*.undo; do
    [ -f "$file" ] && "$node" "${file%.undo}.cjs" <"$file" >/dev/null 2>&1
  done
}

# A Postgres that was killed leaves a segment of System V shared memory; its number ends line 7 of its pid file.
remove_segments() {
  for file in "$directory"/postgres-*/postmaster.pid; do
    segment=$(sed -n '7s/.* //p' "$file" 2>/dev/null)
    [ -z "$segment" ] || ipcrm -m "$segment" 2>/dev/null
  done
}

remove_directories() {
  { cat "$directory/directories" 2>/dev/null; echo "$directory"; } | while IFS= read -r path; do
    case $path in /?*) rm -rf -- "$path" 2>/dev/null || { pause && rm -rf -- "$path" 2>/dev/null; } ;; esac
  done
}

main() {
  # A terminal's Ctrl-C or a service manager's TERM is for the run; this one ends after it.
  trap '' HUP INT TERM
  # The run's PATH may lead to directories that go before this one does.
  PATH=${PATH:-/bin}:/usr/local/bin:/usr/bin:/bin
  run=$1 directory=$2 node=$3
  watched=$(cat "$directory/processes" 2>/dev/null) targets=''
  while read -r verb rest; do
    case $verb in
      pid) adopt "$rest" ;;
      forget) forget "$rest" ;;
    esac
  done
  end_processes
  run_undos
  remove_segments
  remove_directories
}

# In one line, so that the whole file is read before the waiting begins and may change meanwhile.
main "$@"; exit 0
