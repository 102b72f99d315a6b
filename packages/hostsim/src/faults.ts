/** What a rule applies to: a program by name and words it must be called with, or a file operation. */
export type FaultMatch =
  | {
      readonly kind: "run";
      /** Last part of the program's path, also of one that is run by `systemd-run … --`. */
      readonly program: string;
      /** Words that must all be among the arguments. */
      readonly words?: readonly string[];
    }
  | {
      readonly kind: "file";
      readonly operation: "read" | "write" | "replace" | "remove" | "list" | "any";
      /** The path, or how it ends. */
      readonly pathEnd: string;
    }
  | { readonly kind: "socket"; readonly pathEnd: string };

export type FaultAction =
  | { readonly kind: "delay"; readonly delayMs: number }
  | {
      readonly kind: "fail";
      readonly exitCode: number;
      readonly stderr: string;
      readonly stdout?: string;
    }
  | { readonly kind: "refuse"; readonly errno: string }
  /** The caller's time runs out; whether the effect came about is the rule's choice. */
  | { readonly kind: "timeout"; readonly isApplied: boolean }
  /** The caller dies before the machine was touched, or after; the call never ends. */
  | { readonly kind: "crash-before" }
  | { readonly kind: "crash-after" };

/** One rule: what it meets, what it does, and how often (default once). */
export interface FaultRule {
  readonly match: FaultMatch;
  readonly action: FaultAction;
  readonly times?: number;
}

/** One call on the Host port, as rules see it. */
export type Operation =
  | { readonly kind: "run"; readonly argv: readonly string[] }
  | {
      readonly kind: "file";
      readonly operation: "read" | "write" | "replace" | "remove" | "list";
      readonly path: string;
    }
  | { readonly kind: "socket"; readonly path: string };

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The program that is run, and the one that it was asked to run: `systemd-run … -- dnf`. */
function programsOf(argv: readonly string[]): readonly string[] {
  const separator = argv.indexOf("--");
  return [argv[0], separator === -1 ? undefined : argv[separator + 1]].flatMap((path) =>
    path === undefined ? [] : baseName(path),
  );
}

function matches(match: FaultMatch, operation: Operation): boolean {
  if (match.kind === "run") {
    if (operation.kind !== "run") return false;
    const { argv } = operation;
    return (
      programsOf(argv).includes(match.program) &&
      (match.words ?? []).every((word) => argv.slice(1).includes(word))
    );
  }
  if (match.kind === "socket") {
    return operation.kind === "socket" && operation.path.endsWith(match.pathEnd);
  }
  return (
    operation.kind === "file" &&
    (match.operation === "any" || match.operation === operation.operation) &&
    operation.path.endsWith(match.pathEnd)
  );
}

/** Rules held at once; a test that needs more has lost count of them. */
const RULES_MAX = 1000;

/** The rules of one host, in the order they were added. */
export interface Faults {
  add(rule: FaultRule): void;
  clear(): void;
  /** Takes the first rule that meets the operation, using it up by one. */
  take(operation: Operation): FaultAction | undefined;
}

export function createFaults(rules: readonly FaultRule[] = []): Faults {
  const active: { rule: FaultRule; left: number }[] = [];
  const add = (rule: FaultRule) => {
    if (active.length >= RULES_MAX) throw new RangeError(`more than ${RULES_MAX} fault rules`);
    active.push({ rule, left: rule.times ?? 1 });
  };
  for (const rule of rules) add(rule);
  return {
    add,
    clear: () => {
      active.length = 0;
    },
    take: (operation) => {
      const found = active.find(({ rule, left }) => left > 0 && matches(rule.match, operation));
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) active.splice(active.indexOf(found), 1);
      return found.rule.action;
    },
  };
}
