import type { Change } from "./machine/act.ts";

/** One operation that changed a machine, or asked for a change that was already there. */
export interface Effect {
  readonly atMs: number;
  /** Id of the boot it happened in. */
  readonly boot: string;
  readonly source:
    | { readonly kind: "run"; readonly argv: readonly string[] }
    | { readonly kind: "write"; readonly path: string; readonly text: string }
    | { readonly kind: "machine"; readonly what: string };
  readonly changed: readonly Change[];
}

/** One object that was brought to one state several times. */
export interface Repetition {
  readonly boot: string;
  readonly object: string;
  readonly state: string;
  readonly times: number;
}

export interface EffectReport {
  /** Reached again although nothing had undone it: an effect that happened twice. */
  readonly repeated: readonly Repetition[];
  /** Undone and done again within one boot. */
  readonly redone: readonly Repetition[];
}

/** States in which an object is not there: leaving one is an effect, reaching one an undo. */
const UNDONE = new Set(["absent", "down", "none", "0", "stopped", "legacy"]);

interface Tally {
  state: string | undefined;
  readonly reached: Map<string, number>;
}

const keyOf = (boot: string, object: string): string => `${boot}\n${object}`;

/** What one operation did to each object on the whole, whatever it passed through. */
function netChanges(effect: Effect): readonly Change[] {
  const net = new Map<string, Change>();
  for (const change of effect.changed) {
    const { before } = net.get(change.object) ?? change;
    net.set(change.object, { object: change.object, before, after: change.after });
  }
  return [...net.values()];
}

/** @returns whether the object was brought to the state it was in already */
function countChange(tally: Tally, { before, after }: Change): boolean {
  const isRepeated = !UNDONE.has(after) && (tally.state === after || before === after);
  tally.state = after;
  if (!UNDONE.has(after)) tally.reached.set(after, (tally.reached.get(after) ?? 0) + 1);
  return isRepeated;
}

/**
 * Looks at a machine's effects from outside and says what happened more than once. Every boot is
 * counted for itself, because a reboot undoes what is volatile.
 */
export function checkEffects(effects: readonly Effect[]): EffectReport {
  const tallies = new Map<string, Tally>();
  const twice: string[] = [];
  for (const effect of effects) {
    for (const change of netChanges(effect)) {
      const key = keyOf(effect.boot, change.object);
      const tally = tallies.get(key) ?? { state: undefined, reached: new Map() };
      tallies.set(key, tally);
      if (countChange(tally, change)) twice.push(`${key}\n${change.after}`);
    }
  }
  const repeated = [...new Set(twice)].map((text) => {
    const [boot, object, state] = text.split("\n") as [string, string, string];
    return { boot, object, state, times: twice.filter((each) => each === text).length + 1 };
  });
  const redone = [...tallies].flatMap(([key, { reached }]) => {
    const [boot, object] = key.split("\n") as [string, string];
    return [...reached]
      .filter(([, times]) => times > 1)
      .map(([state, times]) => ({ boot, object, state, times }));
  });
  return { repeated, redone };
}
