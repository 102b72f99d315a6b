import type { Vm } from "@switchyard/proto";
import { VmState } from "@switchyard/proto";
import { type DemoContext, shortName } from "./context.ts";
import { addressOf, verifyPing } from "./vms.ts";

/** A host is emptied for maintenance; its VM keeps its address, and comes home afterwards. */
export async function showEvacuation(
  context: DemoContext,
  { leaving, staying }: { readonly leaving: Vm; readonly staying: Vm },
): Promise<void> {
  const { stack, report, swy } = context;
  const home = leaving.allocation?.host ?? "";
  const host = shortName(home);
  const read = () => stack.client.vms.getVm({ name: leaving.name });
  report.part(`${home} is evacuated; ${leaving.name} goes elsewhere with its disk and address`);
  const evacuated = await swy.run("host", "evacuate", host, "--reason", "a demo", "--yes");
  const moved = await read();
  report.verify(
    evacuated === 0 && moved.state === VmState.RUNNING && moved.allocation?.host !== home,
    `${leaving.name} runs on ${moved.allocation?.host}`,
  );
  report.verify(addressOf(moved) === addressOf(leaving), `it still has ${addressOf(moved)}`);
  await verifyPing(context, staying, addressOf(moved));
  const uncordoned = await swy.run("host", "uncordon", host);
  const restored = await swy.run("host", "restore-home", host, "--yes");
  const back = await read();
  report.verify(
    uncordoned === 0 && restored === 0 && back.allocation?.host === home,
    `${leaving.name} is home again`,
  );
}
