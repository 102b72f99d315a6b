import { parseJson, recordOf } from "../json.ts";

/** What qemu-img says of an image from its header. */
export interface ImageInfo {
  /** Of the disk a guest sees. */
  readonly virtualSizeBytes: number;
  /** File it stands on, as written in it. */
  readonly backingFile: string | undefined;
  /** File that holds its data, as written in it. */
  readonly dataFile: string | undefined;
  /** The header says that something was found broken before. */
  readonly isCorrupt: boolean;
}

const textAt = (record: Readonly<Record<string, unknown>>, key: string): string | undefined => {
  const value = record[key];
  return typeof value === "string" ? value : undefined;
};

/**
 * @throws CommandError COMMAND_OUTPUT_UNREADABLE
 * @see qemu/qemu qapi/block-core.json, ImageInfo, ImageInfoSpecificQCow2
 */
export function parseImageInfo(text: string): ImageInfo {
  const info = recordOf(parseJson(text));
  const specific = recordOf(recordOf(info["format-specific"])["data"]);
  return {
    virtualSizeBytes: Number(info["virtual-size"] ?? 0),
    backingFile: textAt(info, "backing-filename"),
    dataFile: textAt(specific, "data-file"),
    isCorrupt: specific["corrupt"] === true,
  };
}

/** What qemu-img's words mean when it can't open an image. */
export function openFailure(stderr: string): "format" | "damaged" | undefined {
  if (/header too short|Image is corrupt/i.test(stderr)) return "damaged";
  return /not in qcow2 format|Unsupported qcow2 version/i.test(stderr) ? "format" : undefined;
}

export const isNoSpace = (stderr: string): boolean => /No space left on device/.test(stderr);
