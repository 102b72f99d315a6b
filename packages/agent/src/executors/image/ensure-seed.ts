import { buildSeed, placeArtefact } from "@switchyard/host";
import { type SeedFile, type StepArguments, vmDiskPaths } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

interface State {
  /** What the seed on the host was made from; undefined while there is none. */
  readonly files: readonly SeedFile[] | undefined;
}

async function readFiles(
  { host }: StepContext,
  { vm, files }: StepArguments["ensureSeed"],
): Promise<State["files"]> {
  const { seed, seedFiles } = vmDiskPaths(vm);
  if (!(await host.exists(seed))) return undefined;
  const found: SeedFile[] = [];
  for (const { name } of files) {
    const path = `${seedFiles}/${name}`;
    if (await host.exists(path)) found.push({ name, text: await host.readFile(path) });
  }
  return found;
}

/** The seed goes before its files change, so that a seed always says what they say. */
async function build({ host }: StepContext, vm: string, files: readonly SeedFile[]): Promise<void> {
  const { seed, seedPartial, seedFiles } = vmDiskPaths(vm);
  await remove(host, vm);
  for (const { name, text } of files) await host.replaceFile(`${seedFiles}/${name}`, text);
  await buildSeed(host, seedFiles, seedPartial);
  await placeArtefact(host, seedPartial, seed);
}

async function remove(host: StepContext["host"], vm: string): Promise<void> {
  const { seed, seedPartial, seedFiles } = vmDiskPaths(vm);
  for (const path of [seed, seedPartial, seedFiles]) await host.remove(path);
}

const isSame = (found: State["files"], wanted: readonly SeedFile[]): boolean =>
  found?.length === wanted.length &&
  wanted.every(({ name, text }) =>
    found.some((each) => each.name === name && each.text.trimEnd() === text.trimEnd()),
  );

export const ensureSeed = ensure<"ensureSeed", State>({
  read: async (context, args) => ({ files: await readFiles(context, args) }),
  isSatisfied: ({ files }, args) => isSame(files, args.files),
  apply: (context, { vm, files }) => build(context, vm, files),
  undo: async (context, { vm }, before) => {
    if (before.files === undefined) await remove(context.host, vm);
    else await build(context, vm, before.files);
  },
  failure: "SEED_BUILD_FAILED",
  isLasting: true,
});
