import { HostFileError } from "@switchyard/host";
import {
  type Finding,
  type FindingSeverity,
  REASONS,
  type Reason,
  SwitchyardError,
} from "@switchyard/model";

/** Reads the parts of an inventory so that one that fails costs a finding and nothing else. */
export interface Sections {
  readonly findings: readonly Finding[];
  /** What `read` gives, or `fallback` and a finding when it fails. */
  read<Value>(section: Section<Value>): Promise<Value>;
  add(finding: Finding): void;
}

export interface Section<Value> {
  /** What is read, for people: `Open vSwitch`. */
  readonly name: string;
  /** `error` where a plan made without the section could do harm. */
  readonly severity: FindingSeverity;
  readonly fallback: Value;
  readonly read: () => Promise<Value>;
}

export function createSections(): Sections {
  const findings: Finding[] = [];
  return {
    findings,
    add: (finding) => findings.push(finding),
    read: async (section) => {
      try {
        return await section.read();
      } catch (error) {
        findings.push(findingOf(section, error));
        return section.fallback;
      }
    },
  };
}

function findingOf(section: Section<unknown>, error: unknown): Finding {
  const reason = reasonOf(error);
  const metadata = error instanceof SwitchyardError ? error.metadata : {};
  return {
    reason,
    severity: section.severity,
    message: `${section.name} could not be read: ${messageOf(error)}`,
    found: metadata["stderr"] ?? metadata["found"] ?? messageOf(error),
    needs: metadata["needs"] ?? "an answer",
    fix: metadata["try"] ?? REASONS[reason].fix,
    unread: section.name,
  };
}

function reasonOf(error: unknown): Reason {
  if (error instanceof SwitchyardError) return error.reason;
  return error instanceof HostFileError ? "FILE_ACCESS_FAILED" : "INVARIANT_BROKEN";
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
