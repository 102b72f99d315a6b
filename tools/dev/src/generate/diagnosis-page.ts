import {
  CHECK_GROUPS,
  CHECKS,
  type CheckGroup,
  type CheckId,
  checkEntry,
  DECISION_ORDERS,
  type DecisionOrder,
  PREFLIGHT_CHECKS,
  SYMPTOMS,
} from "@switchyard/model";

const HEAD = `# What the doctor checks

\`swy doctor HOST\` looks at a host and runs these checks; \`swy doctor\` runs them on all hosts, and those of the
controller. PASS, WARN and FAIL are what they say; SKIP is what is not known, with the reason. It exits 7 when a check
fails. \`swy explain ID\` tells more about one of them, offline.

Ids of one letter and two digits are those of the diagnosis catalogue. Ids are stable. \`--fix safe\` makes the plan of
the host's profile for checks marked *safe*, shows it, and applies it only where it disturbs nothing.

\`swy host preflight HOST\` asks only what must be right before a NIC is made ready, a line for each check. It needs no
profile; with one it also asks what the profile wants. Plans ask the same of the host as they will have changed it: what
fails there blocks the plan, what warns does not. What the host does not say is SKIP, and no plan minds it.

Preflight: ${PREFLIGHT_CHECKS.join(", ")}.

This page is made by \`./dev generate\`.
`;

/** In a cell a bar would end it. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

function checkRow(id: CheckId): string {
  const { title, causes, fix, safeFix } = checkEntry(id);
  const mend = safeFix === undefined ? fix : `${fix} *safe*`;
  return `| ${id} | ${cell(title)} | ${cell(causes.join("; "))} | ${cell(mend)} |`;
}

function groupSection(group: CheckGroup): string {
  const ids = (Object.keys(CHECKS) as CheckId[]).filter((id) => checkEntry(id).group === group);
  const head = `## ${group}\n\n| id | passes when | causes, likeliest first | try |\n| --- | --- | --- | --- |`;
  return `${head}\n${ids.map(checkRow).join("\n")}\n`;
}

function orderSection({ title, steps }: DecisionOrder): string {
  const lines = steps.map(({ question, checks, hint }, at) => {
    const told = checks.length === 0 ? "" : ` ${checks.join(", ")}`;
    return `${at + 1}. ${question}${told}${hint === undefined ? "" : ` (${hint})`}`;
  });
  return `## When ${title}\n\n${lines.join("\n")}\n`;
}

function symptomSection(): string {
  const rows = Object.entries(SYMPTOMS).map(
    ([id, { cause, fix, checks }]) =>
      `| ${id} | ${cell(cause)} | ${checks.join(", ")} | ${cell(fix)} |`,
  );
  const head = "| id | what a text of this kind means | checks | try |\n| --- | --- | --- | --- |";
  return `## Texts that are recognised\n\n\`swy doctor --symptom TEXT\` matches error texts against these.\n\n${head}\n${rows.join("\n")}\n`;
}

/** docs/diagnosis.md, from the tables that the doctor runs on. */
export const diagnosisPage = (): string =>
  [
    HEAD,
    ...CHECK_GROUPS.map(groupSection),
    ...Object.values<DecisionOrder>(DECISION_ORDERS).map(orderSection),
    symptomSection(),
  ].join("\n");
