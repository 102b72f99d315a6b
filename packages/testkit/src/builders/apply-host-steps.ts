import {
  type DriverInfo,
  driverDigest,
  type Inventory,
  isMlnxOfed,
  moduleVersionOf,
  QEMU_LINK,
  qemuProgram,
  type Step,
  type VirtualizationFacts,
} from "@switchyard/model";
import { reloadDriver } from "./boot-host.ts";

type HostStep = Extract<
  Step,
  {
    readonly kind:
      | "ensureDriverInstalled"
      | "ensureDriverLoaded"
      | "ensureQemuBuilt"
      | "ensureQemuLink"
      | "ensureLibvirtUser";
  }
>;

const NO_FACTS: VirtualizationFacts = {
  qemuLink: { kind: "absent" },
  qemus: [],
  libvirtVersion: undefined,
  libvirtUser: undefined,
  isLibvirtRestartDue: false,
};

/** As `applySteps`, for what is installed on the host itself. */
export function applyHostStep(inventory: Inventory, step: HostStep): Inventory {
  switch (step.kind) {
    case "ensureDriverInstalled":
      return mapDriver(
        withoutVendorsOvs(inventory, step.arguments),
        step.arguments.module,
        (info) => installed(info, step.arguments),
      );
    case "ensureDriverLoaded": {
      const { module, version } = step.arguments;
      return mapDriver(reloadDriver(inventory, module), module, (info) => ({
        ...info,
        loaded: { version },
      }));
    }
    case "ensureQemuBuilt": {
      const { version } = step.arguments.source;
      return mapFacts(inventory, (facts) => ({
        ...facts,
        qemus: [...facts.qemus, { path: qemuProgram(version), version }],
      }));
    }
    case "ensureQemuLink": {
      const { target } = step.arguments;
      return mapFacts(inventory, (facts) => linked(facts, target));
    }
    case "ensureLibvirtUser":
      return mapFacts(inventory, (facts) => ({ ...facts, libvirtUser: step.arguments }));
  }
}

/** MLNX_OFED takes the Open vSwitch that it brought along. */
function withoutVendorsOvs(
  inventory: Inventory,
  { driver }: Extract<Step, { kind: "ensureDriverInstalled" }>["arguments"],
): Inventory {
  const isRemoved =
    driver.kind === "inbox" &&
    inventory.nics.some(({ driverInfo }) => isMlnxOfed(driverInfo?.release));
  return isRemoved ? { ...inventory, ovs: undefined } : inventory;
}

function linked(facts: VirtualizationFacts, target: string): VirtualizationFacts {
  const version = facts.qemus.find(({ path }) => path === target)?.version;
  const others = facts.qemus.filter(({ path }) => path !== QEMU_LINK);
  return {
    ...facts,
    qemuLink: { kind: "link", target },
    qemus: [{ path: QEMU_LINK, version }, ...others],
  };
}

function installed(
  info: DriverInfo,
  { driver, kernelRelease }: Extract<Step, { kind: "ensureDriverInstalled" }>["arguments"],
): DriverInfo {
  const onDisk = info.onDisk.filter((each) => each.kernelRelease !== kernelRelease);
  const builds = info.builds.filter((each) => each.kernelRelease !== kernelRelease);
  const version = moduleVersionOf(driver);
  const build = {
    kernelRelease,
    state: "installed",
    digest: driverDigest(driver, kernelRelease),
    release: version ?? "inbox",
    logFolder: "",
    failure: "",
  } as const;
  return {
    ...info,
    onDisk: [...onDisk, { kernelRelease, version }],
    release: driver.kind === "mlnx-ofed" ? `MLNX_OFED_LINUX-${driver.release}` : undefined,
    builds: driver.kind === "inbox" ? builds : [...builds, build],
  };
}

const mapDriver = (
  inventory: Inventory,
  module: string,
  map: (info: DriverInfo) => DriverInfo,
): Inventory => ({
  ...inventory,
  nics: inventory.nics.map((nic) =>
    nic.driverInfo?.module === module ? { ...nic, driverInfo: map(nic.driverInfo) } : nic,
  ),
});

const mapFacts = (
  inventory: Inventory,
  map: (facts: VirtualizationFacts) => VirtualizationFacts,
): Inventory => ({ ...inventory, virtualization: map(inventory.virtualization ?? NO_FACTS) });
