import { ensureDistributionProgram } from "./distribution-package.ts";

/** Puts nats-server on this process's PATH. @throws Error that says what to install */
export const ensureNatsServer = (say: (line: string) => void): Promise<void> =>
  ensureDistributionProgram({ name: "nats-server", folder: "usr/sbin" }, say);
