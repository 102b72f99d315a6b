import type { SessionChannel } from "@switchyard/bus";
import { sessionError } from "@switchyard/bus";
import { InvalidInputError, type SessionEnd, SwitchyardError } from "@switchyard/model";
import {
  type ConnectConsoleRequest,
  type ConnectConsoleResponse,
  HostKind,
} from "@switchyard/proto";
import { HOST_KIND } from "../convert/enums.ts";
import type { CallContext } from "../interceptors/call-context.ts";
import type { ApiParts } from "../parts.ts";
import { readName } from "../services/read-fields.ts";
import { hostName, vmName } from "../validation/names.ts";
import { assertDone, auditVm, readVmAddress } from "./vm-address.ts";

/** Wait for the message that says which console is wanted. */
const OPENING_TIMEOUT_MS = 10_000;

const LEFT: SessionEnd = { reason: undefined, message: "the caller left" };

type Inputs = AsyncIterator<ConnectConsoleRequest>;

/** The first message. @throws InvalidInputError FIELD_INVALID; SwitchyardError CALL_TIMED_OUT */
async function readOpening({ clock }: ApiParts, inputs: Inputs) {
  const inTime = new AbortController();
  const late = clock.sleep(OPENING_TIMEOUT_MS, inTime.signal).then(() => undefined);
  const first = await Promise.race([inputs.next(), late]);
  inTime.abort();
  if (first === undefined) {
    throw new SwitchyardError("CALL_TIMED_OUT", `no opening within ${OPENING_TIMEOUT_MS} ms`);
  }
  const message = first.done === true ? undefined : first.value.message;
  if (message?.$case !== "open") {
    throw new InvalidInputError("FIELD_INVALID", "the first message opens no console", {
      subject: "open",
      found: message?.$case ?? "nothing",
      needs: "open",
    });
  }
  return { vm: readName("open.name", message.value.name, vmName), isTaking: message.value.take };
}

/** Sends what the caller types, until the caller has no more; the console goes on then. */
async function sendTyped(inputs: Inputs, channel: SessionChannel): Promise<number> {
  let typedBytes = 0;
  for (;;) {
    const { done, value } = await inputs.next();
    if (done === true) return typedBytes;
    if (value.message?.$case !== "data") {
      throw new InvalidInputError("FIELD_INVALID", "a console is opened once", {
        subject: "data",
        found: value.message?.$case ?? "nothing",
        needs: "data",
      });
    }
    typedBytes += value.message.value.length;
    await channel.send(value.message.value);
  }
}

/**
 * The caller's session with a VM's console. Its opening and its end are in the audit, nothing of what was typed
 * or shown. Each side waits for the other: what is held of a session is bounded.
 *
 * @throws StoreError VM_NOT_FOUND; DispatchError HOST_UNREACHABLE, CONSOLE_BUSY, CONSOLE_TAKEN, CONSOLE_IDLE,
 *   CONSOLE_STALLED, SESSION_LOST; HostError VM_NOT_RUNNING
 */
export async function* connectConsole(
  parts: ApiParts,
  requests: AsyncIterable<ConnectConsoleRequest>,
  context: CallContext,
): AsyncGenerator<ConnectConsoleResponse> {
  const inputs = requests[Symbol.asyncIterator]();
  const { vm, isTaking } = await readOpening(parts, inputs);
  const { host, address } = await readVmAddress(parts, vm);
  const who = context.caller.name;
  const { answer, channel } = await parts.dispatch.openConsole(address, { vm, who, isTaking });
  assertDone(answer);
  const startMs = parts.clock.monotonicMs();
  let shownBytes = 0;
  let failure: unknown;
  const onLeft = () => channel.end(LEFT);
  context.signal.addEventListener("abort", onLeft, { once: true });
  if (context.signal.aborted) onLeft();
  try {
    const details = { host: host.id, take: String(isTaking) };
    await auditVm(parts, context, { vm, action: "vm.console-open", details });
    void sendTyped(inputs, channel).catch((error: unknown) => {
      failure = error;
      channel.end(LEFT);
    });
    const name = vmName.format(vm);
    const hostKind = host.kind === undefined ? HostKind.UNSPECIFIED : HOST_KIND[host.kind];
    const value = { name, host: hostName.format(host.id), hostKind };
    yield { message: { $case: "opened", value } };
    for (;;) {
      const bytes = await channel.receive();
      if (bytes === undefined) break;
      shownBytes += bytes.length;
      yield { message: { $case: "data", value: Buffer.from(bytes) } };
    }
    const end = await channel.ended;
    if (failure instanceof InvalidInputError) throw failure;
    if (end.reason !== undefined) throw sessionError(end);
    yield { message: { $case: "closed", value: { message: end.message } } };
  } finally {
    context.signal.removeEventListener("abort", onLeft);
    channel.end(LEFT);
    const { reason, message } = await channel.ended;
    const durationMs = Math.round(parts.clock.monotonicMs() - startMs);
    const details = {
      reason: reason ?? message,
      durationMs: String(durationMs),
      shownBytes: String(shownBytes),
    };
    await auditVm(parts, context, { vm, action: "vm.console-close", details }).catch(
      (error: unknown) => context.log.warn({ err: error }, "a console's end is not in the audit"),
    );
  }
}
