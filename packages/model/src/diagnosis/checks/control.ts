import type { CheckEntry } from "../check-entry.ts";

/** Agent, profile and jobs of a host. */
export const AGENT_CHECKS = {
  "AGENT-ALIVE": {
    group: "agent",
    title: "the agent sends heartbeats",
    causes: ["the agent's service is stopped", "the host is down", "the way to NATS is cut"],
    fix: "systemctl status switchyard-agent on the host.",
  },
  "AGENT-ANSWER": {
    group: "agent",
    title: "the agent answers and can look at its host",
    causes: ["the agent is of an older release", "a tool of the host hangs"],
    fix: "Update the agent; then look for a hanging program on the host.",
  },
  "AGENT-INVENTORY": {
    group: "agent",
    title: "the inventory is recent and complete",
    causes: ["a tool is missing or failed on the host", "the agent does not report"],
    fix: "Mend what the finding names; the agent looks again by itself.",
  },
  "AGENT-LEDGER": {
    group: "agent",
    title: "the agent's ledger takes jobs",
    causes: ["the disk is full", "a record in the middle of it is broken"],
    fix: "Free disk space; for LEDGER_CORRUPT move the ledger away and enrol again.",
  },
  "AGENT-JOBS": {
    group: "agent",
    title: "no job waits for a person or failed last",
    causes: ["a step's outcome could not be told", "the last job failed"],
    fix: "swy job get JOB, look at the host, then plan again.",
  },
  "PROFILE-MATCH": {
    group: "profile",
    title: "exactly one profile matches the host's labels",
    causes: ["no selector matches", "two selectors match"],
    fix: "swy host label HOST, or change a selector so that one profile matches.",
  },
  "PROFILE-DRIFT": {
    group: "profile",
    title: "the host is as its profile wishes",
    causes: ["the profile was changed and not applied", "the host was changed by hand or rebooted"],
    fix: "swy plan create --host HOST, review it, apply it.",
    safeFix: "apply-profile",
  },
  "PROFILE-PLAN": {
    group: "profile",
    title: "nothing blocks the plan of the host's profile",
    causes: ["a finding of severity error"],
    fix: "Mend what the findings name.",
  },
} as const satisfies Record<string, CheckEntry>;

/** The control plane itself, as the controller that answers sees it. */
export const CONTROLLER_CHECKS = {
  "CTL-DATABASE": {
    group: "controller",
    title: "Postgres answers",
    causes: ["Postgres is down or restarting", "the way to it is cut"],
    fix: "Look at Postgres; jobs are kept and go on when it is back.",
  },
  "CTL-BUS": {
    group: "controller",
    title: "NATS answers",
    causes: ["nats-server is down", "the controller's credentials are refused"],
    fix: "Look at nats-server; jobs wait in the outbox and go on when it is back.",
  },
  "CTL-OUTBOX": {
    group: "controller",
    title: "jobs are accepted by their hosts in time",
    causes: ["agents are away", "NATS loses messages or is down"],
    fix: "Look at the hosts named: swy doctor HOST.",
  },
  "CTL-JOBS": {
    group: "controller",
    title: "no job of the fleet waits for a person",
    causes: ["a step's outcome could not be told after a crash"],
    fix: "swy job get JOB, look at the host, then plan again.",
  },
  "CTL-HOSTS": {
    group: "controller",
    title: "all hosts report in",
    causes: ["agents are stopped or their hosts are down"],
    fix: "swy host list, then swy doctor HOST for those that are lost.",
  },
} as const satisfies Record<string, CheckEntry>;
