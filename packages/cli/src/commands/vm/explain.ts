import { PlacementReport, Vm } from "@switchyard/client";
import { resourceId } from "../../input/names.ts";
import { printDocument } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { describeReport } from "../../views/placement.ts";
import { addVmSpecOptions, readVmSpec, type VmSpecOptions } from "./vm-spec.ts";

/** Asks where a VM would go; nothing is refused and nothing is taken. */
export const verb = defineVerb<VmSpecOptions>({
  configure: (command) => {
    command.argument("[vm]", "its name, which orders hosts that are alike; default: vm");
    addVmSpecOptions(command);
  },
  run: async ({ context, args: [name = "vm"], options }) => {
    const vmId = resourceId("vms", name);
    const spec = await readVmSpec(context, options);
    const { vms } = await context.client();
    const report = await vms.explainPlacement({ vmId, vm: Vm.fromPartial({ spec }) });
    const text = describeReport(report, context.style);
    await printDocument(context, { json: PlacementReport.toJSON(report), text });
    return undefined;
  },
});
