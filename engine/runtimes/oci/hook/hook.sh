#!/bin/sh
# What happens to a container on its node, with no engine asked: its start, its end, and its restarts.
# The only shell in the engine. POSIX sh; the tests run it with dash. Its input is the rule file of one container, plain
# key=value lines which are assigned and never evaluated (docs/decisions/001-rule-file.md).
#
#   hook.sh start RULE ATTEMPT COUNT   by the engine: the first attempt, and those that this script could not make
#   hook.sh exited RULE ATTEMPT        by conmon, once, when the container has ended or could not be created
#   hook.sh disarm POD RUN             by the engine: from here on nothing is started in this pod
#   hook.sh release RUN RULE...        by the engine: kills and unmounts what is left of these containers
#   hook.sh attach RUN PLUGIN PIN...   by the engine: makes namespaces, pins them, and gives them an address
#   hook.sh attach-users RUN PLUGIN FIRST COUNT PIN...   the same with users of the pod's own, COUNT from FIRST on the node
#   hook.sh detach RUN PLUGIN MOUNT... by the engine: gives the address back and unmounts
#   hook.sh told EVENTS POD            by the engine: something about this pod has changed, look at it
#   hook.sh freeze POD RUN             by the engine: on record first, then what runs in the pod stands still
#   hook.sh thaw POD RUN               by the engine: it goes on; what ended meanwhile the engine restarts
#   hook.sh --CONMONS-OWN...           by podman, which takes this script for its conmon
#   hook.sh left AT EXIT OOM PODMAN... by podman's conmon, once: the container has ended whose attempts are kept in AT
#
# A CNI plugin has its configuration from this script's stdin, and its answer is this script's; '' is none.
#
# All of it happens under the pod's lock, so that nothing is started, ended or removed twice. A start that failed because
# of the container (no such program, a mount that cannot be made) is an end like any other: recorded, and tried again
# after the back-off. Times are the files' own, durations come from /proc/uptime, which no change of the clock disturbs.

set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
self=$0

# The keys that came later are empty in rules of an engine that did not know them.
read_rule() {
  restart_on= stay_on= deadline= stdin= terminal= owner= lxcfs= shared_cpus= cpu_file= cpu_limit=
  while IFS= read -r line; do
    value=${line#*=}
    case ${line%%=*} in
      version) version=$value ;;
      runtime) runtime=$value ;;
      state) state=$value ;;
      conmon) conmon=$value ;;
      id) id=$value ;;
      uid) uid=$value ;;
      name) name=$value ;;
      pod) pod=$value ;;
      run) run=$value ;;
      events) events=$value ;;
      layers) layers=$value ;;
      lower) lower=$value ;;
      policy) policy=$value ;;
      delays) delays=$value ;;
      reset) reset=$value ;;
      restart_on) restart_on=$value ;;
      stay_on) stay_on=$value ;;
      deadline) deadline=$value ;;
      message) message=$value ;;
      log_bytes) log_bytes=$value ;;
      oom_file) oom_file=$value ;;
      monitors) monitors=$value ;;
      stdin) stdin=$value ;;
      terminal) terminal=$value ;;
      owner) owner=$value ;;
      lxcfs) lxcfs=$value ;;
      shared_cpus) shared_cpus=$value ;;
      cpu_file) cpu_file=$value ;;
      cpu_limit) cpu_limit=$value ;;
    esac
  done <"$1" || exit 1
  [ "$version" = 1 ] || fail "rule file $1 has version $version, which this script does not know"
  rule=$1
  dir=$pod/containers/$name
  bundle=$run/containers/$name
}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

# Descriptor 9 holds the lock. Whatever outlives this script must not inherit it.
lock() {
  exec 9>>"$run/lock" && flock 9 || fail "locking $run/lock"
}

unlock() {
  exec 9>&-
}

tell() {
  printf '%s %s %s %s\n' "$uid" "$name" "$1" "$2" >>"$events"
}

uptime_seconds() {
  read -r uptime _ </proc/uptime
  uptime=${uptime%%.*}
}

