import {
  convertImage,
  inspectImage,
  placeArtefact,
  protectImage,
  readFileSize,
  readOptional,
  removeBuild,
} from "@switchyard/host";
import {
  HostError,
  IMAGE_FOLDER,
  type ImageDesired,
  type ImagePaths,
  type ImageSpec,
  imagePaths,
  vmDiskPaths,
} from "@switchyard/model";
import { bringFile } from "../artefact/bring-file.ts";
import { ensure, type StepContext } from "../executor.ts";
import { admit, noteUse, takeLease } from "./cache.ts";
import { installPackages } from "./install-packages.ts";

/** Between two lines of a download's progress. */
const PROGRESS_INTERVAL_MS = 5_000;

interface State {
  readonly isCached: boolean;
  /** What the VM's lease names; undefined where there is no VM or no lease. */
  readonly lease: string | undefined;
  /** The VM had files on disk before. */
  readonly hasFolder: boolean;
}

/** Tells how much has come until the work is done. */
async function withProgress(context: StepContext, path: string, work: Promise<void>) {
  const { observer, clock, say } = context;
  const done = new AbortController();
  const tell = async () => {
    let told = 0;
    for (;;) {
      await clock.sleep(PROGRESS_INTERVAL_MS, done.signal);
      if (done.signal.aborted) return;
      const sizeBytes = await readFileSize(observer, path).catch(() => told);
      if (sizeBytes !== told) say(`fetched ${sizeBytes} bytes`);
      told = sizeBytes;
    }
  };
  const telling = tell();
  try {
    await work;
  } finally {
    done.abort();
    await telling;
  }
}

/** A full disk is told of as what it is here: this is not the artefact store. */
async function bring(context: StepContext, spec: ImageSpec, path: string): Promise<void> {
  try {
    await withProgress(context, path, bringFile(context, spec, path));
  } catch (error) {
    if (!(error instanceof HostError) || error.reason !== "ARTEFACT_STORE_FULL") throw error;
    throw new HostError(
      "IMAGE_CACHE_FULL",
      `${spec.source} does not fit on the host`,
      error.metadata,
      {
        cause: error,
      },
    );
  }
}

/** Fetches, checks, converts, places. Each part begins anew after a crash, but the download goes on. */
async function makeBase(context: StepContext, spec: ImageSpec, paths: ImagePaths): Promise<void> {
  const { host, signal, say } = context;
  const { partial, converting, base } = paths;
  await host.makeFolder(IMAGE_FOLDER);
  await bring(context, spec, partial);
  say(`fetched ${await readFileSize(context.observer, partial)} bytes; checking`);
  await inspectImage(host, partial, spec);
  signal.throwIfAborted();
  const isIso = spec.format === "iso";
  const ready = isIso ? partial : converting;
  if (!isIso) {
    await host.remove(converting);
    await convertImage(host, { source: partial, format: spec.format, target: converting });
    const { packages = [] } = spec;
    if (packages.length > 0) {
      await installPackages(context, { key: paths.key, disk: converting, packages });
    }
  }
  await protectImage(host, ready);
  await admit(context, paths, { path: ready, place: () => placeArtefact(host, ready, base) });
  await host.remove(partial);
}

const lockOf = ({ spec }: ImageDesired): string => `image ${imagePaths(spec).key}`;

/**
 * The lease is taken before the cache is looked into: what is found there then stays. Undo takes back the
 * lease and what is half done; a base that is whole harms nobody and goes when its room is needed.
 */
export const ensureImage = ensure<"ensureImage", State>({
  read: async ({ host }, { image, lease }) => {
    const vm = lease === undefined ? undefined : vmDiskPaths(lease);
    return {
      isCached: await host.exists(imagePaths(image.spec).base),
      lease: vm && (await readOptional(host, vm.lease)),
      hasFolder: vm !== undefined && (await host.exists(vm.folder)),
    };
  },
  isSatisfied: (state, { image, lease }) =>
    state.isCached && (lease === undefined || state.lease === imagePaths(image.spec).key),
  apply: async (context, { image, lease }) => {
    const paths = imagePaths(image.spec);
    if (lease !== undefined) await takeLease(context, lease, paths.key);
    await context.locks.run(lockOf(image), async () => {
      context.signal.throwIfAborted();
      if (await context.host.exists(paths.base)) await noteUse(context, paths);
      else await makeBase(context, image.spec, paths);
    });
  },
  undo: async (context, { image, lease }, before) => {
    const { host, locks } = context;
    const { key, partial, converting } = imagePaths(image.spec);
    await locks.run(lockOf(image), async () => {
      await removeBuild(host, key);
      await host.remove(partial);
      await host.remove(converting);
    });
    if (lease === undefined) return;
    const vm = vmDiskPaths(lease);
    if (!before.hasFolder) await host.remove(vm.folder);
    else if (before.lease === undefined) await host.remove(vm.lease);
    else await host.replaceFile(vm.lease, `${before.lease}\n`);
  },
  failure: "IMAGE_CACHE_FULL",
  isLasting: true,
  isHarmless: true,
});
