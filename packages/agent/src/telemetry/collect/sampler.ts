import { type Host, HostFileError } from "@switchyard/host";
import { type MetricName, SwitchyardError } from "@switchyard/model";

/** Where collectors read from and put what they read; an undefined value is no sample. */
export interface Sampler {
  readonly host: Host;
  add(metric: MetricName, object: string, value: number | undefined): void;
}

/** What `read` gives; undefined when the host refuses. */
export async function attempt<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof HostFileError || error instanceof SwitchyardError) return undefined;
    throw error;
  }
}
