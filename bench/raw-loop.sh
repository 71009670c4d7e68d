#!/usr/bin/env bash
# The least that can be done to have N pods: for each one a network namespace, CNI's bridge, an overlay mount,
# conmon, `runc create` and `runc start`. Nothing is recorded, watched or restarted. The engine is measured against it.
#
#   raw-loop.sh up   DIR COUNT PARALLEL LAYER RUNTIME   starts the pods raw-1 ... raw-COUNT
#   raw-loop.sh down DIR COUNT PARALLEL LAYER RUNTIME   removes them
set -eu
what=$1 dir=$2 count=$3 parallel=$4 layer=$5 runtime=$6
self=$(readlink -f "$0")
export CNI_PATH=/usr/lib/cni

conf() {
  printf '{"cniVersion":"0.4.0","name":"raw-loop","type":"bridge","bridge":"rawloop0","isGateway":true,"ipam":{"type":"host-local","subnet":"10.231.0.0/16","dataDir":"%s/ipam"}}' "$dir"
}

cni() { conf | CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 "$CNI_PATH/bridge" >/dev/null; }

up_one() {
  local id=raw-$1 pod=$dir/raw-$1
  mkdir -p "$pod/upper" "$pod/work" "$pod/rootfs" "$pod/exits"
  ip netns add "$id"
  cni ADD "$id"
  mount -t overlay overlay -o "lowerdir=$layer,upperdir=$pod/upper,workdir=$pod/work" "$pod/rootfs"
  sed -e "s|@ID@|$id|g" "$dir/config.template" > "$pod/config.json"
  conmon --full-attach --cid "$id" --name "$id" --cuuid "$id" --runtime "$runtime" --bundle "$pod" --exit-dir "$pod/exits" \
    --persist-dir "$pod" --log-path "k8s-file:$pod/log" --container-pidfile "$pod/pid" --socket-dir-path "$pod" \
    --runtime-arg --root="$dir/runtime" >/dev/null 2>&1 </dev/null
  until [ -s "$pod/pid" ]; do sleep 0.002; done
  "$runtime" --root "$dir/runtime" start "$id"
}

down_one() {
  local id=raw-$1 pod=$dir/raw-$1
  [ -e "$pod" ] || return 0
  "$runtime" --root "$dir/runtime" delete --force "$id"
  umount "$pod/rootfs" || true
  cni DEL "$id"
  ip netns del "$id" || true
  rm -rf "$pod"
}

case $what in
  up)
    mkdir -p "$dir/runtime"
    seq 1 "$count" | xargs -P "$parallel" -I{} "$self" up-one "$dir" {} 1 "$layer" "$runtime" ;;
  down)
    seq 1 "$count" | xargs -P "$parallel" -I{} "$self" down-one "$dir" {} 1 "$layer" "$runtime"
    ip link del rawloop0 2>/dev/null || true
    rmdir /sys/fs/cgroup/raw-loop /sys/fs/cgroup/*/raw-loop 2>/dev/null || true
    rm -rf "$dir" ;;
  up-one) up_one "$count" ;;
  down-one) down_one "$count" ;;
esac