# Tells one process from a later one with the same number. The name in the middle may hold anything but its last ')'.
start_ticks() {
  ticks=
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- ${stat##*) }
  ticks=${20}
}

# --- start ---------------------------------------------------------------------------------------------------------

# start ATTEMPT COUNT: done twice it is done once. 0 also when the container could not be started, that is on record, and
# conmon calls `exited` for it. 1: nothing is on record, and nobody will be called; $bundle/failure says why.
start() {
  at=$dir/$1
  # An empty one is of a start that was cut off while it wrote.
  if [ -s "$at/started" ] || [ -s "$at/exited" ]; then return 0; fi
  release
  drop_old "$1"
  for file in failure pid monitor; do : >"$bundle/$file"; done
  [ -d "$at/work" ] || mkdir -p "$at/upper" "$at/work" 2>"$bundle/failure" || return 1
  printf '%s\n' "$2" >"$at/count"
  : >"$dir/termination-log"
  for group in $monitors; do printf 0 >"$group"; done
  mount_root || return 1
  create "$1" && run_created && record_started && return 0
  [ -s "$bundle/failure" ] || { printf '%s\n' "$conmon ended without a word" >"$bundle/failure"; return 1; }
  record_failed
  recorded=$?
  # Also ends a process whose start could not be finished.
  release
  return $recorded
}

mount_root() {
  # The root of a container with users of its own: its new files have to be theirs.
  [ -z "$owner" ] || chown "$owner:$owner" "$at/upper" "$at/work" 2>"$bundle/failure" || return 1
  printf mounted >"$bundle/mounted"
  cd "$layers" || return 1
  mount -t overlay -o "lowerdir=$lower,upperdir=$at/upper,workdir=$at/work" overlay "$bundle/rootfs" 2>"$bundle/failure"
  mounted=$?
  cd /
  return $mounted
}

# With lxcfs gone, what it told is told by the kernel: a mount of it would keep the container from starting.
choose_config() {
  [ -n "$lxcfs" ] || return 0
  config=plain.json
  { read -r _ <"$lxcfs/proc/meminfo"; } 2>/dev/null && config=lxcfs.json
  ln -sf "$config" "$bundle/config.json"
}

# conmon writes one line when the runtime's `create` has ended: the process's number, or the runtime's message.
create() {
  choose_config
  leave_open=
  [ "$stdin" != open ] || leave_open=--leave-stdin-open
  report=$(
    {
      _OCI_SYNCPIPE=3 "$conmon" --full-attach --cid "$id" --cuuid "$id" --name "$id" --runtime "$runtime" \
        --runtime-arg --root="$state" --bundle "$bundle" --persist-dir "$at" --log-path "k8s-file:$at/log" \
        --log-size-max "$log_bytes" ${stdin:+--stdin} ${terminal:+--terminal} $leave_open --container-pidfile "$bundle/pid" --conmon-pidfile "$bundle/monitor" \
        --exit-command /bin/sh --exit-command-arg "$self" --exit-command-arg exited --exit-command-arg "$rule" \
        --exit-command-arg "$1" 3>&1 >/dev/null 2>"$bundle/failure" </dev/null 9>&-
    } | {
      IFS= read -r line
      printf '%s' "$line"
    }
  )
  pid=
  read -r pid <"$bundle/pid"
  case $report in *'"pid": -'*) pid= ;; esac
  [ -n "$pid" ] && return 0
  [ -z "$report" ] || printf '%s\n' "$report" >"$bundle/failure"
  return 1
}

run_created() {
  start_ticks "$pid"
  [ ! -s "$shared_cpus" ] || leave_cpus || return 1
  [ -z "$cpu_file" ] || limit_cpu || return 1
  "$runtime" --root "$state" start "$id" 2>"$bundle/failure" 9>&-
}

# Not earlier: the runtime makes the container in its own group, and would be stopped for most of each tenth of a second.
limit_cpu() {
  { printf '%s\n' "$cpu_limit" >"$cpu_file"; } 2>"$bundle/failure"
}

# Some cpus are others' alone: this container has the rest. The engine writes first and then tells all containers that it
# finds, so that who reads the same again after its own change has not missed the last word.
leave_cpus() {
  left=
  while { read -r cpus <"$shared_cpus" || read -r cpus </sys/devices/system/cpu/online; } && [ "$cpus" != "$left" ]; do
    "$runtime" --root "$state" update --cpuset-cpus "$cpus" "$id" >/dev/null 2>"$bundle/failure" 9>&- || return 1
    left=$cpus
  done
}

# The last line tells that the file is whole.
record_started() {
  monitor=
  read -r monitor <"$bundle/monitor"
  pid_ticks=$ticks
  start_ticks "$monitor" || ticks=0
  read -r boot </proc/sys/kernel/random/boot_id
  uptime_seconds
  printf 'pid=%s\nticks=%s\nmonitor=%s\nmonitorTicks=%s\nboot=%s\nuptime=%s\nend=1\n' \
    "$pid" "$pid_ticks" "$monitor" "$ticks" "$boot" "$uptime" >"$at/started" && return 0
  printf 'writing %s failed: is the disk full?\n' "$at/started" >"$bundle/failure"
  return 1
}

