import { EnrollmentToken } from "@switchyard/client";
import { parseDuration, toDuration } from "../../input/duration.ts";
import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { collect, parseLabels } from "../../input/pairs.ts";
import { printDocument } from "../../output/print.ts";
import { formatTimestamp } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";

interface Options extends MutationOptions {
  readonly label?: readonly string[];
  readonly ttl?: string;
  readonly allowReenroll?: boolean;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<host>", "name the host gets")
      .option("-l, --label <key=value>", "label the host gets; may be repeated", collect)
      .option("--ttl <duration>", "how long the token is valid; 1m to 24h, default 1h")
      .option("--allow-reenroll", "also if the host is enrolled already; its old key is then void");
    addMutationOptions(command, { dryRun: false, wait: false });
  },
  run: async ({ context, args: [host = ""], options }) => {
    const { enrollment } = await context.client();
    const ttlMs = options.ttl === undefined ? undefined : parseDuration(options.ttl);
    const token = await enrollment.createEnrollmentToken({
      host: resourceName("hosts", host),
      labels: parseLabels(options.label),
      allowReenroll: options.allowReenroll === true,
      requestId: requestIdOf(options),
      ...(ttlMs !== undefined && { ttl: toDuration(ttlMs) }),
    });
    await printDocument(context, { json: EnrollmentToken.toJSON(token), text: `${token.token}\n` });
    context.talk(`The token is shown once and good for one enrolment of ${token.host}`);
    context.talk(`until ${formatTimestamp(token.expireTime)}. Give it to the agent on that host.`);
    return undefined;
  },
});
