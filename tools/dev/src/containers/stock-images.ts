import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpackPackages } from "../setup/debian-tree.ts";
import { type Engine, engineFolder } from "./engine.ts";
import { describeStandIn, STAND_INS, type StandIn } from "./stand-ins.ts";

/** Images that are not ours, by the names that a registry has them under. */
export const STOCK_IMAGES = {
  node: "node:24-bookworm-slim",
  nats: "nats:2",
  postgres: "postgres:18",
} as const satisfies Readonly<Record<keyof typeof STAND_INS, string>>;

type StockImage = keyof typeof STOCK_IMAGES;

const NAMES = Object.keys(STOCK_IMAGES) as readonly StockImage[];
const LABEL = "switchyard.stand-in";
/** Where a registry is reached a pull of one takes seconds to a minute. */
const PULL_SECONDS = 180;

/**
 * Makes sure that the engine has the images: those it has, else a registry's, else stand-ins of the same name made
 * of the distribution's packages, this Node and npm's Postgres, which say in a label what they are.
 *
 * @returns what each is, one line each
 * @throws Error where a stand-in can't be made
 */
export async function ensureStockImages(engine: Engine): Promise<readonly string[]> {
  const missing: StockImage[] = [];
  for (const name of NAMES) if (!(await has(engine, name))) missing.push(name);
  if (missing.length > 0 && !(await pullAll(engine, missing))) await makeStandIns(engine, missing);
  const described = NAMES.map(async (name) => {
    const label = await labelOf(engine, name);
    return `${STOCK_IMAGES[name]}: ${label === "" ? "stock" : label}`;
  });
  return Promise.all(described);
}

/** Undefined where there is no such image; empty for a stock one. */
async function labelOf(engine: Engine, name: StockImage): Promise<string | undefined> {
  const format = `{{if .Config.Labels}}{{index .Config.Labels "${LABEL}"}}{{end}}`;
  const asked = await engine.docker(["image", "inspect", "--format", format, STOCK_IMAGES[name]]);
  return asked.exitCode === 0 ? asked.output.trim() : undefined;
}

async function has(engine: Engine, name: StockImage): Promise<boolean> {
  const label = await labelOf(engine, name);
  return label === "" || label === describeStandIn(STAND_INS[name]);
}

/** Without a registry the first is the last that is asked for. */
async function pullAll(engine: Engine, names: readonly StockImage[]): Promise<boolean> {
  for (const name of names) {
    const timeout = { timeoutSeconds: PULL_SECONDS };
    const { exitCode } = await engine.docker(["pull", "--quiet", STOCK_IMAGES[name]], timeout);
    if (exitCode !== 0) return false;
  }
  return true;
}

async function makeStandIns(engine: Engine, names: readonly StockImage[]): Promise<void> {
  const work = mkdtempSync(join(engineFolder(), "images-"));
  try {
    const contextOf = (name: StockImage) => join(work, name);
    const trees = names.map((name) => ({
      packages: STAND_INS[name].packages,
      target: join(contextOf(name), "tree"),
    }));
    const problem = await unpackPackages(work, trees);
    if (problem !== undefined) throw new Error(`no stand-ins of images: ${problem}`);
    for (const name of names) {
      const standIn: StandIn = STAND_INS[name];
      standIn.finish(join(contextOf(name), "tree"));
      await build(engine, { name, standIn, context: contextOf(name) });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function build(
  engine: Engine,
  image: { readonly name: StockImage; readonly standIn: StandIn; readonly context: string },
): Promise<void> {
  const { name, standIn, context } = image;
  const label = `LABEL ${LABEL}="${describeStandIn(standIn)}"`;
  const file = join(context, "Containerfile");
  writeFileSync(file, `${["FROM scratch", "COPY tree /", ...standIn.lines, label].join("\n")}\n`);
  const args = ["build", "--file", file, "--tag", STOCK_IMAGES[name], context];
  const { exitCode, output } = await engine.docker(args);
  if (exitCode !== 0) throw new Error(`${name}: ${output.slice(-2_000)}`);
}
