import type { Page, PageRequest } from "../page.ts";

/** Who did what to which resource. */
export interface AuditEvent {
  /** Ascending; gaps are rolled back transactions. */
  readonly seq: number;
  readonly atMs: number;
  /** A user, `hosts/…` for an agent, or `controller`. */
  readonly actor: string;
  /** `profile.create`, `job.end`, `host.command`. */
  readonly action: string;
  /** Full name of the resource. */
  readonly resource: string;
  readonly requestId: string;
  readonly details: Readonly<Record<string, string>>;
}

export interface AuditReads {
  /** Newest first. */
  list(page: PageRequest & { readonly resource?: string | undefined }): Promise<Page<AuditEvent>>;
}

export interface AuditWrites {
  /** Adds an entry beside those that every mutation writes by itself. */
  record(entry: {
    readonly action: string;
    readonly resource: string;
    readonly details: Readonly<Record<string, string>>;
  }): void;
}
