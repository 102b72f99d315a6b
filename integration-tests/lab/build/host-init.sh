#!/bin/busybox sh
# First process of a lab host. Its root is a read-only folder of the outer machine (9p) under a layer
# of memory, so every boot starts from the same state; the folder `config` is laid over it.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod "$module"; done

mkdir -p /mnt/lower /mnt/memory /mnt/config /mnt/root
share() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"; }
share root /mnt/lower ro,cache=loose || exec sh
mount -t tmpfs -o mode=755 memory /mnt/memory
mkdir /mnt/memory/upper /mnt/memory/work
mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/memory/upper,workdir=/mnt/memory/work overlay /mnt/root || exec sh
share config /mnt/config ro && cp -a /mnt/config/. /mnt/root/ && umount /mnt/config

mount --move /proc /mnt/root/proc
mount --move /sys /mnt/root/sys
mount --move /dev /mnt/root/dev
exec switch_root /mnt/root /sbin/init </dev/console >/dev/console 2>&1