record_failed() {
  cat "$bundle/failure" >"$at/failure"
  write_exited 128 0 1
}

# Of attempts before the last but one nothing is kept; of the last one, its log.
drop_old() {
  for old in "$dir"/[0-9]*; do
    number=${old##*/}
    case $number in *[!0-9]*) continue ;; esac
    if [ "$number" -lt $(($1 - 1)) ]; then rm -rf "$old"; fi
  done
}

# --- end -----------------------------------------------------------------------------------------------------------

exited() {
  at=$dir/$1
  # Removed meanwhile; or a monitor that outlived the start it belonged to, which has been done again.
  [ -d "$at" ] || return 0
  monitor=
  read -r monitor <"$bundle/monitor"
  [ "$monitor" = "$PPID" ] || return 0
  [ -s "$at/exited" ] || record_exit
  tell "$1" exited
  [ -d "$dir/$(($1 + 1))" ] && return 0
  delete
  # Of a pod that goes, the engine unmounts and removes all at once.
  [ ! -e "$pod/disarmed" ] || return 0
  unmount_root
  restart_after "$1"
}

record_exit() {
  exit_file=$at/exit oom_mark=$at/oom
  find_exit
  keep_words "$dir/termination-log" "$at/message" "$at/last-log"
  write_exited "$code" "$oom" 0
}

# What the container wrote about its end to $1 goes to $2; where it wrote nothing and that is asked for, the end of its log to $3.
keep_words() {
  if [ -s "$1" ]; then
    head -c 4096 "$1" >"$2"
  elif [ "$message" = FallbackToLogsOnError ] && [ "$code" != 0 ]; then
    tail -n 80 "$at/log" >"$3"
  fi
}

find_exit() {
  code=
  { read -r code <"$exit_file"; } 2>/dev/null
  # conmon was ended before it could say: what the kernel would say of a killed process.
  [ -n "$code" ] || code=137
  oom=0
  [ -e "$oom_mark" ] && oom=1
  # While the cgroup is still there.
  if [ -r "$oom_file" ]; then
    while read -r key kills; do
      [ "$key" = oom_kill ] && [ "$kills" != 0 ] && oom=1
    done <"$oom_file"
  fi
}

write_exited() {
  uptime_seconds
  printf 'code=%s\noom=%s\nfailed=%s\nuptime=%s\nend=1\n' "$1" "$2" "$3" "$uptime" >"$at/exited.tmp" &&
    mv "$at/exited.tmp" "$at/exited"
}

# Gives back what the container has in the kernel.
release() {
  delete
  unmount_root
}

# Ends its processes, if any are left, too.
delete() {
  [ -e "$state/$id" ] || return 0
  [ ! -e "$pod/frozen" ] || "$runtime" --root "$state" resume "$id" 9>&- 2>/dev/null
  "$runtime" --root "$state" delete --force "$id" 9>&- 2>"$bundle/failure-delete" || fail "$(cat "$bundle/failure-delete")"
}

unmount_root() {
  [ -s "$bundle/mounted" ] || return 0
  # Without it: not mounted, or in use by someone who looks into it from the host.
  umount "$bundle/rootfs" 2>/dev/null || umount --lazy "$bundle/rootfs" 2>/dev/null
  rm -rf "$dir"/[0-9]*/upper "$dir"/[0-9]*/work
  : >"$bundle/mounted"
}

# --- restart -------------------------------------------------------------------------------------------------------

# To be asked again each time the lock has been taken.
may_restart() {
  [ -e "$rule" ] && [ -d "$bundle" ] && [ ! -e "$pod/disarmed" ] && [ ! -e "$pod/frozen" ] && [ ! -d "$dir/$(($1 + 1))" ] && in_time
}

# A pod's deadline is a time of day: the one question that uptime cannot answer.
in_time() {
  [ -z "$deadline" ] || [ "$(date +%s)" -lt "$deadline" ]
}

# The container's own rules first, told by exit codes; then the policy.
restarts_after() {
  case " $restart_on " in *" $1 "*) return 0 ;; esac
  case " $stay_on " in *" $1 "*) return 1 ;; esac
  case $policy in
    Always) return 0 ;;
    OnFailure) [ "$1" != 0 ] ;;
    *) return 1 ;;
  esac
}

restart_after() {
  may_restart "$1" || return 0
  read_end
  restarts_after "$code" || return 0
  [ $((ended - began)) -lt "$reset" ] || count=0
  choose_delay "$count"
  if [ "$delay" != 0 ]; then
    wait_out || return 0
    lock
    may_restart "$1" || return 0
    # A new engine may have written another one.
    read_rule "$rule"
  fi
  start_next $(($1 + 1)) $((count + 1))
}

