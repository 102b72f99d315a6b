import { ensureDistributionProgram } from "./distribution-package.ts";

/** Puts prometheus and promtool on this process's PATH. @throws Error that says what to install */
export const ensurePrometheus = (say: (line: string) => void): Promise<void> =>
  ensureDistributionProgram({ name: "prometheus", folder: "usr/bin" }, say);
