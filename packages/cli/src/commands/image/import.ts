import { Image, ImageSpec } from "@switchyard/client";
import { parseBytes } from "../../input/bytes.ts";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceId, resourceName } from "../../input/names.ts";
import { collect } from "../../input/pairs.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { imageView } from "../../views/image.ts";
import { fetchTo, followAll } from "./follow.ts";

interface Options extends MutationOptions {
  readonly url?: string;
  readonly file?: string;
  readonly sha256?: string;
  readonly format: string;
  readonly maxSize?: string;
  readonly maxDisk?: string;
  readonly package?: readonly string[];
  readonly host?: readonly string[];
}

/** @throws UsageError */
function specOf(options: Options): ImageSpec {
  const { url, file, sha256, format, maxSize, maxDisk, package: packages = [] } = options;
  if ((url === undefined) === (file === undefined)) {
    throw new UsageError("give one of --url and --file");
  }
  if (sha256 === undefined) throw new UsageError("--sha256 is required: what sha256sum prints");
  return ImageSpec.fromPartial({
    source: url ?? file ?? "",
    sha256,
    format,
    packages: [...packages],
    ...(maxSize !== undefined && { sizeBytesMax: parseBytes(maxSize) }),
    ...(maxDisk !== undefined && { virtualSizeBytesMax: parseBytes(maxDisk) }),
  });
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<image>", "its name")
      .option("--url <url>", "where hosts download it from")
      .option("--file <path>", "where it lies on the hosts that fetch it")
      .option("--sha256 <sum>", "of the file; required")
      .option("--format <format>", "qcow2, raw or iso; never guessed", "qcow2")
      .option("--max-size <size>", "refuse a larger file; default 16GiB")
      .option("--max-disk <size>", "refuse a larger disk; default 128GiB")
      .option("--package <name>", "install it by a boot behind NAT; may be repeated", collect)
      .option("--host <host>", "fetch it there now; may be repeated", collect);
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name = ""], options }) => {
    const imageId = resourceId("images", name);
    const hosts = (options.host ?? []).map((host) => resourceName("hosts", host));
    const { images } = await context.client();
    const requestId = requestIdOf(options);
    const image = await images.createImage({
      imageId,
      image: Image.fromPartial({ spec: specOf(options) }),
      requestId,
      validateOnly: options.dryRun === true,
    });
    if (options.dryRun || hosts.length === 0) {
      await printOne(context, imageView, image);
      context.talk(
        options.dryRun
          ? DRY_RUN_NOTE
          : `hosts fetch it when a VM needs it; or now: swy image fetch ${shortName(image.name)} --host HOST`,
      );
      return undefined;
    }
    const jobs = await fetchTo(context, image.name, { hosts, requestId });
    const code = options.wait === false ? undefined : await followAll(context, jobs);
    await printOne(context, imageView, await images.getImage({ name: image.name }));
    return code;
  },
});
