import type { ConnectConsoleRequest } from "@switchyard/client";
import type { Stack } from "@switchyard/dev/stack";
import type { ExecInVmResponse, Vm } from "@switchyard/proto";

/** A guest under two emulations takes seconds to start a program, and much longer on a busy machine. */
const EXEC_SECONDS = 300n;

/** For one word that a guest is to write on its console. */
const CONSOLE_MS = 600_000;

/** Runs a program inside a VM, by its guest agent. */
export const runInGuest = (
  { client }: Pick<Stack, "client">,
  vm: string,
  argv: readonly string[],
): Promise<ExecInVmResponse> =>
  client.vms.execInVm({
    name: vm,
    argv: [...argv],
    timeout: { seconds: EXEC_SECONDS, nanos: 0 },
  });

/** What the guest has written on its serial console, as far as it is kept. */
export async function readGuestLog({ client }: Pick<Stack, "client">, vm: string): Promise<string> {
  let text = "";
  for await (const part of client.vms.readVmLog({ name: vm })) text += part.text;
  return text;
}

/** A line to type once the guest has written a word. */
export interface ConsoleTurn {
  readonly await: string;
  readonly type: string;
}

/**
 * Holds a dialogue on a VM's console as a person would.
 *
 * @returns all that the guest wrote meanwhile
 * @throws Error when the guest does not write the next word in time, with what it wrote instead
 */
export async function talkOnConsole(
  { client }: Pick<Stack, "client">,
  vm: string,
  turns: readonly ConsoleTurn[],
): Promise<string> {
  const left = [...turns];
  const signal = AbortSignal.timeout(CONSOLE_MS);
  const typed: string[] = [];
  let wake = Promise.withResolvers<void>();
  const type = (text: string) => {
    typed.push(text);
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  async function* requests(): AsyncGenerator<ConnectConsoleRequest> {
    yield { message: { $case: "open", value: { name: vm, take: false } } };
    for (;;) {
      const next = typed.shift();
      if (next === undefined) await wake.promise;
      else yield { message: { $case: "data", value: Buffer.from(next) } };
    }
  }
  const leaving = new AbortController();
  const responses = client.vms.connectConsole(requests(), {
    signal: AbortSignal.any([signal, leaving.signal]),
  });
  let text = "";
  let seen = 0;
  try {
    for await (const { message } of responses) {
      if (message?.$case === "opened") type("\r");
      if (message?.$case !== "data") continue;
      text += message.value.toString();
      const [turn] = left;
      if (turn === undefined || !text.slice(seen).includes(turn.await)) continue;
      left.shift();
      seen = text.length;
      if (left.length === 0) return text;
      type(turn.type);
    }
  } catch (error) {
    throw new Error(
      `${vm}: waited for "${left[0]?.await}"; its console shows ${text.slice(-500)}`,
      {
        cause: error,
      },
    );
  } finally {
    leaving.abort();
  }
  throw new Error(`${vm}: its console came to its end after ${text.slice(-500)}`);
}

export const addressOf = (vm: Vm): string => vm.allocation?.address.split("/")[0] ?? "";
