import type { Reason } from "@switchyard/model";

/** How a Dell update package ended, as far as the next step cares. */
export type PackageEnd =
  /** The image is stored; some firmware then needs an activation. */
  | { readonly kind: "applied"; readonly needsReboot: boolean }
  /** What is stored is not older: nothing was written without `-f`. */
  | { readonly kind: "not-newer" }
  | { readonly kind: "failed"; readonly reason: Reason };

/** @see Dell Update Packages User's Guide, Exit Codes for CLI */
export function endOfPackage(exitCode: number, output: string): PackageEnd {
  switch (exitCode) {
    case 0:
      return { kind: "applied", needsReboot: false };
    // 6 REBOOTING_SYSTEM comes only with -r, which is never given; the image is stored all the same.
    case 2:
    case 6:
      return { kind: "applied", needsReboot: true };
    case 3:
      return { kind: "not-newer" };
    case 4:
      return { kind: "failed", reason: "FIRMWARE_PREREQUISITE_MISSING" };
    case 5:
      return { kind: "failed", reason: "FIRMWARE_IMAGE_UNSUITABLE" };
    case 9:
      return { kind: "failed", reason: "ARTEFACT_CHECKSUM_WRONG" };
    default:
      return { kind: "failed", reason: reasonOfText(output) };
  }
}

function reasonOfText(output: string): Reason {
  if (/semaphore/i.test(output)) return "FIRMWARE_BUSY";
  return /PSID is unsupported under Secure FW/i.test(output)
    ? "FIRMWARE_SECURE_CONFLICT"
    : "FIRMWARE_UPDATE_FAILED";
}

/** The last lines that say something, for people. */
export function saidByPackage(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /[a-z]/i.test(line));
  return lines.slice(-LINES_SHOWN_MAX).join(" ");
}

const LINES_SHOWN_MAX = 4;
