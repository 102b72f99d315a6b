import { comparePackageVersions } from "@switchyard/model";
import {
  availablePackages,
  closureOf,
  eraseAll,
  findCandidate,
  findInstalled,
  installAll,
} from "../machine/packages/packages.ts";
import { enabledRepositories } from "../machine/packages/repositories.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

const READING =
  "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

function update({ machine }: Invoked): Ended {
  const enabled = enabledRepositories(machine);
  const dead = enabled.filter((id) => machine.spec.packages.unreachable.includes(id));
  const lines = enabled
    .filter((id) => !dead.includes(id))
    .map((id, at) => `Hit:${at + 1} http://deb.example/${id} bookworm InRelease\n`);
  if (dead.length === 0) return printed(`${lines.join("")}Reading package lists...\n`);
  return {
    exitCode: 100,
    stdout: `${lines.join("")}Reading package lists...\n`,
    stderr: dead
      .map(
        (id) =>
          `E: Failed to fetch http://deb.example/${id}/dists/bookworm/InRelease  Temporary failure resolving 'deb.example'\n`,
      )
      .join(""),
  };
}

function install({ machine, act }: Invoked, specs: readonly string[]): Ended {
  const missing = specs.filter(
    (spec) =>
      findInstalled(machine, spec).length === 0 && findCandidate(machine, spec) === undefined,
  );
  if (missing.length > 0) {
    const stderr = missing.map((spec) => `E: Unable to locate package ${spec}\n`).join("");
    return { exitCode: 100, stdout: READING, stderr };
  }
  const wanted = specs.flatMap((spec) => {
    const candidate = findCandidate(machine, spec);
    if (candidate === undefined) return [];
    const installed = findInstalled(machine, spec).at(-1);
    const isNewest =
      installed !== undefined &&
      comparePackageVersions(installed.version, candidate.each.version) >= 0;
    return isNewest ? [] : [candidate];
  });
  if (wanted.length === 0) {
    const lines = specs.map((spec) => `${spec} is already the newest version.\n`).join("");
    return printed(
      `${READING}${lines}0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n`,
    );
  }
  const all = closureOf(machine, wanted).map(({ each }) => each);
  installAll(act, all);
  const lines = all.map(({ name, version }) => `Setting up ${name} (${version}) ...\n`).join("");
  return printed(
    `${READING}The following NEW packages will be installed:\n  ${all.map(({ name }) => name).join(" ")}\n` +
      `0 upgraded, ${all.length} newly installed, 0 to remove and 0 not upgraded.\n${lines}`,
  );
}

/** apt-get(8): `update`, `install`, `remove`; with `-y`, or it stops at the question. */
export function aptGet(invoked: Invoked): Ended {
  const { args, machine } = invoked;
  const words = args.filter((arg, at) => !arg.startsWith("-") && args[at - 1] !== "-o");
  const [command = "", ...specs] = words;
  if (command === "update") return update(invoked);
  if (!args.includes("-y"))
    return { exitCode: 1, stdout: "Do you want to continue? [Y/n] Abort.\n", stderr: "" };
  if (command === "install") return install(invoked, specs);
  if (command === "remove" || command === "purge") {
    eraseAll(
      invoked.act,
      specs.flatMap((spec) => findInstalled(machine, spec)),
    );
    return printed(READING);
  }
  return failed(`E: Invalid operation ${command}`, 100);
}

/** apt-cache(8): `show NAME`, newest first. */
export function aptCache({ machine, args }: Invoked): Ended {
  const [command, name = ""] = args.filter((arg) => !arg.startsWith("-"));
  if (command !== "show") return failed(`E: Invalid operation ${command ?? ""}`, 100);
  const found = availablePackages(machine)
    .map(({ each }) => each)
    .filter((each) => each.name === name)
    .toSorted((a, b) => comparePackageVersions(b.version, a.version));
  if (found.length === 0) return failed("E: No packages found", 100);
  return printed(
    found
      .map(
        (each) =>
          `Package: ${each.name}\nVersion: ${each.version}\nArchitecture: ${each.architecture}\n` +
          (each.requires.length === 0 ? "" : `Depends: ${each.requires.join(", ")}\n`),
      )
      .join("\n"),
  );
}
