import type { FileStore } from "../../files/file-store.ts";
import type { Machine } from "../machine.ts";

const RPM_FOLDER = "/etc/yum.repos.d";
const APT_FOLDER = "/etc/apt/sources.list.d";

export interface RepositoryEntry {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  /** File that holds it. */
  readonly path: string;
}

function filesIn(files: FileStore, folder: string): readonly string[] {
  return files.isFolder(folder) ? files.list(folder).map((name) => `${folder}/${name}`) : [];
}

function entriesOf(path: string, text: string): readonly RepositoryEntry[] {
  return text
    .split(/^\[/m)
    .slice(1)
    .map((section) => ({
      id: section.slice(0, section.indexOf("]")),
      name: /^name=(.*)$/m.exec(section)?.[1] ?? "",
      isEnabled: !/^enabled=0$/m.test(section),
      path,
    }));
}

/** Repositories of dnf's configuration, as the files have them now. */
export const dnfRepositories = ({ files }: Pick<Machine, "files">): readonly RepositoryEntry[] =>
  filesIn(files, RPM_FOLDER)
    .filter((path) => path.endsWith(".repo"))
    .flatMap((path) => entriesOf(path, files.read(path)));

/** One that apt has goes by the name of its file; those of Debian itself are one. */
const aptRepositories = ({ files }: Pick<Machine, "files">): readonly string[] =>
  filesIn(files, APT_FOLDER)
    .filter((path) => !/^Enabled: no$/m.test(files.read(path)))
    .map((path) => path.slice(APT_FOLDER.length + 1).replace(/\.(sources|list)$/, ""))
    .map((name) => name.replace(/^switchyard-/, ""));

export const enabledRepositories = (machine: Pick<Machine, "files" | "spec">): readonly string[] =>
  machine.spec.distribution === "debian12"
    ? aptRepositories(machine)
    : dnfRepositories(machine)
        .filter(({ isEnabled }) => isEnabled)
        .map(({ id }) => id);

/** What `dnf config-manager --set-enabled` does. @returns false when there is no such repository */
export function setRepositoryEnabled(machine: Machine, id: string, isEnabled: boolean): boolean {
  const entry = dnfRepositories(machine).find((each) => each.id === id);
  if (entry === undefined) return false;
  const text = machine.files.read(entry.path);
  const at = text.indexOf(`[${id}]`);
  const next = text.indexOf("\n[", at);
  const end = next === -1 ? text.length : next;
  const section = text.slice(at, end).replace(/^enabled=.*$/m, `enabled=${isEnabled ? 1 : 0}`);
  machine.files.write(entry.path, text.slice(0, at) + section + text.slice(end));
  return true;
}
