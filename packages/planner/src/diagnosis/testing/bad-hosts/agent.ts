import type { HostCheckId } from "@switchyard/model";
import { type BadHost, datapath, inventory, look, pf } from "../changes.ts";
import { NOW_MS } from "../healthy-host.ts";

export const BAD_AGENT = {
  "AGENT-ALIVE": [
    "fail",
    (facts) => ({
      ...facts,
      presence: { state: "lost", lastSeenAtMs: NOW_MS - 120_000 },
    }),
  ],
  "AGENT-ANSWER": [
    "fail",
    (facts) => ({ ...facts, examination: undefined, silence: "no answer within 20 s" }),
  ],
  "AGENT-INVENTORY": [
    "fail",
    inventory((each) => ({
      ...each,
      findings: [
        {
          reason: "COMMAND_FAILED",
          severity: "error",
          message: "NICs could not be read: devlink ended with status 1",
          found: "status 1",
          needs: "an answer",
          fix: "Install devlink.",
          unread: "NICs",
        },
      ],
    })),
  ],
  "AGENT-LEDGER": [
    "fail",
    look({ agent: { ledgerTrouble: "LEDGER_FULL", unfinishedJobCount: 0 } }),
  ],
  "AGENT-JOBS": [
    "fail",
    (facts) => ({
      ...facts,
      jobs: [{ id: "j2", kind: "apply-host", state: "needs-operator", reason: undefined }],
    }),
  ],
  "PROFILE-MATCH": ["warn", (facts) => ({ ...facts, matchingProfiles: ["a", "b"] })],
  "PROFILE-DRIFT": ["fail", pf((each) => ({ ...each, link: { ...each.link, isUp: false } }))],
  "PROFILE-PLAN": ["fail", datapath({ vfCount: 100 })],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
