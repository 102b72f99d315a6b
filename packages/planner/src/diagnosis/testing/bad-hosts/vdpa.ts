import { type HostCheckId, parseMacAddress } from "@switchyard/model";
import { slotMac } from "@switchyard/testkit/builders";
import { type BadHost, datapath, inventory, log, look, observedVm, vf } from "../changes.ts";
import { macsOf } from "../healthy-host.ts";

export const BAD_VDPA = {
  D01: ["fail", vf((each) => ({ ...each, mgmtdev: undefined }))],
  D02: ["fail", inventory((each) => ({ ...each, modules: ["mlx5_core"] }))],
  D06: ["warn", datapath({ maxVqp: 33 })],
  D08: ["warn", vf((each) => ({ ...each, vdpa: { ...each.vdpa!, maxVqs: 17 } }))],
  D09: ["fail", vf((each) => ({ ...each, vdpa: { ...each.vdpa!, vhostPath: undefined } }))],
  D10: ["fail", observedVm({ nics: [{ mac: slotMac(0), vhostPath: "/dev/vhost-vdpa-1" }] })],
  D11: ["fail", look({ vhostHolders: [{ path: "/dev/vhost-vdpa-1", pid: 99, command: "qemu" }] })],
  D12: [
    "fail",
    (facts) => ({ ...facts, macs: [...facts.macs, ...macsOf("r740-09", [slotMac(0)])] }),
  ],
  D13: ["fail", observedVm({ nics: [{ mac: slotMac(9), vhostPath: "/dev/vhost-vdpa-0" }] })],
  D14: ["fail", vf((each) => ({ ...each, adminMac: parseMacAddress("00:11:22:33:44:00") }))],
  D15: [
    "warn",
    vf((each) => ({ ...each, vdpa: { ...each.vdpa!, negotiatedFeatures: undefined } })),
  ],
  D16: ["warn", log("mlx5_vdpa mlx5_core.vnet.2: create MR failed")],
  F01: ["fail", observedVm({ nics: [{ mac: slotMac(0), vhostPath: "/dev/vhost-vdpa-7" }] })],
  "VDPA-SLOTS": ["fail", vf((each) => ({ ...each, vdpa: { ...each.vdpa!, mac: slotMac(9) } }))],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
