import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeImageContext } from "../package/image-context.ts";
import type { Engine } from "./engine.ts";
import { STOCK_IMAGES } from "./stock-images.ts";

/** Targets of deploy/containers/Containerfile. */
export const IMAGE_TARGETS = ["controller", "broker", "swy", "sim-machines", "sim-agent"] as const;
export type ImageTarget = (typeof IMAGE_TARGETS)[number];

/** Our images' names, as the compose file has them. */
export const imageOf = (target: ImageTarget): string => `switchyard/${target}`;

/**
 * Builds our images from this checkout; layers that did not change are used again.
 *
 * @throws Error with the end of what the engine said
 */
export async function buildImages(engine: Engine, root: string): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), "sy-images-"));
  try {
    await makeImageContext(root, context);
    for (const target of IMAGE_TARGETS) {
      const { exitCode, output } = await engine.docker([
        ...["build", "--file", join(context, "Containerfile"), "--target", target],
        ...["--build-arg", `NODE_IMAGE=${STOCK_IMAGES.node}`],
        ...["--build-arg", `NATS_IMAGE=${STOCK_IMAGES.nats}`],
        ...["--tag", imageOf(target), context],
      ]);
      if (exitCode !== 0) throw new Error(`${target}: ${output.slice(-2_000)}`);
    }
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
