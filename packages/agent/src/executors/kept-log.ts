import type { StepContext } from "./executor.ts";

const FOLDER = "/var/lib/switchyard/logs";
/** Jobs whose logs are kept; their ids sort by age. */
const JOBS_MAX = 32;
/** Characters kept of one log: its end, where tools say what went wrong. */
const LOG_LENGTH_MAX = 1024 * 1024;

export const logFolderOf = ({ job }: Pick<StepContext, "job">): string => `${FOLDER}/${job}`;

/** Keeps what a long program said on the host, and removes the oldest jobs' logs beyond the bound. */
export async function keepLog(context: StepContext, name: string, text: string): Promise<void> {
  const { host } = context;
  await host.replaceFile(`${logFolderOf(context)}/${name}`, text.slice(-LOG_LENGTH_MAX));
  const jobs = await host.listFolder(FOLDER);
  for (const oldest of jobs.slice(0, -JOBS_MAX)) await host.remove(`${FOLDER}/${oldest}`);
}
