import { type Host, readEswitchMode } from "@switchyard/host";
import type { EswitchMode } from "@switchyard/model";
import type { Sections } from "./sections.ts";

/** Mode of a PF's eswitch; one that does not answer is shown as `legacy`, with a finding that blocks plans. */
export const readMode = (host: Host, sections: Sections, handle: string): Promise<EswitchMode> =>
  sections.read<EswitchMode>({
    name: `The eswitch mode of ${handle}`,
    severity: "error",
    fallback: "legacy",
    read: () => readEswitchMode(host, handle),
  });
