// The product on a real kernel: `./dev lab [PART…]`. Exit code 0 says that every part was verified.
import { conclude, createReport } from "@switchyard/dev/main-job";
import { describeError } from "@switchyard/runtime";
import type { LabContext, LabPart } from "./context.ts";
import { adoptionPart } from "./parts/adoption.ts";
import { contractPart } from "./parts/contract.ts";
import { deadManPart } from "./parts/dead-man.ts";
import { driftPart } from "./parts/drift.ts";
import { enrol } from "./parts/enrol.ts";
import { evacuationPart } from "./parts/evacuation.ts";
import { experimentPart } from "./parts/experiment.ts";
import { kernelArgumentsPart } from "./parts/kernel-arguments.ts";
import { modesPart } from "./parts/modes.ts";
import { powerCutPart } from "./parts/power-cut.ts";
import { preflightPart } from "./parts/preflight.ts";
import { tearDown } from "./parts/profile.ts";
import { sriovCardPart } from "./parts/sriov-card.ts";
import { twoHostsPart } from "./parts/two-hosts.ts";
import { vmsPart } from "./parts/vms.ts";
import { withLab } from "./with-lab.ts";

const EXIT_USAGE = 2;

/** Before the agent is there, and with it. In this order, all on one boot of the host. */
const BARE_PARTS: readonly LabPart[] = [contractPart];
const AGENT_PARTS: readonly LabPart[] = [
  preflightPart,
  sriovCardPart,
  adoptionPart,
  kernelArgumentsPart,
  powerCutPart,
  driftPart,
  deadManPart,
  vmsPart,
  modesPart,
];

/** Only when named: VMs of an image take many minutes to boot. */
const NAMED_PARTS: readonly LabPart[] = [twoHostsPart, evacuationPart, experimentPart];

const wanted = process.argv.slice(2);
const known = [...BARE_PARTS, ...AGENT_PARTS, ...NAMED_PARTS].map(({ name }) => name);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`lab: no part ${unknown.join(", ")}; there are ${known.join(", ")}\n`);
  process.exit(EXIT_USAGE);
}
/** All of them, or those named in the order they are named. */
const chosenOf = (parts: readonly LabPart[]): readonly LabPart[] =>
  wanted.length === 0
    ? parts
    : wanted.flatMap((name) => parts.find((part) => part.name === name) ?? []);

const report = createReport(process.stdout);
report.say(
  "A LAB host: a real Linux kernel in QEMU under software emulation. No hardware is touched,",
);
report.say("nothing of it says how fast a server would be.");

/** False where the part broke off: what the host is like then, the next part can't know. */
async function isRun(part: LabPart, context: LabContext): Promise<boolean> {
  try {
    await part.run(context);
    return true;
  } catch (error) {
    report.verify(false, `${part.name} broke off: ${describeError(error).trim()}`);
    report.show(`The console of the lab host ends:\n${await context.labHost.readSerialTail()}`);
    return false;
  }
}

await withLab(report, {}, async (context) => {
  for (const part of chosenOf(BARE_PARTS)) if (!(await isRun(part, context))) return;
  const agentParts = [
    ...chosenOf(AGENT_PARTS),
    ...(wanted.length === 0 ? [] : chosenOf(NAMED_PARTS)),
  ];
  if (agentParts.length === 0) return;
  await enrol(context);
  for (const part of agentParts) if (!(await isRun(part, context))) return;
  await tearDown(context);
});

process.exit(conclude(report, process.stdout));
