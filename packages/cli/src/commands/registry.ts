import type { Verb } from "../verb.ts";

/** A verb that is loaded when it is used, so that help and start stay fast. */
export interface VerbEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly verb: Verb }>;
}

export interface NounEntry {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly VerbEntry[];
  /** Nouns below it: `swy job snapshot diff`. */
  readonly nouns?: readonly NounEntry[];
}

const entry = (name: string, summary: string, load: VerbEntry["load"]): VerbEntry => ({
  name,
  summary,
  load,
});

/** The whole tree below `swy`, in the order in which help shows it. */
export const NOUNS: readonly NounEntry[] = [
  {
    name: "host",
    summary: "servers that run an agent",
    verbs: [
      entry("list", "list hosts", () => import("./host/list.ts")),
      entry("get", "show a host with its inventory", () => import("./host/get.ts")),
      entry("watch", "print changes of hosts as they come", () => import("./host/watch.ts")),
      entry(
        "preflight",
        "say whether a host is fit to have its NIC made ready",
        () => import("./host/preflight.ts"),
      ),
      entry(
        "offload",
        "say whether the card carries a host's traffic, and what it does not",
        () => import("./host/offload.ts"),
      ),
      entry("enroll", "make a one-time token for a new host", () => import("./host/enroll.ts")),
      entry("label", "change a host's labels", () => import("./host/label.ts")),
      entry(
        "set-mode",
        "bring a host to mode vdpa or sriov and keep it there",
        () => import("./host/set-mode.ts"),
      ),
      entry("cordon", "keep new VMs away from a host", () => import("./host/cordon.ts")),
      entry("uncordon", "let a host take VMs again", () => import("./host/uncordon.ts")),
      entry("evacuate", "move all VMs of a host elsewhere", () => import("./host/evacuate.ts")),
      entry("drain", "the same as evacuate", () => import("./host/evacuate.ts")),
      entry(
        "restore-home",
        "bring back VMs that were evacuated from a host",
        () => import("./host/restore-home.ts"),
      ),
      entry(
        "fence",
        "make sure that a lost host runs nothing any more",
        () => import("./host/fence.ts"),
      ),
    ],
  },
  {
    name: "fleet",
    summary: "all hosts together, and the brake on what is begun by itself",
    verbs: [
      entry("get", "show how many hosts there are, and what holds", () => import("./fleet/get.ts")),
      entry("unfreeze", "let rollouts and moves go on", () => import("./fleet/unfreeze.ts")),
    ],
  },
  {
    name: "profile",
    summary: "what hosts shall be, by label",
    verbs: [
      entry("list", "list profiles", () => import("./profile/list.ts")),
      entry("get", "show a profile", () => import("./profile/get.ts")),
      entry("create", "create a profile", () => import("./profile/create.ts")),
      entry(
        "from-host",
        "write the profile of a host that was set up by hand",
        () => import("./profile/from-host.ts"),
      ),
      entry("update", "change a profile's spec", () => import("./profile/update.ts")),
      entry("diff", "show where its hosts differ from it", () => import("./profile/diff.ts")),
      entry("delete", "delete a profile", () => import("./profile/delete.ts")),
    ],
  },
  {
    name: "firmware",
    summary: "what the cards of all hosts run and are configured to",
    verbs: [
      entry(
        "list",
        "list cards with firmware and configuration",
        () => import("./firmware/list.ts"),
      ),
    ],
  },
  {
    name: "plan",
    summary: "the way from what a host is to what it shall be",
    verbs: [
      entry("create", "plan hosts; changes nothing on them", () => import("./plan/create.ts")),
      entry("list", "list plans", () => import("./plan/list.ts")),
      entry("get", "show a plan with its exact commands", () => import("./plan/get.ts")),
      entry("apply", "do exactly what was planned", () => import("./plan/apply.ts")),
    ],
  },
  {
    name: "rollout",
    summary: "one change over many hosts, wave by wave",
    verbs: [
      entry("list", "list rollouts", () => import("./rollout/list.ts")),
      entry("get", "show a rollout with its hosts", () => import("./rollout/get.ts")),
      entry("start", "begin a rollout", () => import("./rollout/start.ts")),
      entry("watch", "follow a rollout to its end", () => import("./rollout/watch.ts")),
      entry("pause", "begin no further host", () => import("./rollout/pause.ts")),
      entry("resume", "go on, and accept what failed", () => import("./rollout/resume.ts")),
      entry("promote", "end the soak of a wave now", () => import("./rollout/promote.ts")),
      entry("abort", "end it; hosts stay as they are", () => import("./rollout/abort.ts")),
      entry("roll-back", "bring hosts back", () => import("./rollout/roll-back.ts")),
    ],
  },
  {
    name: "bench",
    summary: "experiments: what each way of plugging a VM in comes to",
    verbs: [
      entry("run", "measure modes on one host or between two", () => import("./bench/run.ts")),
      entry("suites", "list how long and how often, by name", () => import("./bench/suites.ts")),
      entry("list", "list experiments", () => import("./bench/list.ts")),
      entry("get", "show an experiment and its throughput", () => import("./bench/get.ts")),
      entry(
        "compare",
        "compare the modes of an experiment, or two or three experiments",
        () => import("./bench/compare.ts"),
      ),
      entry("report", "write a report with a chart", () => import("./bench/report.ts")),
      entry("export", "write everything measured, raw", () => import("./bench/export.ts")),
      entry("cancel", "end it early; hosts go back first", () => import("./bench/cancel.ts")),
      entry("delete", "remove an experiment that has ended", () => import("./bench/delete.ts")),
    ],
  },
  {
    name: "network",
    summary: "segments with address pools",
    verbs: [
      entry("list", "list networks", () => import("./network/list.ts")),
      entry("get", "show a network", () => import("./network/get.ts")),
      entry("create", "create a network", () => import("./network/create.ts")),
      entry("update", "change a network's spec", () => import("./network/update.ts")),
      entry(
        "reserve",
        "keep an address out of the pool, or for one VM",
        () => import("./network/reserve.ts"),
      ),
      entry("release", "give a reserved address back", () => import("./network/release.ts")),
      entry("delete", "delete a network", () => import("./network/delete.ts")),
    ],
  },
  {
    name: "image",
    summary: "disks that VMs boot from",
    verbs: [
      entry("list", "list images", () => import("./image/list.ts")),
      entry("get", "show an image, host by host", () => import("./image/get.ts")),
      entry("import", "make an image known, and fetch it", () => import("./image/import.ts")),
      entry("fetch", "bring an image to hosts", () => import("./image/fetch.ts")),
      entry("delete", "delete an image", () => import("./image/delete.ts")),
    ],
  },
  {
    name: "vm",
    summary: "virtual machines on hardware vDPA",
    verbs: [
      entry("list", "list VMs", () => import("./vm/list.ts")),
      entry("get", "show a VM", () => import("./vm/get.ts")),
      entry("create", "place a VM and start it", () => import("./vm/create.ts")),
      entry(
        "explain",
        "where a VM would go, and what every host has to say to it",
        () => import("./vm/explain.ts"),
      ),
      entry("start", "start a VM that is stopped or failed", () => import("./vm/start.ts")),
      entry("stop", "stop a VM, which keeps what it took", () => import("./vm/stop.ts")),
      entry("reboot", "stop a VM and start it again", () => import("./vm/reboot.ts")),
      entry("resize", "change the size of a stopped VM", () => import("./vm/resize.ts")),
      entry("update", "protect a VM, or have it started again", () => import("./vm/update.ts")),
      entry("delete", "stop a VM and free what it took", () => import("./vm/delete.ts")),
      entry("ping", "send pings from inside the guest", () => import("./vm/ping.ts")),
      entry("move", "stop a VM and start it on another host", () => import("./vm/move.ts")),
      entry(
        "migration",
        "say how a VM can be moved, and why no better",
        () => import("./vm/migration.ts"),
      ),
      entry("console", "connect to the serial console", () => import("./vm/console.ts")),
      entry("log", "show what it wrote to its serial console", () => import("./vm/log.ts")),
      entry("exec", "run a program in the guest", () => import("./vm/exec.ts")),
      entry(
        "freeze",
        "freeze the guest's file systems for a backup or a snapshot",
        () => import("./vm/freeze.ts"),
      ),
      entry("thaw", "end a freeze", () => import("./vm/thaw.ts")),
    ],
  },
  {
    name: "move",
    summary: "VMs on their way from host to host",
    verbs: [
      entry("list", "list moves, newest first", () => import("./move/list.ts")),
      entry("get", "show a move", () => import("./move/get.ts")),
    ],
  },
  {
    name: "job",
    summary: "durable work on one host",
    verbs: [
      entry("list", "list jobs", () => import("./job/list.ts")),
      entry("get", "show a job", () => import("./job/get.ts")),
      entry("watch", "follow a job to its end", () => import("./job/watch.ts")),
      entry("logs", "show what a job did, command by command", () => import("./job/logs.ts")),
      entry("cancel", "stop a job at its next step", () => import("./job/cancel.ts")),
      entry(
        "snapshots",
        "list what the host was like before the job's first step and after each",
        () => import("./job/snapshots.ts"),
      ),
    ],
    nouns: [
      {
        name: "snapshot",
        summary: "a host at one point of a job",
        verbs: [
          entry(
            "diff",
            "show what differs between two of one job, or of two jobs",
            () => import("./job/snapshot/diff.ts"),
          ),
          entry(
            "export",
            "write one as a file: for a bug report, and for the simulator",
            () => import("./job/snapshot/export.ts"),
          ),
        ],
      },
    ],
  },
  {
    name: "event",
    summary: "the audit: who did what",
    verbs: [
      entry("list", "list events, newest first", () => import("./event/list.ts")),
      entry("watch", "print events as they come", () => import("./event/watch.ts")),
    ],
  },
  {
    name: "metrics",
    summary: "telemetry of hosts and VMs",
    verbs: [
      entry("list", "list what is measured", () => import("./metrics/list.ts")),
      entry("query", "show a metric over time, aggregated", () => import("./metrics/query.ts")),
      entry("top", "show who is busiest now", () => import("./metrics/top.ts")),
      entry("samples", "show samples as they came", () => import("./metrics/samples.ts")),
    ],
  },
];

/** Commands without a noun. */
export const ROOT_VERBS: readonly VerbEntry[] = [
  entry(
    "doctor",
    "find out what is wrong with a host, or with all of it",
    () => import("./root/doctor.ts"),
  ),
  entry(
    "explain",
    "what a reason code or a check means and what to try; offline",
    () => import("./root/explain.ts"),
  ),
  entry(
    "completion",
    "print a script that lets a shell complete commands and live names",
    () => import("./root/completion.ts"),
  ),
  entry("help", "help on a topic: exit-codes", () => import("./root/help.ts")),
];

/** Short forms people's fingers know; there are no others. */
export const ALIASES: Readonly<Record<string, string>> = {
  list: "ls",
  get: "show",
  delete: "rm",
};
