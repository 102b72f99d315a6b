/**
 * Label names of each kind of object, in the order of the object's parts. Parts are parted by `/`; the last one
 * takes what is left, so a path may be a part.
 *
 * `pf` is the PCI address of a PF, `vf` a VF's index on it or `all`, `direction` `receive` or `transmit` as the object sees it,
 * `fault` `error`, `completion` or `stuck`, `operation` `write`, `read` or `atomic`, `offloaded` and `in_hardware`
 * `yes`, `no` or `partial`, `page_bytes` the size of a huge page.
 */
const OBJECT_LABELS = {
  host: [],
  agent: [],
  "agent-pass": ["rate"],
  percentile: ["percentile"],
  pf: ["pf"],
  "pf-direction": ["pf", "direction"],
  "pf-direction-fault": ["pf", "direction", "fault"],
  "pf-event": ["pf", "event"],
  "pf-operation": ["pf", "operation"],
  "pf-reporter": ["pf", "reporter"],
  "pf-sensor": ["pf", "sensor"],
  "pf-in-hardware": ["pf", "in_hardware"],
  vf: ["pf", "vf"],
  vdpa: ["vdpa"],
  "vdpa-direction": ["vdpa", "direction"],
  "ovs-interface": ["bridge", "interface"],
  "ovs-interface-direction": ["bridge", "interface", "direction"],
  "ovs-flows": ["bridge", "offloaded"],
  vm: ["vm"],
  "cpu-mode": ["mode"],
  "cpu-package": ["package"],
  "huge-pages": ["node", "page_bytes"],
  mount: ["mount"],
  sensor: ["sensor"],
  "power-source": ["source"],
} as const satisfies Record<string, readonly string[]>;

/** What the objects of a metric are; `host` and `agent` have one object only, the empty text. */
export type ObjectKind = keyof typeof OBJECT_LABELS;

/** Label of a part that the object does not have: it is not of the kind that its metric says. */
const UNREAD_LABEL = "object";

/**
 * Labels of an object, such as `0000:82:00.0/vf3` → `{ pf: "0000:82:00.0", vf: "3" }`.
 *
 * An object that is not of this kind comes back whole, as `{ object }`, so that no two series become one.
 */
export function labelsOfObject(kind: ObjectKind, object: string): Readonly<Record<string, string>> {
  const names: readonly string[] = OBJECT_LABELS[kind];
  const parts = split(object, names.length);
  const isWhole = parts.length === names.length && parts.every((part) => part !== "");
  const isVfNamed = kind !== "vf" || /^vf(\d+|all)$/.test(parts[1] ?? "");
  if (!isWhole || !isVfNamed) return object === "" ? {} : { [UNREAD_LABEL]: object };
  return Object.fromEntries(
    names.map((name, index) => {
      const part = parts[index] ?? "";
      return [name, name === "vf" ? part.slice("vf".length) : part];
    }),
  );
}

function split(object: string, count: number): readonly string[] {
  if (count === 0) return object === "" ? [] : [object];
  const parts = object.split("/");
  const heads = parts.slice(0, count - 1);
  const rest = parts.slice(count - 1);
  return rest.length === 0 ? heads : [...heads, rest.join("/")];
}

/** Every name a label of a metric may have, besides `host`. */
export const LABEL_NAMES: readonly string[] = [
  ...new Set([...Object.values<readonly string[]>(OBJECT_LABELS).flat(), UNREAD_LABEL]),
].sort();

/** Names of the labels of a kind of object, in the order of its parts. */
export const labelNamesOf = (kind: ObjectKind): readonly string[] => OBJECT_LABELS[kind];
