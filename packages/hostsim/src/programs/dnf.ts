import { comparePackageVersions } from "@switchyard/model";
import { installPackages } from "../machine/driver.ts";
import { type DocaRelease, docaHostPackage } from "../machine/packages/doca.ts";
import { nevra } from "../machine/packages/package.ts";
import {
  availablePackages,
  type Candidate,
  closureOf,
  dependentsOf,
  eraseAll,
  findCandidate,
  findInstalled,
} from "../machine/packages/packages.ts";
import { readArchive } from "./archive-files.ts";
import { type Call, ended } from "./dnf-call.ts";
import { configManager, repolist, unreachable } from "./dnf-repositories.ts";
import { isLocked, versionlock } from "./dnf-versionlock.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

const RULE = `${"=".repeat(80)}\n`;

const row = ({ each, repository }: Candidate): string =>
  ` ${each.name.padEnd(26)} ${each.architecture.padEnd(8)} ${each.version.padEnd(26)} ${repository}\n`;

/** Carries out a transaction and tells of it as dnf does. */
function transact(
  call: Call,
  wanted: readonly Candidate[],
  as: { readonly heading: "Installing" | "Upgrading"; readonly docaRelease?: DocaRelease },
): Ended {
  const { heading, docaRelease } = as;
  const all = closureOf(call.machine, wanted);
  const dependencies = all.filter((each) => !wanted.includes(each));
  const table =
    `Dependencies resolved.\n${RULE} Package                    Arch     Version                    Repository\n${RULE}` +
    `${heading}:\n${wanted.map(row).join("")}` +
    (dependencies.length === 0
      ? ""
      : `Installing dependencies:\n${dependencies.map(row).join("")}`) +
    `\nTransaction Summary\n${RULE}Install  ${all.length} Package${all.length === 1 ? "" : "s"}\n\n`;
  if (!call.options.includes("-y"))
    return ended(1, `${table}Is this ok [y/N]: `, "Operation aborted.\n");
  installPackages(
    call.act,
    all.map(({ each }) => each),
    docaRelease,
  );
  const steps = all.map(
    ({ each }, at) => `  Installing       : ${nevra(each)}   ${at + 1}/${all.length}\n`,
  );
  const done = all.map(({ each }) => `  ${nevra(each)}\n`).join("");
  return printed(
    `${table}Downloading Packages:\nRunning transaction check\nTransaction check succeeded.\n` +
      "Running transaction test\nTransaction test succeeded.\nRunning transaction\n" +
      `  Preparing        :   1/1\n${steps.join("")}\n${heading === "Installing" ? "Installed" : "Upgraded"}:\n${done}\nComplete!\n`,
  );
}

const NOTHING = "Dependencies resolved.\nNothing to do.\nComplete!\n";

/** Repository of packages that were named by a file. */
const COMMAND_LINE = "@commandline";

/** A package named by its file: one at a time, and of those only DOCA's repository package is known. */
function installFile(call: Call, path: string): Ended {
  const { files } = call.machine;
  const archive = files.isFile(path) ? readArchive(files.read(path)) : undefined;
  if (archive?.kind !== "doca-host") {
    const why = files.isFile(path) ? "(not an RPM package)" : "(No such file or directory)";
    return failed(`Can not load RPM file: ${path} ${why}.\nCould not open: ${path}`);
  }
  const each = docaHostPackage(archive);
  const isThere = findInstalled(call.machine, each.name).some(
    ({ version }) => version === each.version,
  );
  if (isThere) return printed(`Package ${nevra(each)} is already installed.\n${NOTHING}`);
  const { version, moduleVersion, kernels } = archive;
  return transact(call, [{ each, repository: COMMAND_LINE }], {
    heading: "Installing",
    docaRelease: { version, moduleVersion, kernels },
  });
}

function install(call: Call): Ended {
  const { machine, words } = call;
  const [path] = words;
  if (path?.startsWith("/") && words.length === 1) return installFile(call, path);
  const answers = words.map((spec) => ({
    spec,
    installed: findInstalled(machine, spec),
    candidate: findCandidate(machine, spec),
  }));
  const missing = answers.filter(
    ({ installed, candidate }) => installed.length === 0 && candidate === undefined,
  );
  if (missing.length > 0) {
    const lines = missing.map(({ spec }) => `No match for argument: ${spec}\n`).join("");
    const names = missing.map(({ spec }) => spec).join(" ");
    return ended(1, lines, `Error: Unable to find a match: ${names}\n`);
  }
  const wanted = answers.flatMap(({ installed, candidate }) =>
    installed.length > 0 || candidate === undefined ? [] : [candidate],
  );
  const already = answers
    .flatMap(({ installed }) => installed.slice(-1))
    .map((each) => `Package ${nevra(each)} is already installed.\n`)
    .join("");
  if (wanted.length === 0) return printed(already + NOTHING);
  const result = transact(call, wanted, { heading: "Installing" });
  return { ...result, stdout: already + result.stdout };
}

