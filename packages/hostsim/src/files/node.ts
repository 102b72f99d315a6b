import type { Act } from "../machine/act.ts";

/** One entry of a computed file tree. A folder's names are asked for only when it is listed or walked. */
export type Node =
  | {
      readonly kind: "folder";
      readonly entries: () => Readonly<Record<string, () => Node>>;
      /** One of the entries, without making all. */
      readonly find?: (name: string) => (() => Node) | undefined;
    }
  | {
      readonly kind: "file";
      readonly read?: () => string;
      readonly write?: (act: Act, text: string) => void | Promise<void>;
    }
  | { readonly kind: "link"; readonly target: string };

export const folder = (entries: () => Readonly<Record<string, () => Node>>): Node => ({
  kind: "folder",
  entries,
});
/** A folder of many entries, all made alike from their names: a path through it costs no list of them. */
export const folderOf = (
  names: () => readonly string[],
  find: (name: string) => (() => Node) | undefined,
): Node => ({
  kind: "folder",
  entries: () =>
    Object.fromEntries(
      names().flatMap((name) => {
        const make = find(name);
        return make === undefined ? [] : [[name, make]];
      }),
    ),
  find,
});
/** A read-only attribute: its text and a newline, as sysfs prints. */
export const attribute =
  (read: () => string | number): (() => Node) =>
  () => ({ kind: "file", read: () => `${read()}\n` });
export const fixedFile =
  (read: () => string): (() => Node) =>
  () => ({ kind: "file", read });
export const link =
  (target: string): (() => Node) =>
  () => ({ kind: "link", target });
/** A write-only attribute such as `drivers_probe`. */
export const trigger =
  (write: (act: Act, text: string) => void | Promise<void>): (() => Node) =>
  () => ({ kind: "file", write });
