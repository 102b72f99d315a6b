import type { Inventory } from "./inventory.ts";

/** Instruction set of a host or of what an image holds. */
export const ARCHITECTURES = ["x86_64", "aarch64"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Ends of kernel releases: RHEL appends the architecture, Debian its own name for it. */
const ENDINGS: readonly (readonly [RegExp, Architecture])[] = [
  [/[.-](x86_64|amd64)$/, "x86_64"],
  [/[.-](aarch64|arm64)$/, "aarch64"],
];

/** What the host's kernel was built for, by its release; undefined where that does not say. */
export const architectureOf = ({ os }: Pick<Inventory, "os">): Architecture | undefined =>
  ENDINGS.find(([ending]) => ending.test(os.kernelRelease))?.[1];
