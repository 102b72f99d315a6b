import { DISTRO_PROFILES, kernelHeadersPackage, meetsSpec } from "@switchyard/model";
import type { Machine } from "../machine.ts";
import { DISTRIBUTIONS } from "./distribution.ts";

const MODULES_FOLDER = "/lib/modules";

/** Lets every kernel's `build` folder hold what its headers' package brings, and nothing without it. */
export function writeHeaders({ files, packages, spec }: Machine): void {
  const profile = DISTRO_PROFILES[DISTRIBUTIONS[spec.distribution].family];
  for (const kernel of files.isFolder(MODULES_FOLDER) ? files.list(MODULES_FOLDER) : []) {
    const path = `${MODULES_FOLDER}/${kernel}/build/Makefile`;
    const wanted = kernelHeadersPackage(profile, kernel);
    const has = packages.installed.some((each) => meetsSpec(each, wanted));
    if (has && !files.isFile(path)) files.write(path, "");
    if (!has) files.remove(path);
  }
}
