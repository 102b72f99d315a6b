import { type Inventory, QEMU_OF_RHEL, type SystemFacts } from "@switchyard/model";

const KERNEL = /^kernel-core-(.+)$/;
const HEADERS = /^kernel-devel-(.+)$/;

/** What packages bring along: kernels with their boot entries, headers, QEMU and libvirt. */
export const withPackages = (inventory: Inventory, specs: readonly string[]): Inventory =>
  specs.reduce(withPackage, inventory);

function withPackage(inventory: Inventory, spec: string): Inventory {
  const kernel = KERNEL.exec(spec)?.[1];
  if (kernel !== undefined) return withKernel(inventory, kernel);
  const headers = HEADERS.exec(spec)?.[1];
  if (headers !== undefined) return withHeaders(inventory, headers);
  return withProgram(inventory, spec);
}

const mapSystem = (
  inventory: Inventory,
  map: (system: SystemFacts) => Partial<SystemFacts>,
): Inventory => {
  const { system } = inventory;
  return system === undefined ? inventory : { ...inventory, system: { ...system, ...map(system) } };
};

/** As the package's script does it: the new kernel inherits the default's arguments and is the default. */
function withKernel(inventory: Inventory, release: string): Inventory {
  const installed = mapSystem(inventory, ({ kernels = [], bootEntries = [] }) => {
    const old = bootEntries.find(({ isDefault }) => isDefault);
    const entry = {
      kernelRelease: release,
      kernelPath: `/boot/vmlinuz-${release}`,
      arguments: old?.arguments ?? [],
      isDefault: true,
    };
    const others = bootEntries.filter(({ kernelRelease }) => kernelRelease !== release);
    return {
      kernels: [
        ...kernels.filter((each) => each.release !== release),
        { release, hasHeaders: false },
      ],
      bootEntries: [entry, ...others.map((each) => ({ ...each, isDefault: false }))],
    };
  });
  return mapDrivers(installed, (info) => ({
    ...info,
    onDisk: [...info.onDisk, { kernelRelease: release, version: undefined }],
  }));
}

type DriverInfo = NonNullable<Inventory["nics"][number]["driverInfo"]>;

const mapDrivers = (inventory: Inventory, map: (info: DriverInfo) => DriverInfo): Inventory => ({
  ...inventory,
  nics: inventory.nics.map((nic) =>
    nic.driverInfo === undefined ? nic : { ...nic, driverInfo: map(nic.driverInfo) },
  ),
});

function withHeaders(inventory: Inventory, release: string): Inventory {
  const installed = mapSystem(inventory, ({ kernels = [] }) => ({
    kernels: kernels.map((each) =>
      each.release === release ? { ...each, hasHeaders: true } : each,
    ),
  }));
  return mapDrivers(installed, (info) => ({
    ...info,
    kernelsWithHeaders: [...new Set([...info.kernelsWithHeaders, release])],
  }));
}

function withProgram(inventory: Inventory, name: string): Inventory {
  const facts = inventory.virtualization;
  if (facts === undefined) return inventory;
  if (name === "qemu-kvm") {
    const qemus = [...facts.qemus, { path: QEMU_OF_RHEL, version: "8.2.0" }];
    return { ...inventory, virtualization: { ...facts, qemus } };
  }
  if (name !== "libvirt") return inventory;
  const libvirtUser = { user: undefined, group: undefined };
  return {
    ...inventory,
    virtualization: { ...facts, libvirtVersion: "10.0.0", libvirtUser },
  };
}
