// What a host costs: looking at it, planning a fleet, and applying a datapath on a real kernel in QEMU beside
// the seed's own commands as a script: `./dev bench host [--json]`.
import { createReport } from "@switchyard/dev/main-job";
import { describeMachine, printReport, rounded } from "../report.ts";
import { measureApply } from "./apply.ts";
import { measurePlanning } from "./planning.ts";

const HOSTS = 500;
const PLAN_AIM_S = 2;
const PREFLIGHT_AIM_S = 1;
const APPLY_RATIO_AIM = 1.3;
const MS_PER_S = 1000;

const planning = await measurePlanning(HOSTS);
const apply = await measureApply(createReport(process.stderr));

const planS = rounded(planning.planMs / MS_PER_S);
const preflightS = rounded(planning.preflightMs / MS_PER_S);
const applyRatio = rounded(apply.jobMs / apply.scriptMs);
printReport(
  {
    bench: "host",
    machine: describeMachine(),
    figures: [
      {
        name: `datapath of ${apply.vfs} VFs applied on a lab host, ${apply.steps} steps`,
        value: rounded(apply.jobMs / MS_PER_S),
        unit: "s",
        aim: `ratio <= ${APPLY_RATIO_AIM}`,
        ok: applyRatio <= APPLY_RATIO_AIM,
        peer: "the seed's commands as one shell script",
        ratio: applyRatio,
      },
      {
        name: "the seed's commands as one shell script, on the same lab host",
        value: rounded(apply.scriptMs / MS_PER_S),
        unit: "s",
      },
      {
        name: `plans of ${planning.hosts} simulated hosts`,
        value: planS,
        unit: "s",
        aim: `<= ${PLAN_AIM_S} s`,
        ok: planS <= PLAN_AIM_S,
      },
      {
        name: "preflight of a warm simulated host",
        value: preflightS,
        unit: "s",
        aim: `<= ${PREFLIGHT_AIM_S} s`,
        ok: preflightS <= PREFLIGHT_AIM_S,
      },
    ],
  },
  process.argv.includes("--json"),
);
process.exit(0);
