import {
  type BmcNicFunction,
  BmcTrust,
  BootRestoreState,
  type Inventory,
  PowerState,
} from "@switchyard/client";
import type { Style } from "../output/style.ts";
import { formatFields } from "../output/table.ts";
import { enumWord, formatTimestamp } from "../output/values.ts";

type Field = readonly [string, string | undefined];

/** Below the NICs: kernel, BMC with BIOS, firmware configuration that waits, and the last boot. */
export function setupSections(inventory: Inventory, style: Style): readonly string[] {
  const sections: readonly (readonly [string, readonly Field[]])[] = [
    ["Kernel", kernelFields(inventory)],
    ["BMC and BIOS", bmcFields(inventory)],
    ["Firmware configuration that waits for a reset", waitingConfig(inventory)],
    ["After the boot", restoreFields(inventory)],
  ];
  return sections.flatMap(([title, fields]) => {
    const said = fields.filter(([, value]) => value !== undefined && value !== "");
    return said.length === 0 ? [] : [`\n${style.bold(title)}\n${formatFields(said)}`];
  });
}

const words = (pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");

function kernelFields({ system, kernelRelease }: Inventory): readonly Field[] {
  if (system === undefined) return [];
  const { kernels, newestKernel, iommu } = system;
  const next = system.bootEntries.find(({ isDefault }) => isDefault)?.kernelRelease ?? "";
  return [
    ["arguments", system.kernelArguments.join(" ")],
    ["kernels", kernels.map(({ release }) => release).join(", ")],
    ["next boot", next === kernelRelease ? "" : next],
    ["on offer", newestKernel === kernelRelease ? "" : newestKernel],
    ["modules at boot", system.modulesAtBoot.join(", ")],
    ["repositories", system.repositories.join(", ")],
    [
      "iommu",
      iommu && (iommu.isAdvertised ? iommu.units.join(", ") || "not in use" : "off in BIOS"),
    ],
  ];
}

function bmcFields({ bmc }: Inventory): readonly Field[] {
  if (bmc === undefined) return [];
  const { facts } = bmc;
  const address = `${bmc.address}, told by ${enumWord(BmcTrust, bmc.trust)}`;
  if (facts === undefined) return [["address", `${address}; it does not answer`]];
  return [
    ["address", address],
    ["model", facts.model],
    ["BIOS", facts.biosVersion],
    ["power", enumWord(PowerState, facts.powerState)],
    ["settings", words(facts.biosAttributes)],
    ["pending", words(facts.pendingAttributes)],
    ["NIC virtualization", nicModes(facts.nicFunctions)],
    ["jobs", facts.jobs.map(({ id, state, title }) => `${id} ${state}: ${title}`).join("; ")],
  ];
}

const nicModes = (functions: readonly BmcNicFunction[]): string =>
  functions
    .map(({ id, virtualizationMode: mode, pendingMode }) =>
      pendingMode === "" ? `${id} ${mode}` : `${id} ${mode} (${pendingMode} at the next boot)`,
    )
    .join(", ");

/** Parameters that are due, by port; the rest is in `-o json` and `swy firmware list`. */
const waitingConfig = ({ nics }: Inventory): readonly Field[] =>
  nics
    .flatMap(({ firmwareConfig }) => firmwareConfig?.pfs ?? [])
    .map(({ pciAddress, parameters }): Field => {
      const due = parameters.filter(
        ({ currentValue, nextBootValue }) => currentValue !== "" && currentValue !== nextBootValue,
      );
      const said = due.map((each) => `${each.name} ${each.currentValue} → ${each.nextBootValue}`);
      return [pciAddress, said.join(", ")];
    });

function restoreFields({ restore }: Inventory): readonly Field[] {
  if (restore === undefined) return [];
  const { state, reportTime, changedSteps, finding } = restore;
  return [
    ["datapath", `${enumWord(BootRestoreState, state)}, ${formatTimestamp(reportTime)}`],
    ["made again", changedSteps.join("; ")],
    ["found", finding && `${finding.message}: ${finding.found} [${finding.reason}]`],
  ];
}
