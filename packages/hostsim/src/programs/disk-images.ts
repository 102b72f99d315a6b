/*
 * Disk images as the simulator knows them. A qcow2 is a magic, a line that says what its header would, and an
 * end, so that one that was cut off can be told. Anything else is raw: as large as its text. Checksums are real.
 */

/** A file by its text, a symbolic link, or a folder that holds nothing. */
export type DiskEntry = string | { readonly link: string } | { readonly folder: true };

/** A file system on a disk, by paths without a slash in front. */
export interface DiskPartition {
  readonly type: string;
  readonly entries: Readonly<Record<string, DiskEntry>>;
}

/** What a qcow2's header says. */
export interface SimQcow2 {
  readonly virtualSizeBytes: number;
  readonly backingFile?: string;
  readonly dataFile?: string;
  /** Stands for what is in it. */
  readonly content?: string;
  /** Installed beside what came with it. */
  readonly packages?: readonly string[];
  /** Undefined: whatever the file has that it stands on. */
  readonly partitions?: readonly DiskPartition[];
}

const MAGIC = "QFI\u00fb";
const END = "\nEND\n";
/** Bytes of a version 2 header. @see qemu/qemu docs/interop/qcow2.txt */
const HEADER_BYTES = 72;

/** Text of a qcow2. */
export const qcow2File = (image: SimQcow2): string =>
  `${MAGIC}${JSON.stringify(image).padEnd(HEADER_BYTES)}${END}`;

/** Why a text is no qcow2, in qemu-img's words, or what is in it. */
export function readQcow2(
  text: string,
): { readonly refusal: string } | { readonly image: SimQcow2; readonly isWhole: boolean } {
  if (!text.startsWith(MAGIC)) return { refusal: "Image is not in qcow2 format" };
  if (Buffer.byteLength(text) < HEADER_BYTES) return { refusal: "qcow2 header too short" };
  const isWhole = text.endsWith(END);
  const header = text.slice(MAGIC.length, isWhole ? -END.length : undefined);
  try {
    return { image: JSON.parse(header) as SimQcow2, isWhole };
  } catch {
    return { image: { virtualSizeBytes: 512 }, isWhole: false };
  }
}

const ISO = "CD001 cidata\n";

/** Text of a NoCloud seed. */
export const seedIsoFile = (files: Readonly<Record<string, string>>): string =>
  `${ISO}${JSON.stringify(files)}\n`;

/** Files of a NoCloud seed; undefined for any other image. */
export const readSeedIso = (text: string): Readonly<Record<string, string>> | undefined =>
  text.startsWith(ISO)
    ? (JSON.parse(text.slice(ISO.length)) as Readonly<Record<string, string>>)
    : undefined;
