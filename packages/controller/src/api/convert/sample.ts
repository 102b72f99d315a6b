import type { Sample } from "@switchyard/proto";
import type { StoredSample } from "@switchyard/store";
import { hostName } from "../validation/names.ts";

export const toProtoSample = (sample: StoredSample): Sample => ({
  host: hostName.format(sample.host),
  metric: sample.metric,
  object: sample.object,
  time: new Date(sample.atMs),
  value: sample.value,
});
