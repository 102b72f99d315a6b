import { nevra, type SimPackage } from "../machine/packages/package.ts";
import { dependentsOf, eraseAll, findInstalled } from "../machine/packages/packages.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

const format = (template: string, each: SimPackage): string => {
  const at = each.version.lastIndexOf("-");
  const values: Readonly<Record<string, string>> = {
    NAME: each.name,
    VERSION: at === -1 ? each.version : each.version.slice(0, at),
    RELEASE: at === -1 ? "" : each.version.slice(at + 1),
    ARCH: each.architecture,
  };
  return template
    .replace(/%\{(\w+)\}/g, (_, tag: string) => values[tag.toUpperCase()] ?? "(none)")
    .replaceAll("\\n", "\n")
    .replaceAll("\\t", "\t");
};

const templateOf = (args: readonly string[]): string => {
  const at = args.findIndex((arg) => arg === "--qf" || arg === "--queryformat");
  return at === -1 ? "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n" : (args[at + 1] ?? "");
};

function wordsOf(args: readonly string[]): readonly string[] {
  return args.filter(
    (arg, at) => !arg.startsWith("-") && !["--qf", "--queryformat"].includes(args[at - 1] ?? ""),
  );
}

function query({ machine, args }: Invoked): Ended {
  const template = templateOf(args);
  const isAll = args.some((arg) => /^-[a-z]*a/.test(arg) && !arg.startsWith("--"));
  if (isAll) {
    return printed(machine.packages.installed.map((each) => format(template, each)).join(""));
  }
  const found = wordsOf(args).map((spec) => ({ spec, packages: findInstalled(machine, spec) }));
  const stdout = found
    .map(({ spec, packages }) =>
      packages.length === 0
        ? `package ${spec} is not installed\n`
        : packages.map((each) => format(template, each)).join(""),
    )
    .join("");
  const exitCode = found.filter(({ packages }) => packages.length === 0).length;
  return { exitCode, stdout, stderr: "" };
}

/** @see rpm(8): nothing is removed unless everything can be */
function erase({ machine, act, args }: Invoked): Ended {
  const specs = wordsOf(args);
  const missing = specs.filter((spec) => findInstalled(machine, spec).length === 0);
  if (missing.length > 0) {
    return failed(missing.map((spec) => `error: package ${spec} is not installed\n`).join(""));
  }
  const outgoing = specs.flatMap((spec) => findInstalled(machine, spec));
  const dependents = dependentsOf(machine, outgoing);
  if (dependents.length > 0) {
    const lines = dependents.map(
      ({ needed, by }) => `\t${needed.name} is needed by (installed) ${nevra(by)}\n`,
    );
    return failed(`error: Failed dependencies:\n${lines.join("")}`);
  }
  eraseAll(act, outgoing);
  return printed("");
}

/** rpm(8): `-q`, `-qa` with `--qf`, and `-e`. */
export function rpm(invoked: Invoked): Ended {
  const [mode = ""] = invoked.args;
  if (mode === "-e" || mode === "--erase")
    return erase({ ...invoked, args: invoked.args.slice(1) });
  if (/^-q/.test(mode) || mode === "--query") return query(invoked);
  return failed("rpm: no operation was asked for");
}

const debianFormat = (template: string, each: SimPackage): string => {
  const values: Readonly<Record<string, string>> = {
    Package: each.name,
    "binary:Package": each.name,
    Version: each.version,
    Architecture: each.architecture,
    "db:Status-Status": "installed",
    Status: "install ok installed",
  };
  return template
    .replace(/\$\{([\w:-]+)\}/g, (_, field: string) => values[field] ?? "")
    .replaceAll("\\n", "\n")
    .replaceAll("\\t", "\t");
};

/** What dpkg-query prints when nothing is asked for. @see dpkg-query(1), --showformat */
const DPKG_QUERY_FORMAT = `\${binary:Package}\t\${Version}\n`;

/** dpkg-query(1): `-W` with `-f`. */
export function dpkgQuery({ machine, args }: Invoked): Ended {
  const at = args.findIndex((arg) => arg === "-f" || arg.startsWith("-f="));
  const template =
    at === -1 ? DPKG_QUERY_FORMAT : args[at]?.slice("-f=".length) || (args[at + 1] ?? "");
  const specs = args.filter((arg, index) => !arg.startsWith("-") && args[index - 1] !== "-f");
  const missing = specs.filter((spec) => findInstalled(machine, spec).length === 0);
  const { installed } = machine.packages;
  const found =
    specs.length === 0 ? installed : specs.flatMap((spec) => findInstalled(machine, spec));
  return {
    exitCode: missing.length > 0 ? 1 : 0,
    stdout: found.map((each) => debianFormat(template, each)).join(""),
    stderr: missing.map((spec) => `dpkg-query: no packages found matching ${spec}\n`).join(""),
  };
}

/** dpkg(1): `--remove` and `-r`; all else says nothing. */
export function dpkg(invoked: Invoked): Ended {
  const { machine, args } = invoked;
  if (args[0] !== "--remove" && args[0] !== "-r") return printed("");
  const outgoing = args.slice(1).flatMap((spec) => findInstalled(machine, spec));
  const [dependent] = dependentsOf(machine, outgoing);
  if (dependent !== undefined) {
    const { needed, by } = dependent;
    return failed(
      `dpkg: dependency problems prevent removal of ${needed.name}:\n ${by.name} depends on ${needed.name}.\n\n` +
        `dpkg: error processing package ${needed.name} (--remove):\n dependency problems - not removing\n` +
        `Errors were encountered while processing:\n ${needed.name}\n`,
    );
  }
  eraseAll(invoked.act, outgoing);
  return printed(
    outgoing.map(({ name, version }) => `Removing ${name} (${version}) ...\n`).join(""),
  );
}
