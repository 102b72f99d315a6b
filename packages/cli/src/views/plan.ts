import { Plan, type PlannedCommand, type PlannedStep, systemTiming } from "@switchyard/client";
import { formatCommand } from "@switchyard/model";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { plainText } from "../output/text.ts";
import { count, formatAge, shortName } from "../output/values.ts";
import { disruptionWord, formatFindings, kindWord, showPlanState } from "./kinds.ts";

const columns: readonly Column<Plan>[] = [
  { header: "PLAN", cell: ({ name }) => shortName(name) },
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "KIND", cell: ({ hostKind }) => kindWord(hostKind) },
  { header: "PROFILE", cell: ({ profile }) => shortName(profile) || "(teardown)" },
  { header: "STATE", cell: ({ state }, style) => showPlanState(state, style) },
  { header: "STEPS", isNumber: true, cell: ({ steps }) => String(steps.length) },
  { header: "DISRUPTION", cell: ({ disruption }) => disruptionWord(disruption) },
  { header: "VMS HIT", isNumber: true, cell: ({ affectedVms }) => String(affectedVms.length) },
  { header: "AGE", cell: ({ createTime }) => formatAge(createTime, systemTiming.nowMs()) },
];

/** What a plan does, in one line: asked before it is applied, and shown above it. */
export const summarizePlan = (plan: Plan): string =>
  `${count(plan.steps.length, "step")} on ${shortName(plan.host)} (${kindWord(plan.hostKind)}), ` +
  `disruption ${disruptionWord(plan.disruption)}, ${count(plan.affectedVms.length, "VM")} hit`;

function describe(plan: Plan, style: Style): string {
  const head = `${style.bold(plan.name)}  ${showPlanState(plan.state, style)}\n`;
  return [
    head,
    formatFields([
      ["host", `${shortName(plan.host)} (${kindWord(plan.hostKind)})`],
      [
        "goal",
        plan.profile === ""
          ? "teardown"
          : `profile ${shortName(plan.profile)}, generation ${plan.profileGeneration}`,
      ],
      ["disruption", disruptionWord(plan.disruption)],
      ["VMs hit", plan.affectedVms.map(shortName).join(", ") || "none"],
      ["job", plan.job && shortName(plan.job)],
    ]),
    plan.steps.length === 0 ? "\nnothing to do\n" : `\n${formatSteps(plan.steps, style)}`,
    ...(plan.findings.length === 0 ? [] : [`\n${formatFindings(plan.findings, style)}`]),
  ].join("");
}

/** Every step with its exact commands. */
export const formatSteps = (steps: readonly PlannedStep[], style: Style): string =>
  steps
    .map((step, index) => {
      const word = disruptionWord(step.disruption);
      const marks = [
        ...(word === "none" ? [] : [word]),
        ...(step.isReversible ? [] : ["one-way"]),
        ...(step.guard === "" ? [] : ["guarded"]),
      ];
      const suffix = marks.length === 0 ? "" : `  [${marks.join(", ")}]`;
      const title = `${String(index + 1).padStart(3)}  ${plainText(step.title)}${suffix}\n`;
      const commands = step.commands.map((command) => `       ${commandText(command)}\n`);
      const guard = step.guard === "" ? "" : `       guarded: ${plainText(step.guard)}\n`;
      return title + style.dim(guard + commands.join(""));
    })
    .join("");

export function commandText({ command }: PlannedCommand): string {
  switch (command?.$case) {
    case "run":
      return formatCommand({ kind: "run", argv: command.value.argv });
    case "write":
      return formatCommand({ kind: "write", ...command.value });
    case undefined:
      return "(a command this version does not know)";
  }
}

export const planView: View<Plan> = {
  plural: "plans",
  toJson: Plan.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
