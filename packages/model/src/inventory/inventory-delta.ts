import { digestOf } from "../values/canonical-json.ts";
import { applyJsonDelta, diffJson, type JsonDelta } from "../values/json-delta.ts";
import type { Inventory } from "./inventory.ts";

/** How a host changed since an inventory that is known by its digest. */
export interface InventoryDelta {
  readonly baseDigest: string;
  /** Of what comes out, so that nothing wrong is ever taken for it. */
  readonly digest: string;
  readonly observedAtMs: number;
  /** Empty where nothing changed but the time of the look. */
  readonly edits: JsonDelta;
}

/** The same for every look that saw the same, whenever it was. */
export const inventoryDigest = (inventory: Inventory): string =>
  digestOf({ ...inventory, observedAtMs: 0 });

/** @param base an inventory with its digest */
export function deltaOf(
  base: { readonly inventory: Inventory; readonly digest: string },
  now: { readonly inventory: Inventory; readonly digest: string },
): InventoryDelta {
  const { observedAtMs } = now.inventory;
  return {
    baseDigest: base.digest,
    digest: now.digest,
    observedAtMs,
    edits: diffJson({ ...base.inventory, observedAtMs }, now.inventory),
  };
}

/** @returns undefined where the delta is of another inventory, or does not give what it says */
export function applyDelta(base: Inventory, delta: InventoryDelta): Inventory | undefined {
  const { observedAtMs, edits, digest } = delta;
  // Its digest says that it is what an agent saw, so it has the form of an inventory.
  const result = applyJsonDelta({ ...base, observedAtMs }, edits) as Inventory | undefined;
  return result !== undefined && inventoryDigest(result) === digest ? result : undefined;
}
