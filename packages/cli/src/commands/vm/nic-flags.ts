import { resourceName } from "../../input/names.ts";
import { parseInteger } from "../../input/pairs.ts";
import { UsageError } from "../../usage-error.ts";

const FORM = "network=NETWORK[,kind=vdpa|sriov][,queues=N][,mac=MAC][,address=ADDRESS]";

type Fields = Record<string, unknown>;

const KINDS: Readonly<Record<string, string>> = {
  vdpa: "NIC_KIND_VDPA",
  sriov: "NIC_KIND_SRIOV",
};

function readKind(value: string): Fields {
  const kind = KINDS[value];
  if (kind === undefined) throw new UsageError(`"${value}" is no kind of NIC: vdpa or sriov`);
  return { kind };
}

const READERS: Readonly<Record<string, (value: string) => Fields>> = {
  network: (value) => ({ network: resourceName("networks", value) }),
  kind: readKind,
  queues: (value) => ({ queuePairs: parseInteger(value) }),
  mac: (mac) => ({ mac }),
  address: (address) => ({ address }),
};

function readPart(part: string, text: string): Fields {
  const at = part.indexOf("=");
  const [key, value] = [part.slice(0, at), part.slice(at + 1)];
  const reader = READERS[key];
  if (at < 1 || reader === undefined) {
    throw new UsageError(`"${text}" is no NIC; write it as ${FORM}`);
  }
  return reader(value);
}

/** One `--nic`; a vDPA NIC unless told. @throws UsageError */
export function parseNic(text: string): Fields {
  const parts = text.split(",").map((part) => readPart(part, text));
  const nic = Object.assign({ kind: KINDS["vdpa"] }, ...parts) as Fields;
  if (nic["network"] === undefined) throw new UsageError(`"${text}" names no network`);
  return nic;
}
