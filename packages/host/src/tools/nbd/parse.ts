import { arrayOf, parseJson, recordOf } from "../json.ts";

/** A file system as lsblk shows it. */
export interface ShownFileSystem {
  /** Its block device. */
  readonly path: string;
  readonly type: string;
}

/** @throws SyntaxError @see lsblk(8), --json */
export const parseFileSystems = (text: string): readonly ShownFileSystem[] =>
  arrayOf(recordOf(parseJson(text))["blockdevices"]).flatMap((each) => {
    const { path, fstype } = recordOf(each);
    return typeof path === "string" && typeof fstype === "string" ? [{ path, type: fstype }] : [];
  });
