import type { Host } from "@switchyard/host";
import type { DriverBuild } from "@switchyard/model";

const FOLDER = "/var/lib/switchyard/driver";
/** Kernels whose last build is remembered; a distribution keeps three. */
const BUILDS_MAX = 8;

const pathOf = (kernelRelease: string): string => `${FOLDER}/${kernelRelease}.json`;

/** Undefined for what nobody wrote down, and for what can't be read: it is then built anew. */
export async function findBuild(
  host: Host,
  kernelRelease: string,
): Promise<DriverBuild | undefined> {
  const path = pathOf(kernelRelease);
  if (!(await host.exists(path))) return undefined;
  return parse(await host.readFile(path), kernelRelease);
}

export async function listBuilds(
  host: Host,
  kernels: readonly string[],
): Promise<readonly DriverBuild[]> {
  const found: DriverBuild[] = [];
  for (const kernel of kernels.slice(-BUILDS_MAX)) {
    const build = await findBuild(host, kernel);
    if (build !== undefined) found.push(build);
  }
  return found;
}

export const writeBuild = (host: Host, build: DriverBuild): Promise<void> =>
  host.replaceFile(pathOf(build.kernelRelease), `${JSON.stringify(build, undefined, 2)}\n`);

/** Gone is success. */
export const forgetBuild = (host: Host, kernelRelease: string): Promise<void> =>
  host.remove(pathOf(kernelRelease));

function parse(text: string, kernelRelease: string): DriverBuild | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { state, digest, release, logFolder, failure } = value as Record<string, unknown>;
    if (state !== "building" && state !== "installed" && state !== "failed") return undefined;
    const words = [digest, release, logFolder, failure];
    if (!words.every((word) => typeof word === "string")) return undefined;
    const [ownDigest, ownRelease, folder, why] = words as [string, string, string, string];
    return {
      kernelRelease,
      state,
      digest: ownDigest,
      release: ownRelease,
      logFolder: folder,
      failure: why,
    };
  } catch {
    return undefined;
  }
}
