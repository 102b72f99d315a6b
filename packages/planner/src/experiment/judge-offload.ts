import type { HostId, OffloadReading } from "@switchyard/model";
import type { JudgedCheck } from "../rollout/judge-host.ts";

/** The check that counts flows in the card. */
const FLOWS_IN_HARDWARE = "E01";

/**
 * Whether the card carries the flows of a mode that says so, by the doctor's check after traffic. That no flow was
 * seen is no proof.
 */
export function judgeOffload(host: HostId, checks: readonly JudgedCheck[]): OffloadReading {
  const check = checks.find(({ id }) => id === FLOWS_IN_HARDWARE);
  const evidence = check?.evidence.join("; ") ?? "";
  return {
    host,
    isProven: check?.status === "pass",
    found: evidence === "" ? "nobody could look at the flows" : evidence,
  };
}
