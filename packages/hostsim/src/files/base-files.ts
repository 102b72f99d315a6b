/** Files every freshly installed host has; shared by all machines of a process. */
export const BASE_FILES: ReadonlyMap<string, string> = new Map([
  [
    "/etc/os-release",
    `NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
`,
  ],
  ["/etc/redhat-release", "Rocky Linux release 9.4 (Blue Onyx)\n"],
  ["/etc/openvswitch/conf.db", ""],
  ["/usr/share/openvswitch/scripts/ovs-ctl", ""],
  ["/boot/vmlinuz", ""],
  ["/boot/initramfs.img", ""],
  ["/root/downloads/rocky9-base.qcow2", ""],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map(
    (disk) => [`/root/downloads/rocky9-vhost-vdpa-${disk}.qcow2`, ""] as const,
  ),
  ["/var/lib/switchyard/images/rocky9.qcow2", ""],
  ["/var/lib/switchyard/images/rocky9-base.qcow2", ""],
]);
