import { UsageError } from "../usage-error.ts";

export type Collection =
  | "hosts"
  | "profiles"
  | "rollouts"
  | "plans"
  | "networks"
  | "images"
  | "vms"
  | "jobs"
  | "moves"
  | "events"
  | "experiments";

/** A resource's full name, from that or from its last part alone. @throws UsageError */
export function resourceName(collection: Collection, text: string): string {
  const prefix = `${collection}/`;
  const id = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  if (id === "" || id.includes("/")) {
    throw new UsageError(`"${text}" is no name in ${collection}`);
  }
  return `${prefix}${id}`;
}

/** The last part of a resource's name. @throws UsageError */
export const resourceId = (collection: Collection, text: string): string =>
  resourceName(collection, text).slice(collection.length + 1);
