import type { Job } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";

/** Sends the image to hosts, and answers with the jobs. */
export async function fetchTo(
  context: Context,
  image: string,
  options: { readonly hosts: readonly string[]; readonly requestId: string },
): Promise<readonly Job[]> {
  const { images } = await context.client();
  return Promise.all(
    options.hosts.map((host) =>
      images.fetchImage({
        name: image,
        host,
        requestId: `${options.requestId}-${shortName(host)}`,
      }),
    ),
  );
}

/** Follows jobs that run side by side; the exit code is that of the first that did not succeed. */
export async function followAll(
  context: Context,
  jobs: readonly Job[],
): Promise<ExitCode | undefined> {
  let code: ExitCode | undefined;
  for (const { name, host } of jobs) {
    context.talk(`${shortName(host)}: ${name}`);
    const ended = await followJob(context, name, { showsLog: true });
    const own = await concludeJob(context, ended, async () => undefined);
    if (code === undefined || code === EXIT_CODES.ok.code) code = own;
  }
  return code;
}
