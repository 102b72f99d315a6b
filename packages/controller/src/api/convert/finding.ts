import type { Finding } from "@switchyard/model";
import type { Finding as ProtoFinding } from "@switchyard/proto";
import { SEVERITY } from "./enums.ts";

export const toProtoFinding = (finding: Finding): ProtoFinding => ({
  ...finding,
  severity: SEVERITY[finding.severity],
});
