import { CommandError } from "@switchyard/model";
import { parseJson, recordOf, textOf } from "../json.ts";

export type QmpMessage =
  | { readonly kind: "greeting" }
  | { readonly kind: "event"; readonly name: string }
  | { readonly kind: "return"; readonly id: string | undefined; readonly value: unknown }
  | {
      readonly kind: "error";
      readonly id: string | undefined;
      readonly errorClass: string;
      readonly description: string;
    };

/** `running`, `paused`, `shutdown`, `internal-error` … */
export interface VmStatus {
  readonly status: string;
  readonly isRunning: boolean;
}

/**
 * @throws CommandError COMMAND_OUTPUT_UNREADABLE
 * @see qemu/qemu docs/interop/qmp-spec.rst
 */
export function parseQmpMessage(line: string): QmpMessage {
  const message = recordOf(parseJson(line));
  const id = textOf(message["id"]);
  if ("QMP" in message) return { kind: "greeting" };
  if ("event" in message) return { kind: "event", name: textOf(message["event"]) ?? "" };
  if ("return" in message) return { kind: "return", id, value: message["return"] };
  const error = recordOf(message["error"]);
  return {
    kind: "error",
    id,
    errorClass: textOf(error["class"]) ?? "GenericError",
    description: textOf(error["desc"]) ?? line,
  };
}

export function parseVmStatus(answer: unknown): VmStatus {
  const status = recordOf(answer);
  return { status: textOf(status["status"]) ?? "unknown", isRunning: status["running"] === true };
}

/** @throws CommandError COMMAND_OUTPUT_UNREADABLE where a vCPU has no thread */
export function parseVcpuThreads(answer: unknown): readonly number[] {
  const vcpus = Array.isArray(answer) ? answer.map(recordOf) : [];
  const known = vcpus
    .map((vcpu) => ({ index: Number(vcpu["cpu-index"]), thread: Number(vcpu["thread-id"]) }))
    .sort((left, right) => left.index - right.index);
  const isWhole = known.every(({ index, thread }, at) => index === at && thread > 0);
  if (known.length > 0 && isWhole) return known.map(({ thread }) => thread);
  throw new CommandError("COMMAND_OUTPUT_UNREADABLE", "QEMU's list of vCPUs is not understood", {
    argv: "query-cpus-fast",
    found: JSON.stringify(answer)?.slice(0, 200) ?? "nothing",
  });
}
