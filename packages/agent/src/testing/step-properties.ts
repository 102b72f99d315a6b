import assert from "node:assert/strict";
import { createHostKey } from "@switchyard/bus";
import type { FaultRule, SimHost } from "@switchyard/hostsim";
import { DispatchError, parseJobId, type StepArguments, type StepKind } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import type { StepContext } from "../executors/executor.ts";
import { EXECUTORS } from "../executors/executors.ts";
import { hostReaders } from "../inventory/host-readers.ts";
import { createKeyedLocks } from "../jobs/keyed-locks.ts";
import { createTopology } from "../jobs/topology.ts";

/** Of every host in such a test. */
export const TEST_HOST_KEY = createHostKey();

/** What an executor is given when no job is around it. */
export function stepContext(host: SimHost, overrides: Partial<StepContext> = {}): StepContext {
  const options = { host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] };
  return {
    host,
    observer: host,
    topology: createTopology(hostReaders(options)),
    clock: systemClock,
    locks: createKeyedLocks(),
    job: parseJobId("0190c8a4-0000-7000-8000-000000000001"),
    epoch: 1,
    signal: new AbortController().signal,
    record: () => undefined,
    say: () => undefined,
    fetchDiskPiece: () => Promise.reject(new DispatchError("HOST_UNREACHABLE", "nobody answers")),
    unseal: TEST_HOST_KEY.unseal,
    ...overrides,
  };
}

/**
 * Asserts the four properties every step has, for one kind and its arguments: it succeeds; it may run twice; a
 * failure in it is undone; undoing may be repeated.
 *
 * @param options.look what the host shows of the step's object; must differ before and after
 * @param options.failure a rule that makes the change fail once, perhaps half done
 */
export async function assertStepProperties<Kind extends StepKind>(options: {
  readonly host: SimHost;
  readonly kind: Kind;
  readonly args: StepArguments[Kind];
  readonly look: () => Promise<unknown>;
  readonly failure: FaultRule;
}): Promise<void> {
  const { host, kind, args, look } = options;
  const executor = EXECUTORS[kind];
  assert.ok(executor.kind === "ensure" && executor.undo !== undefined, `${kind} has no undo`);
  const context = () => stepContext(host);
  const isSatisfied = async () => (await executor.probe(context(), args)).isSatisfied;
  const bare = await look();
  const before = await executor.probe(context(), args);
  assert.equal(before.isSatisfied, false, "there is something to do");

  host.faults.add(options.failure);
  await assert.rejects(executor.apply(context(), args, before.state), "the fault was met");
  await executor.undo(context(), args, before.state);
  assert.deepEqual(await look(), bare, "a failure is undone");

  await executor.apply(context(), args, before.state);
  assert.equal(await isSatisfied(), true, "it succeeds");
  const done = await look();
  assert.notDeepEqual(done, bare);
  await executor.apply(context(), args, before.state);
  assert.deepEqual([await isSatisfied(), await look()], [true, done], "it may run twice");

  await executor.undo(context(), args, before.state);
  assert.deepEqual(await look(), bare, "it is undone");
  await executor.undo(context(), args, before.state);
  assert.deepEqual(await look(), bare, "undoing may be repeated");
}