start_next() {
  start "$1" "$2" || record_failed
  tell "$1" started
  [ -s "$at/started" ] || restart_unmonitored "$1"
}

# conmon calls `exited` where it ran; where it did not, what it would do is done here.
restart_unmonitored() {
  [ -s "$bundle/monitor" ] && return 0
  restart_after "$1"
}

read_end() {
  count=0 began=0 ended=0 code=0
  while IFS= read -r line; do
    case $line in
      code=*) code=${line#*=} ;;
      uptime=*) ended=${line#*=} ;;
    esac
  done <"$at/exited"
  began=$ended
  read -r count <"$at/count"
  [ -r "$at/started" ] || return 0
  while IFS= read -r line; do
    case $line in
      uptime=*) began=${line#*=} ;;
    esac
  done <"$at/started"
}

choose_delay() {
  delay=0
  left=$1
  for delay in $delays; do
    [ "$left" -gt 0 ] || break
    left=$((left - 1))
  done
}

# Waits without the lock. `disarm` ends it; whatever else ends this script ends the sleep with it.
wait_out() {
  trap 'kill "${!:-}" 2>/dev/null; exit 0' TERM
  read -r me _ </proc/self/stat
  start_ticks "$me"
  printf 'delay=%s\nwaiter=%s\nwaiterTicks=%s\nend=1\n' "$delay" "$me" "$ticks" >"$at/restart"
  tell "${at##*/}" waiting
  unlock
  setpriv --pdeathsig KILL sleep "$delay" &
  wait $!
  trap - TERM
}

disarm() {
  : >"$pod/disarmed"
  # Nothing that stands still can be asked to end.
  [ ! -e "$pod/frozen" ] || thaw
  for file in "$pod"/containers/*/[0-9]*/restart; do
    [ -r "$file" ] || continue
    waiter= expected=
    while IFS= read -r line; do
      case $line in
        waiter=*) waiter=${line#*=} ;;
        waiterTicks=*) expected=${line#*=} ;;
      esac
    done <"$file"
    [ -n "$waiter" ] && start_ticks "$waiter" && [ "$ticks" = "$expected" ] && kill -TERM "$waiter"
  done
  return 0
}

# --- freeze --------------------------------------------------------------------------------------------------------

# is STATUS: of the container whose rule was read, as the runtime tells it.
is() {
  [ -e "$state/$id" ] || return 1
  case $("$runtime" --root "$state" state "$id" 2>/dev/null 9>&-) in *'"status": "'"$1"'"'*) return 0 ;; esac
  return 1
}

freeze() {
  [ -e "$pod/frozen" ] || : >"$pod/frozen" || exit 1
  each_container running pause
}

thaw() {
  each_container paused resume
  rm -f "$pod/frozen"
}

