#!/bin/bash
# Runs a command in a network of its own, from which a router with an MTU of 1400 behind it leads to echo services at the UDP port 7
# of 10.0.2.2 and fd02::2. All of it ends with the command. To be started in new namespaces: unshare --map-root-user
# --net --pid --fork --mount-proc.
set -e

unshare --net sleep 60 & router=$!
unshare --net sleep 60 & host=$!
own=$(readlink /proc/self/ns/net)
for process in "$router" "$host"; do
  until [[ $(readlink "/proc/$process/ns/net") != "$own" ]]; do sleep 0.01; done
done
on_router() { nsenter --target "$router" --net "$@"; }
on_host() { nsenter --target "$host" --net "$@"; }

ip link set lo up
ip link add way type veth peer name near netns "$router"
on_router ip link add far type veth peer name way netns "$host"
ip addr add 10.0.1.1/24 dev way
ip addr add fd01::1/64 dev way nodad
ip link set way up
on_router ip addr add 10.0.1.2/24 dev near
on_router ip addr add fd01::2/64 dev near nodad
on_router ip addr add 10.0.2.1/24 dev far
on_router ip addr add fd02::1/64 dev far nodad
on_router ip link set near up
on_router ip link set far up mtu 1400
on_router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
on_host ip addr add 10.0.2.2/24 dev way
on_host ip addr add fd02::2/64 dev way nodad
on_host ip link set way up mtu 1400
ip route add default via 10.0.1.2
ip -6 route add default via fd01::2
on_host ip route add default via 10.0.2.1
on_host ip -6 route add default via fd02::1

on_host socat -d -d UDP4-LISTEN:7,fork PIPE 2>/dev/null & echo4=$!
on_host socat -d -d UDP6-LISTEN:7,fork PIPE 2>/dev/null & echo6=$!
# The first neighbour solicitations may get lost, and are sent again after a second.
for address in UDP4:10.0.2.2:7 'UDP6:[fd02::2]:7'; do
  until [[ $(echo ready | socat -t 0.2 - "$address" 2>/dev/null) == *ready* ]]; do sleep 0.05; done
done

status=0
"$@" || status=$?
kill "$router" "$host" "$echo4" "$echo6"
exit "$status"
