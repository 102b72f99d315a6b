import { ONBOARD_PORTS } from "../machine/boot.ts";
import { allVfs, type Machine } from "../machine/machine.ts";
import { netdevsOf } from "../machine/netdev.ts";
import { type Ended, type Invoked, printed } from "./program.ts";

/* What the hardware is, in the words of lspci(8) and lshw(1). */

/** One function on the PCI bus, in the words of lspci. */
interface PciRow {
  readonly address: string;
  readonly className: string;
  readonly vendor: string;
  readonly device: string;
  readonly ids: string;
  readonly driver: string | undefined;
}

const X710 = "Ethernet Controller X710 for 10GbE SFP+";
const VF_MODEL = "ConnectX Family mlx5Gen Virtual Function";
const ETHERNET = "Ethernet controller";

function pciRows(machine: Machine): readonly PciRow[] {
  const onboard = ONBOARD_PORTS.map(({ pciAddress }) => ({
    address: pciAddress,
    className: ETHERNET,
    vendor: "Intel Corporation",
    device: X710,
    ids: "8086:1572",
    driver: "i40e",
  }));
  const mellanox = { className: ETHERNET, vendor: "Mellanox Technologies" };
  const pfs = machine.boot.pfs.map(({ pciAddress }) => ({
    ...mellanox,
    address: pciAddress,
    device: machine.spec.card.model,
    ids: "15b3:101d",
    driver: "mlx5_core",
  }));
  const vfs = allVfs(machine).map(({ pciAddress, driver }) => ({
    ...mellanox,
    address: pciAddress,
    device: VF_MODEL,
    ids: "15b3:101e",
    driver,
  }));
  return [...onboard, ...pfs, ...vfs];
}

const isMatch = (address: string, pattern: string): boolean => {
  const wanted = pattern.split(":").length === 3 ? pattern : `0000:${pattern}`;
  return new RegExp(`^${wanted.replaceAll(".", "\\.").replaceAll("*", ".*")}`).test(address);
};

/** lspci(8): `-D`, `-nn`, `-k`, `-s ADDRESS`, `-d VENDOR:`. */
export function lspci({ machine, args }: Invoked): Ended {
  const flags = args.filter((arg) => arg.startsWith("-") && !/^-[sd]/.test(arg)).join("");
  const optionValue = (name: string) => {
    const at = args.findIndex((arg) => arg.startsWith(name));
    const word = args[at];
    return at === -1 || word === undefined ? undefined : word.slice(2) || args[at + 1];
  };
  const slot = optionValue("-s");
  const [vendor] = (optionValue("-d") ?? "").split(":");
  const rows = pciRows(machine)
    .filter(({ address }) => slot === undefined || isMatch(address, slot))
    .filter(({ ids }) => !vendor || ids.startsWith(vendor));
  const lines = rows.map((row) => {
    const address = flags.includes("D") ? row.address : row.address.slice("0000:".length);
    const hasIds = flags.includes("nn");
    const name = `${row.vendor} ${row.device}${hasIds ? ` [${row.ids}]` : ""}`;
    const first = `${address} ${row.className}${hasIds ? " [0200]" : ""}: ${name}\n`;
    const driver = row.driver === undefined ? "" : `\tKernel driver in use: ${row.driver}\n`;
    return flags.includes("k") ? `${first}${driver}` : first;
  });
  return printed(lines.join(""));
}

/** `lshw -businfo -c network`, the table of the seed procedure. */
export function lshw({ machine }: Invoked): Ended {
  const models = new Map(pciRows(machine).map(({ address, device }) => [String(address), device]));
  const order = ["port", "uplink", "vf", "representor"] as const;
  const rows = order.flatMap((kind) =>
    netdevsOf(machine, kind).map((netdev) => {
      const address = netdev.pciAddress ?? "";
      const bus = `pci@${address}`.padEnd(18);
      return `${bus}${netdev.name.padEnd(15)}network        ${models.get(address) ?? ""}\n`;
    }),
  );
  const header = `${"Bus info".padEnd(18)}${"Device".padEnd(15)}${"Class".padEnd(15)}Description\n`;
  return printed(`${header}${"=".repeat(59)}\n${rows.join("")}`);
}
