import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BmcTrust, BootRestoreState, Host, PowerState } from "@switchyard/client";
import { createStyle } from "../output/style.ts";
import { setupSections } from "./host-setup.ts";

const style = createStyle({ isColored: false, isUnicode: false });

const show = ({ inventory }: Host): string =>
  inventory === undefined ? "" : setupSections(inventory, style).join("");

describe("what a host shows of its set-up", () => {
  it("has the kernel, and the one that the next boot takes", () => {
    const text = show(
      Host.fromPartial({
        inventory: {
          kernelRelease: "5.14.0-427.el9",
          system: {
            kernelArguments: ["intel_iommu=on", "iommu=pt"],
            kernels: [{ release: "5.14.0-427.el9" }, { release: "5.14.0-503.el9" }],
            bootEntries: [{ kernelRelease: "5.14.0-503.el9", isDefault: true }],
            iommu: { isAdvertised: false },
          },
        },
      }),
    );
    assert.match(text, /arguments +intel_iommu=on iommu=pt/);
    assert.match(text, /next boot +5\.14\.0-503\.el9/);
    assert.match(text, /iommu +off in BIOS/);
  });

  it("has the BMC with BIOS settings, in force and pending", () => {
    const text = show(
      Host.fromPartial({
        inventory: {
          bmc: {
            address: "https://10.21.0.11",
            trust: BmcTrust.PUBLIC_KEY,
            facts: {
              biosVersion: "2.21.2",
              powerState: PowerState.ON,
              biosAttributes: { SriovGlobalEnable: "Disabled", ProcVirtualization: "Enabled" },
              pendingAttributes: { SriovGlobalEnable: "Enabled" },
              jobs: [{ id: "JID_1", state: "Scheduled", title: "ConfigBIOS:BIOS.Setup.1-1" }],
            },
          },
        },
      }),
    );
    assert.match(text, /settings +ProcVirtualization=Enabled, SriovGlobalEnable=Disabled/);
    assert.match(text, /pending +SriovGlobalEnable=Enabled/);
    assert.match(text, /jobs +JID_1 Scheduled: ConfigBIOS/);
  });

  it("has what of a card's configuration is due, and what the host made again after its boot", () => {
    const parameters = [
      { name: "NUM_OF_VFS", currentValue: "8", nextBootValue: "16" },
      { name: "SRIOV_EN", currentValue: "True(1)", nextBootValue: "True(1)" },
    ];
    const text = show(
      Host.fromPartial({
        inventory: {
          nics: [{ firmwareConfig: { pfs: [{ pciAddress: "0000:82:00.0", parameters }] } }],
          restore: { state: BootRestoreState.RESTORED, changedSteps: ["Create 2 VFs"] },
        },
      }),
    );
    assert.match(text, /0000:82:00\.0 +NUM_OF_VFS 8 → 16\n/);
    assert.match(text, /made again +Create 2 VFs/);
  });

  it("is silent of what nobody looked at", () => {
    assert.equal(show(Host.fromPartial({ inventory: {} })), "");
  });
});
