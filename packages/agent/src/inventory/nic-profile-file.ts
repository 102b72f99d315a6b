import {
  type FieldViolation,
  InvalidInputError,
  type MappedNicProfile,
  type MappedPf,
  type MappedVf,
  parseMacAddress,
  parsePciAddress,
  SwitchyardError,
} from "@switchyard/model";
import { parse } from "yaml";

/**
 * Reads one NIC profile file: YAML with the keys of MappedNicProfile in snake_case. All scalars are taken as
 * text, so that neither a MAC nor a serial number turns into a number.
 *
 * @throws InvalidInputError FIELD_INVALID with every violation found
 */
export function parseNicProfile(text: string, path: string): MappedNicProfile {
  const violations: FieldViolation[] = [];
  const root = createFields(parseYaml(text, path), "", violations);
  const profile: MappedNicProfile = {
    kind: "mapped",
    name: root.text("name"),
    model: root.text("model"),
    serial: root.text("serial"),
    driver: root.text("driver"),
    modules: root.texts("modules"),
    pfs: root.list("pfs", parsePf),
  };
  if (root.text("kind") !== "mapped") root.refuse("kind", "is not mapped");
  root.refuseUnknown();
  if (violations.length === 0) return profile;
  const shown = violations.map(({ field, description }) => `${field} ${description}`).join("; ");
  throw new InvalidInputError(
    "FIELD_INVALID",
    `NIC profile ${path} is not valid: ${shown}`,
    { path },
    violations,
  );
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text, { schema: "failsafe" });
  } catch (cause) {
    const description = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError("FIELD_INVALID", `${path} is no YAML: ${description}`, { path });
  }
}

function parsePf(fields: Fields): MappedPf {
  const pf: MappedPf = {
    pciAddress: fields.parsed("pci_address", parsePciAddress),
    netdev: fields.text("netdev"),
    devlinkHandle: fields.text("devlink_handle"),
    numVfsPath: fields.text("num_vfs_path"),
    totalVfs: fields.count("total_vfs"),
    vfs: fields.list("vfs", parseVf),
  };
  const isOrdered = pf.vfs.every((vf, at) => vf.index === at);
  if (!isOrdered) fields.refuse("vfs", "do not count from index 0 upwards");
  if (pf.vfs.length > pf.totalVfs) fields.refuse("vfs", "are more than total_vfs");
  return pf;
}

function parseVf(fields: Fields): MappedVf {
  return {
    index: fields.count("index"),
    pciAddress: fields.parsed("pci_address", parsePciAddress),
    driver: fields.text("driver"),
    mgmtdev: fields.text("mgmtdev"),
    representor: fields.text("representor"),
    fixedMac: fields.has("fixed_mac") ? fields.parsed("fixed_mac", parseMacAddress) : undefined,
  };
}

/** One mapping of the file; notes every violation instead of stopping at the first. */
interface Fields {
  has(key: string): boolean;
  text(key: string): string;
  count(key: string): number;
  parsed<Value>(key: string, parser: (text: string) => Value): Value;
  texts(key: string): readonly string[];
  list<Item>(key: string, parseItem: (fields: Fields) => Item): readonly Item[];
  refuse(key: string, description: string): void;
  refuseUnknown(): void;
}

function createFields(value: unknown, path: string, violations: FieldViolation[]): Fields {
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMapping) violations.push({ field: path || "(file)", description: "is no mapping" });
  const values = new Map<string, unknown>(isMapping ? Object.entries(value) : []);
  const known = new Set<string>();

  const join = (key: string) => (path === "" ? key : `${path}.${key}`);
  const refuse = (key: string, description: string) => {
    violations.push({ field: join(key), description });
  };
  const take = (key: string) => {
    known.add(key);
    return values.get(key);
  };
  const text = (key: string) => {
    const found = take(key);
    if (typeof found === "string" && found !== "") return found;
    refuse(key, "is missing");
    return "";
  };
  const items = (key: string): readonly unknown[] => {
    const found = take(key);
    if (Array.isArray(found)) return found;
    refuse(key, "is no list");
    return [];
  };

  return {
    text,
    refuse,
    has: (key) => values.has(key),
    count: (key) => {
      const found = text(key);
      if (found !== "" && !/^\d{1,4}$/.test(found)) refuse(key, "is no count");
      return Number(found);
    },
    parsed: <Value>(key: string, parser: (text: string) => Value): Value => {
      const found = text(key);
      try {
        return parser(found);
      } catch (error) {
        if (!(error instanceof SwitchyardError)) throw error;
        if (found !== "") refuse(key, `is not valid: ${error.message}`);
        // Never seen: with a violation noted, no profile is returned.
        return found as Value;
      }
    },
    texts: (key) =>
      items(key).map((item, at) => {
        if (typeof item !== "string") refuse(`${key}[${at}]`, "is no text");
        return String(item);
      }),
    list: (key, parseItem) =>
      items(key).map((item, at) => {
        const fields = createFields(item, `${join(key)}[${at}]`, violations);
        const parsed = parseItem(fields);
        fields.refuseUnknown();
        return parsed;
      }),
    refuseUnknown: () => {
      for (const key of values.keys()) if (!known.has(key)) refuse(key, "is not known");
    },
  };
}
