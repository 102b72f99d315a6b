#!/bin/busybox sh
# First process of a VM inside the lab host: mounts, brings the loopback up, and becomes the guest
# agent, through which whoever made the VM sets its addresses and runs its checks.
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev 2>/dev/null
busybox ip link set lo up
busybox echo "switchyard guest: up at $(busybox cut -d' ' -f1 /proc/uptime) s" >/dev/console
for port in /sys/class/virtio-ports/*; do
  if [ "$(busybox cat "$port/name")" = org.qemu.guest_agent.0 ]; then agent=/dev/${port##*/}; fi
done
if [ -n "$agent" ]; then
  # In the foreground of a loop, so that this process goes on reaping what guest-exec leaves.
  while :; do
    LC_ALL=C /usr/sbin/qemu-ga -m virtio-serial -p "$agent" -t /run >/dev/console 2>&1
    busybox sleep 1
  done
fi
exec busybox sh
