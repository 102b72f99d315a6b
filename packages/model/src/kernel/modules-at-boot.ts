/** File of ours that names modules to be loaded at boot. @see modules-load.d(5) */
export const MODULES_AT_BOOT_PATH = "/etc/modules-load.d/switchyard.conf";

/** One module a line. */
export const formatModulesAtBoot = (modules: readonly string[]): string =>
  `# Loaded at boot for Switchyard.\n${modules.map((each) => `${each}\n`).join("")}`;

/** Names in a file of modules-load.d, with underscores as the kernel writes them. */
export const parseModulesAtBoot = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith(";"))
    .map((name) => name.replaceAll("-", "_"));
