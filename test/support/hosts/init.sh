#!/bin/sh
# The first process of a host that a test makes: in mount, pid, uts, net and cgroup namespaces of its own. Arguments: the host's name, its
# folder, the cluster's root, its address with the prefix, the gateway, sshd's configuration, and any more routes. Says "here", and goes on once its link is
# there, which it is told by a line on its standard input. Ends with all of the host.
set -e
name=$1 folder=$2 root=$3 address=$4 gateway=$5 sshd=$6
shift 6

hierarchies=$(sed -n 's|^[^ ]* [^ ]* [^ ]* [^ ]* \(/sys/fs/cgroup[^ ]*\) [^-]*- \(cgroup2\{0,1\}\) [^ ]* [^,]*,\{0,1\}\(.*\)$|\1 \2 \3|p' /proc/self/mountinfo)
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
# Of its own network, which /sys/class/net tells of; and below it its own part of each cgroup hierarchy.
umount -R -l /sys
mount -t sysfs sysfs /sys
case $hierarchies in
  '/sys/fs/cgroup cgroup2'*) ;;
  *) mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup ;;
esac
printf '%s\n' "$hierarchies" | while read -r path type options; do
  mkdir -p "$path"
  case $type in
    cgroup2) mount -t cgroup2 cgroup2 "$path" ;;
    *) mount -t cgroup -o "$options" cgroup "$path" ;;
  esac
done
# The folder above the root: a root may be removed and made again, on each machine for itself.
mkdir -p "$folder/disk"
mount --bind "$folder/disk" "${root%/*}"
mkdir -p "$root"
mount --bind "$folder/boot_id" /proc/sys/kernel/random/boot_id
# What a machine's DNS server writes to, by its path on all machines.
[ ! -d /var/cache/bind ] || mount -t tmpfs -o mode=775,gid=bind tmpfs /var/cache/bind
hostname "$name"
# As a machine that was never used for containers.
sysctl -q -w net.ipv4.ip_forward=0 net.bridge.bridge-nf-call-iptables=0

echo here
read -r _
ip link set lo up
# Its address of IPv6 is there at once: nobody else has it.
sysctl -q -w net.ipv6.conf.eth0.accept_dad=0
ip link set eth0 up
ip address add "$address" dev eth0
ip route add default via "$gateway"
for route; do ip route add $route; done

/usr/sbin/sshd -D -E "$folder/sshd.log" -f "$sshd" &
sshd=$!
# With the test that made it, however that ends.
trap 'exit 0' TERM
exec 3<&0
(cat <&3 >/dev/null; kill -TERM 1) &
# Up is what answers: until sshd listens (port 22 is 16 in hexadecimal) connections are refused.
until grep -q ':0016 00000000:0000 0A' /proc/net/tcp; do
  kill -0 "$sshd"
  sleep 0.02
done
echo up
# Whatever loses its parent becomes this process's child, and is cleared by its waiting.
while kill -0 "$sshd" 2>/dev/null; do wait "$sshd" || true; done
