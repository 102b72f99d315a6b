import { type AsyncHook, createHook, type HookCallbacks } from "node:async_hooks";

/*
 * Preloaded into every process of the test runner. Node's runner follows each promise by an async hook, to
 * name the test that an error belongs to which nobody waited for. In a simulation, where nearly everything is
 * a promise, that takes a third of the time. With this it follows timers, sockets and the rest, and no
 * promises: an error that nobody handles fails its file instead of one test, and is printed with its stack.
 *
 * Sources: Node 24, lib/internal/test_runner/harness.js (the hook), lib/internal/async_hooks.js (trackPromises).
 */

/** Set by node's test runner in the process of a file. */
const isTestFile = process.env["NODE_TEST_CONTEXT"] !== undefined;

type Marks = Record<symbol, unknown>;

/** The property by which a hook says that it wants no promises; undefined where this Node has another way. */
function markOf(hook: AsyncHook & Marks): symbol | undefined {
  return Object.getOwnPropertySymbols(hook).find((each) => hook[each] === true);
}

const tell = (error: unknown): void => {
  const text = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${process.argv[1]}: nobody handled: ${text}\n`);
};

/** The first hook of the process is the runner's. */
function leavePromisesOut(): void {
  const sample = createHook({ trackPromises: false } satisfies HookCallbacks) as AsyncHook & Marks;
  const mark = markOf(sample);
  if (mark === undefined) return;
  const prototype = Object.getPrototypeOf(sample) as AsyncHook;
  const { enable } = prototype;
  prototype.enable = function (this: AsyncHook & Marks) {
    prototype.enable = enable;
    this[mark] = true;
    // Only now: before the runner listens too, a listener would keep such an error from ending the process.
    process.on("unhandledRejection", tell).on("uncaughtExceptionMonitor", tell);
    return enable.call(this);
  };
}

if (isTestFile) leavePromisesOut();