/** Newer versions on offer of what is installed, of the names given or of all. */
function updates({ machine, words }: Call): readonly Candidate[] {
  const names = new Set(machine.packages.installed.map(({ name }) => name));
  return [...names]
    .filter((name) => words.length === 0 || words.includes(name))
    .flatMap((name) => {
      const newest = findInstalled(machine, name)
        .map(({ version }) => version)
        .toSorted(comparePackageVersions)
        .at(-1);
      const candidate = availablePackages(machine)
        .filter(({ each }) => each.name === name && !isLocked(machine, each))
        .toSorted((a, b) => comparePackageVersions(b.each.version, a.each.version))[0];
      if (candidate === undefined || newest === undefined) return [];
      return comparePackageVersions(candidate.each.version, newest) > 0 ? [candidate] : [];
    });
}

function update(call: Call): Ended {
  const wanted = updates(call);
  return wanted.length === 0 ? printed(NOTHING) : transact(call, wanted, { heading: "Upgrading" });
}

function checkUpdate(call: Call): Ended {
  const lines = updates(call).map(
    ({ each, repository }) =>
      `${`${each.name}.${each.architecture}`.padEnd(40)} ${each.version.padEnd(32)} ${repository}\n`,
  );
  return ended(lines.length === 0 ? 0 : 100, lines.length === 0 ? "" : `\n${lines.join("")}`, "");
}

function remove({ machine, act, words }: Call): Ended {
  const named = words.flatMap((spec) => findInstalled(machine, spec));
  if (named.length === 0) {
    const lines = words.map((spec) => `No match for argument: ${spec}\n`).join("");
    return printed(`${lines}No packages marked for removal.\n${NOTHING}`);
  }
  const outgoing = [...named];
  for (let more = dependentsOf(machine, outgoing); more.length > 0; ) {
    outgoing.push(...new Set(more.map(({ by }) => by)));
    more = dependentsOf(machine, outgoing);
  }
  eraseAll(act, outgoing);
  const lines = outgoing.map((each) => `  ${nevra(each)}\n`).join("");
  return printed(`Dependencies resolved.\nRunning transaction\n\nRemoved:\n${lines}\nComplete!\n`);
}

/** `repoquery`: one line for each name, of its newest version, by `--qf`. */
function repoquery(call: Call): Ended {
  const at = call.args.findIndex((arg) => arg === "--qf" || arg === "--queryformat");
  const inline = call.args.find((arg) => /^--(qf|queryformat)=/.test(arg));
  const template = inline?.replace(/^--\w+=/, "") ?? call.args[at + 1] ?? "%{name}";
  const lines = call.words.flatMap((spec) => {
    const found = findCandidate(call.machine, spec)?.each;
    if (found === undefined) return [];
    const cut = found.version.lastIndexOf("-");
    const values: Readonly<Record<string, string>> = {
      name: found.name,
      version: found.version.slice(0, cut),
      release: found.version.slice(cut + 1),
      arch: found.architecture,
    };
    return `${template.replace(/%\{(\w+)\}/g, (_, tag: string) => values[tag] ?? "")}\n`;
  });
  return printed(lines.join(""));
}

const COMMANDS: Readonly<Record<string, (call: Call) => Ended>> = {
  install: (call) => unreachable(call) ?? install(call),
  update: (call) => unreachable(call) ?? update(call),
  upgrade: (call) => unreachable(call) ?? update(call),
  "check-update": (call) => unreachable(call) ?? checkUpdate(call),
  repoquery: (call) => unreachable(call) ?? repoquery(call),
  makecache: (call) => unreachable(call) ?? printed("Metadata cache created.\n"),
  remove,
  erase: remove,
  repolist,
  "config-manager": configManager,
  versionlock,
};

/** Options that take the next word. */
const WITH_VALUE = new Set(["--qf", "--queryformat", "--setopt"]);

/** dnf(8). */
export function dnf(invoked: Invoked): Ended {
  const { args } = invoked;
  const options = args.filter((arg) => arg.startsWith("-"));
  const all = args.filter((arg, at) => !arg.startsWith("-") && !WITH_VALUE.has(args[at - 1] ?? ""));
  const [command = "", ...words] = all;
  const run = COMMANDS[command];
  if (run === undefined) {
    return failed(`No such command: ${command}. Please use /usr/bin/dnf --help`);
  }
  return run({ ...invoked, options, words });
}
