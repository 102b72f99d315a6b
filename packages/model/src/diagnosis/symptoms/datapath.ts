import { symptom } from "./symptom.ts";

/** Catalogue C: eswitch and VFs. D: vDPA. E: Open vSwitch and offload. */
export const DATAPATH_SYMPTOMS = {
  C01: symptom(
    /Failed setting eswitch to offloads|ESWITCH_FIRMWARE_TOO_OLD/i,
    "the firmware is older than 22.39.10.02 and refuses switchdev mode",
    { fix: "Update the firmware.", checks: ["C01", "B06"] },
  ),
  C02: symptom(
    /0x98afbb|Failed setting eswitch to offloads/i,
    "VFs existed while the mode was changed",
    { fix: "Set the VF count to 0, change the mode, make the VFs.", checks: ["C02", "C06"] },
  ),
  C03: symptom(
    /Failed setting eswitch to offloads/i,
    "a kernel bug with an uninitialised source MAC; comes and goes",
    { fix: "Try once or twice more; then a newer driver.", checks: ["C06"], confidence: "medium" },
  ),
  C04: symptom(
    /Can't change mode, E-Switch is busy|ESWITCH_BUSY/i,
    "offload rules are left on the card, or another mode change is in flight",
    { fix: "Delete the bridge or the ingress qdiscs, then try again.", checks: ["C04"] },
  ),
  C05: symptom(/SRIOV legacy not enabled/i, "the driver is older than Linux 5.8", {
    fix: "Update the driver; on the old one make VFs, unbind them, then switch.",
    checks: ["B12"],
  }),
  C06: symptom(
    /(eswitch|devlink).*Operation not supported|ESWITCH_UNSUPPORTED/i,
    "the function is no eswitch manager: a VF, or an InfiniBand port",
    { fix: "Use the PF; set LINK_TYPE to Ethernet.", checks: ["C06", "HOST-NIC"] },
  ),
  C07: symptom(/multi-PF netdev \(Socket Direct\)/i, "a Socket Direct card has no switchdev mode", {
    fix: "Use legacy mode on this card.",
  }),
  C08: symptom(
    /(after|since) (the |a )?(re-?boot|openibd restart)|VFs? (vanish|gone|disappear)/i,
    "mode, VFs and vDPA devices do not outlive a reboot or a restart of the driver",
    { fix: "Apply the profile.", checks: ["C08", "VF-COUNT", "VDPA-SLOTS", "E09"] },
  ),
  C09: symptom(
    /(representor|rep|eth\d).*(missing|not found|wrong name|renamed)/i,
    "representors' names are not stable; eth0 may be another one than yesterday",
    { fix: "Find them by phys_switch_id and phys_port_name.", checks: ["VF-READY", "E09"] },
  ),
  C10: symptom(/NO-?CARRIER|link (is )?down|no link/i, "the VF's representor or the PF is down", {
    fix: "ip link set NETDEV up",
    checks: ["C10", "LINK-CARRIER", "LINK-VF"],
  }),
  C12: symptom(
    /Kernel driver in use: (mlx5_vfio_pci|vfio-pci)|new_id/i,
    "vfio took the PF, because its id was written to new_id",
    { fix: "remove_id, unbind, clear driver_override, drivers_probe.", checks: ["C12", "F14"] },
  ),
  C13: symptom(/remove_id.*No such device/i, "there is no dynamic id to remove; harmless", {
    fix: "Ignore it.",
  }),
  C14: symptom(
    /Software managed steering is not supported when eswitch offloads enabled/i,
    "flow_steering_mode was set in switchdev mode",
    { fix: "Set it in legacy mode, then change the mode.", checks: ["C08"] },
  ),
  D01: symptom(
    /mgmtdev.*(empty|nothing|none)|no (vdpa )?management device/i,
    "mlx5_vdpa is not loaded, or the VF is not on mlx5_core, or the firmware lacks virtio queues",
    { fix: "modprobe mlx5_vdpa vhost_vdpa.", checks: ["D02", "D01", "VF-READY"] },
  ),
  D02: symptom(/Failed to connect to vdpa Netlink/i, "the vdpa module is not loaded", {
    fix: "modprobe vdpa",
    checks: ["D02", "B13"],
  }),
  D03: symptom(
    /Fail to find the specified (management|mgmt) ?dev/i,
    "the VF's address is wrong, or the VF is not there",
    { fix: "Take the handle from `vdpa mgmtdev show`.", checks: ["D01", "VF-READY"] },
  ),
  D04: symptom(/No space left on device/i, "that VF has a vDPA device already", {
    fix: "Delete the existing device first.",
    checks: ["VDPA-SLOTS"],
  }),
  D05: symptom(/vdpa.*File exists/i, "a vDPA device of that name exists", {
    fix: "Choose another name.",
    checks: ["VDPA-SLOTS"],
  }),
  D06: symptom(
    /vdpa.*(max_vqp|dev add).*Invalid argument/i,
    "max_vqp is above what the VF offers",
    {
      fix: "Lower max_vqp.",
      checks: ["D06"],
    },
  ),
  D07: symptom(
    /missing support for split virtqueues|Must provision minimum features|provisioned features .* are not supported/i,
    "the firmware lacks a feature that was asked for",
    { fix: "Update the firmware or ask for fewer features.", checks: ["C01", "D16"] },
  ),
  D09: symptom(
    /Could not open '\/dev\/vhost-vdpa-\d+': No such file|\/dev\/vhost-vdpa-\d+.*(missing|no such file)/i,
    "vhost_vdpa is not loaded, the device is bound to virtio_vdpa, or it was removed",
    {
      fix: "modprobe vhost_vdpa; else apply the profile.",
      checks: ["D09", "D02", "VDPA-SLOTS", "F01"],
    },
  ),
  D11: symptom(
    /vhost-vdpa-\d+.*(Device or resource busy|EBUSY)/i,
    "another process holds the vDPA device",
    { fix: "Stop the process that holds it.", checks: ["D11", "VM-UNKNOWN"] },
  ),
  D12: symptom(
    /(ping|network|traffic|arp).*(flap|intermittent|comes and goes|works then stops)|duplicate mac|MAC_TAKEN/i,
    "one MAC is used in two places",
    { fix: "Give one of the two another MAC.", checks: ["D12", "OVS-FDB", "WIRE-MAC", "WIRE-IP"] },
  ),
  D13: symptom(
    /vdpa hardware mac != the mac address from qemu|mac.*(mismatch|differ)/i,
    "the guest has another MAC than its vDPA device",
    { fix: "Delete the VM and create it again.", checks: ["D13"] },
  ),
  D14: symptom(/ip link set \S+ vf \d+ mac|admin mac/i, "a MAC was set on the VF through its PF", {
    fix: "Set it to zeros, then make the VFs anew.",
    checks: ["D14"],
    confidence: "medium",
  }),
  D15: symptom(/feature negotiation not complete/i, "the guest's driver has not started", {
    fix: "Wait for the guest.",
    checks: ["D15", "VM-STATE"],
  }),
  D16: symptom(
    /create MR failed|failed to setup driver|setup_virtqueues/i,
    "guest memory could not be pinned, or the firmware refused the queues",
    { fix: "Raise the memory lock limit.", checks: ["F02", "D16"], confidence: "medium" },
  ),
  E02: symptom(/Flow API|hw-offload/i, "hw-offload was set and Open vSwitch not restarted", {
    fix: "Restart Open vSwitch in a maintenance window.",
    checks: ["E02"],
  }),
  E03: symptom(
    /not_in_hw|failed to offload flow|can't offload|too many pedit actions/i,
    "the card can't match or do what the flow asks",
    { fix: "Read the reason in ovs-vswitchd's log.", checks: ["E03", "E04", "E01"] },
  ),
  E04: symptom(/not on same switch HW/i, "the flow leaves over a port that is not on this card", {
    fix: "Move the port to another bridge.",
    checks: ["E04"],
  }),
  E05: symptom(/hw-tc-offload: off/i, "offload is off on the port", {
    fix: "ethtool -K NETDEV hw-tc-offload on",
    checks: ["E05"],
  }),
  E06: symptom(
    /ingress qdisc|failed adding ingress qdisc/i,
    "NetworkManager or another tool removed the ingress qdisc",
    {
      fix: "Make the port unmanaged and add it to the bridge anew.",
      checks: ["E06"],
      confidence: "medium",
    },
  ),
  E09: symptom(
    /could not open network device \S+ \(No such device\)|ofport.*-1|OVS_PORT_BROKEN/i,
    "VFs were made anew and the port of an older representor is still recorded",
    {
      fix: "Apply the profile, which takes it out and adds the new one.",
      checks: ["E09", "VF-READY"],
    },
  ),
  E10: symptom(
    /database connection failed|cannot connect to .*ovs-vswitchd|cannot read pidfile|ovs-vsctl.*(hang|SIGALRM)|OVS_NOT_RUNNING/i,
    "Open vSwitch does not run",
    { fix: "systemctl start openvswitch", checks: ["E10"] },
  ),
  E13: symptom(
    /outage.*restart|restart.*(openvswitch|ovs).*(outage|lost|stop)/i,
    "a restart of Open vSwitch flushes all flows; seconds without traffic are normal",
    { fix: "Restart in a maintenance window only.", checks: ["E02"] },
  ),
  E14: symptom(
    /(PF|uplink).*(has an|with an) (ip|address)/i,
    "the uplink has an address of its own, or is not in the bridge",
    { fix: "Move the address to the bridge.", checks: ["E14", "LINT-ONE-BRIDGE"] },
  ),
} as const;
