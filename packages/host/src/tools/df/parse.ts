/** Second line of `df --output=avail`; undefined for anything else. */
export function parseAvailableBytes(text: string): number | undefined {
  const last = text.trim().split("\n").at(-1)?.trim() ?? "";
  return /^\d+$/.test(last) ? Number(last) : undefined;
}

export interface DfLine {
  /** Where the file system is mounted. */
  readonly target: string;
  /** The folder that was asked about. */
  readonly folder: string;
  readonly sizeBytes: number;
  readonly availableBytes: number;
}

/** Lines of `df --output=target,file,size,avail`; the header is none. */
export const parseDf = (text: string): readonly DfLine[] =>
  [...text.matchAll(/^(\/\S*) +(\/\S*) +(\d+) +(\d+)$/gm)].map(
    ([, target, folder, size, free]) => ({
      target: target as string, // all four groups match or none
      folder: folder as string,
      sizeBytes: Number(size),
      availableBytes: Number(free),
    }),
  );