# each_container STATUS VERB
each_container() {
  events=
  for each in "$pod"/containers/*/rule; do
    [ -r "$each" ] || continue
    read_rule "$each"
    ! is "$1" || "$runtime" --root "$state" "$2" "$id" 9>&- || exit 1
  done
  [ -z "$events" ] || tell 0 "$2"
}

# --- where podman runs the container ------------------------------------------------------------------------------------

# podman starts again what has ended as soon as its own exit command tells it of that. So that command waits out the delay.
monitor() {
  at= exits= id= state= before= ours=
  for word; do
    case $before in
      --log-path | -l) at=${word#k8s-file:} ;;
      --exit-dir) exits=$word ;;
      --cid | -c) id=$word ;;
      --bundle | -b) state=$word ;;
    esac
    before=$word
  done
  at=${at%/log}
  # Not so what somebody runs in a container beside its own process.
  [ ! -e "${at%/*}/rule" ] || ours=1
  if [ -n "$ours" ]; then write_began; fi
  before=
  for word; do
    shift
    if [ "$before" = --exit-command ] && [ -n "$ours" ]; then
      set -- "$@" /bin/sh
      for own in "$self" left "$at" "$exits/$id" "$state/oom"; do set -- "$@" --exit-command-arg "$own"; done
      set -- "$@" --exit-command-arg "$word"
    else
      set -- "$@" "$word"
    fi
    before=$word
  done
  exec conmon "$@"
}

write_began() {
  uptime_seconds
  printf 'uptime=%s\nend=1\n' "$uptime" >"$at/began"
}

left() {
  at=$1 exit_file=$2 oom_mark=$3
  shift 3
  read_rule "${at%/*}/rule"
  oom_file=${oom_file%/*}/libpod-${exit_file##*/}/${oom_file##*/}
  lock
  [ -d "$at" ] || { unlock; exec "$@"; }
  record_left
  # What the engine has stopped it starts again itself.
  if [ ! -e "$at/stopped" ] && restarts_after "$code"; then
    base=${at##*/}
    may_restart "$base" || return 0
    choose_delay "$count"
    [ "$delay" = 0 ] || wait_left
  fi
  unlock
  exec "$@"
}

wait_left() {
  wait_out
  lock
  may_restart "$base" && [ ! -e "$at/stopped" ] || exit 0
}

# podman has one container, and so one folder, for all attempts: of the last two of them it is told here how they ended.
record_left() {
  # Of the end before this one.
  rm -f "$at/restart"
  attempt=${at##*/} count=0 began=
  for part in left left-began left-message left-log; do
    rm -f "$at/$part-before"
    [ ! -e "$at/$part" ] || mv "$at/$part" "$at/$part-before"
  done
  if [ -e "$at/left-before" ]; then
    while IFS= read -r line; do
      case $line in
        attempt=*) attempt=$((${line#*=} + 1)) ;;
        count=*) count=$((${line#*=} + 1)) ;;
      esac
    done <"$at/left-before"
  fi
  uptime_seconds
  if [ -e "$at/began" ]; then
    IFS= read -r began <"$at/began"
    mv "$at/began" "$at/left-began"
  fi
  began=${began#*=}
  [ $((uptime - ${began:-$uptime})) -lt "$reset" ] || count=0
  find_exit
  keep_words "$at/message" "$at/left-message" "$at/left-log"
  [ ! -s "$at/message" ] || : >"$at/message"
  printf 'attempt=%s\ncount=%s\ncode=%s\noom=%s\nfailed=0\nend=1\n' "$attempt" "$count" "$code" "$oom" >"$at/left.tmp" &&
    mv "$at/left.tmp" "$at/left"
  tell "$attempt" exited
}

# --- the pod ---------------------------------------------------------------------------------------------------------

attach() {
  plugin=$1
  shift
  unshare "$@" ip link set lo up </dev/null || exit 1
  [ -z "$plugin" ] || exec "$plugin"
}

# The namespaces have to be made within the pod's users, and pinned by somebody outside of them: one process makes them and
# waits until its users are mapped and all is pinned.
attach_users() {
  plugin=$1 first=$2 number=$3
  shift 3
  kinds=
  for pin in "$@"; do
    kind=${pin%%=*}
    kinds="$kinds $kind"
  done
  rm -f "$run/gate"
  mkfifo "$run/gate" && exec 8<>"$run/gate" || exit 1
  maker=$(unshare $kinds /bin/sh -c 'echo $$; exec cat >/dev/null 2>&1' <"$run/gate" 8>&- 9>&- &)
  [ -n "$maker" ] || exit 1
  for map in uid_map gid_map; do printf '0 %s %s\n' "$first" "$number" >"/proc/$maker/$map" || exit 1; done
  for pin in "$@"; do
    kind=${pin%%=*}
    mount --bind "/proc/$maker/ns/${kind#--}" "${pin#*=}" || exit 1
  done
  nsenter --net="/proc/$maker/ns/net" ip link set lo up || exit 1
  exec 8>&-
  rm -f "$run/gate"
  [ -z "$plugin" ] || exec "$plugin"
}

detach() {
  plugin=$1
  shift
  [ -z "$plugin" ] || "$plugin" || exit 1
  [ $# = 0 ] || exec umount --lazy "$@"
}

# -------------------------------------------------------------------------------------------------------------------

case $1 in
  -*) monitor "$@" ;;
  left)
    shift
    left "$@"
    ;;
  start)
    read_rule "$2"
    lock
    [ ! -e "$pod/disarmed" ] || fail "the pod is being deleted"
    [ ! -e "$pod/frozen" ] || fail "the pod is frozen"
    start "$3" "$4" || fail "$(cat "$bundle/failure")"
    ;;
  exited)
    read_rule "$2"
    lock
    exited "$3"
    ;;
  disarm)
    pod=$2 run=$3
    [ ! -d "$run" ] || lock
    disarm
    ;;
  told)
    printf '%s - 0 told\n' "$3" >>"$2"
    ;;
  freeze | thaw)
    pod=$2 run=$3
    [ ! -d "$run" ] || lock
    "$1"
    ;;
  attach | attach-users | detach)
    verb=$1 run=$2
    [ "$verb" != attach-users ] || verb=attach_users
    lock
    shift 2
    "$verb" "$@"
    ;;
  release)
    run=$2
    lock
    shift 2
    for each in "$@"; do
      read_rule "$each"
      release
    done
    ;;
esac
