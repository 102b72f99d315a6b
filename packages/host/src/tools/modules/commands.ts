import type { Argv } from "@switchyard/model";

/** Prints where the module lies, or `(builtin)`; exits 1 where this kernel has none. @see modinfo(8) */
export const modinfoFilename = (module: string): Argv => ["modinfo", "-F", "filename", module];
