import type { LibvirtQemuUser } from "@switchyard/model";

/** Settings of `/etc/libvirt/qemu.conf` that Switchyard may change. */
export type QemuConfKey = "user" | "group";
const KEYS: readonly QemuConfKey[] = ["user", "group"];

/** What a setting's line was before it was changed; undefined where there was no such line. */
export type FormerLines = Readonly<Record<QemuConfKey, string | undefined>>;

const isSetting = (line: string, key: QemuConfKey): boolean =>
  new RegExp(`^\\s*${key}\\s*=`).test(line);
/** The default that the file ships with, `#user = "qemu"`; not prose and not its indented examples. */
const isExample = (line: string, key: QemuConfKey): boolean =>
  new RegExp(`^#${key}\\s*=\\s*["']`).test(line);

const findValue = (line: string): string | undefined => /=\s*["']([^"']*)["']/.exec(line)?.[1];

/** The line that counts: libvirt takes a setting's last one. */
const findSetting = (lines: readonly string[], key: QemuConfKey): number =>
  lines.findLastIndex((line) => isSetting(line, key));

/** @see libvirt, src/qemu/qemu.conf.in */
export function parseQemuConf(text: string): LibvirtQemuUser {
  const lines = text.split("\n");
  const read = (key: QemuConfKey) => {
    const at = findSetting(lines, key);
    return at < 0 ? undefined : findValue(lines[at] ?? "");
  };
  return { user: read("user"), group: read("group") };
}

/**
 * The file with user and group set, every other line and their order kept. A setting that is there
 * is changed in place; else its commented example gives its place, as in the seed procedure; else
 * it comes last. Setting what is set already changes nothing.
 *
 * @returns the new text, and the lines that {@link restoreQemuConf} puts back
 */
export function setQemuConf(
  text: string,
  wanted: Readonly<Record<QemuConfKey, string>>,
): { readonly text: string; readonly former: FormerLines } {
  const lines = text.split("\n");
  const former: Record<QemuConfKey, string | undefined> = { user: undefined, group: undefined };
  for (const key of KEYS) {
    const line = `${key} = "${wanted[key]}"`;
    const set = findSetting(lines, key);
    const at = set < 0 ? lines.findIndex((each) => isExample(each, key)) : set;
    if (at < 0) {
      lines.splice(lines.at(-1) === "" ? lines.length - 1 : lines.length, 0, line);
      continue;
    }
    former[key] = lines[at];
    if (findValue(lines[at] ?? "") !== wanted[key] || set < 0) lines[at] = line;
  }
  return { text: lines.join("\n"), former };
}

/**
 * Puts the former lines back where the settings stand now; what others changed since stays. May run
 * twice.
 */
export function restoreQemuConf(text: string, former: FormerLines): string {
  const lines = text.split("\n");
  for (const key of KEYS) {
    const line = former[key];
    const at = findSetting(lines, key);
    if (at < 0) continue;
    if (line === undefined) lines.splice(at, 1);
    else lines[at] = line;
  }
  return lines.join("\n");
}
