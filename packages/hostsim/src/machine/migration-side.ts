import type { Boot, Machine } from "./machine.ts";
import type { Qemu } from "./qemu.ts";

export type MigrationStatus =
  | "none"
  | "active"
  | "pre-switchover"
  | "completed"
  | "failed"
  | "cancelled";

/** A QEMU on its machine, as long as both are there. */
export interface QemuPlace {
  readonly machine: Machine;
  readonly boot: Boot;
  readonly pid: number;
  readonly qemu: Qemu;
}

export interface BlockTarget {
  readonly address: string;
  readonly port: number;
  readonly exportName: string;
  readonly key: string | undefined;
}

export interface Mirror {
  readonly id: string;
  readonly disk: string;
  readonly target: QemuPlace;
  status: "running" | "ready" | "concluded";
  error: string | undefined;
}

/** What a QEMU knows of migrations. */
export interface MigrationSide {
  readonly capabilities: Set<string>;
  readonly parameters: Map<string, unknown>;
  /** Keys of TLS credentials, by the object's name. */
  readonly tlsKeys: Map<string, string>;
  readonly blockNodes: Map<string, BlockTarget>;
  /** Path of the disk that is offered, by the export's name. */
  readonly exports: Map<string, string>;
  /** Closes the port; undefined while it is closed. */
  closeNbd: (() => void) | undefined;
  closeIncoming: (() => void) | undefined;
  status: MigrationStatus;
  error: string | undefined;
  transferred: number;
  mirror: Mirror | undefined;
  /** The sending side waits for this at its switch. */
  proceed: (() => void) | undefined;
  /** Counted up by each that is begun, cancelled or ended, so that what is late changes nothing. */
  turn: number;
}

export const createMigrationSide = (): MigrationSide => ({
  capabilities: new Set(),
  parameters: new Map(),
  tlsKeys: new Map(),
  blockNodes: new Map(),
  exports: new Map(),
  closeNbd: undefined,
  closeIncoming: undefined,
  status: "none",
  error: undefined,
  transferred: 0,
  mirror: undefined,
  proceed: undefined,
  turn: 0,
});

/** What listens in the management network of a fleet for VMs that come, by `address:port`. */
export type ManagementPorts = Map<
  string,
  QemuPlace & { readonly kind: "memory" | "disk"; readonly key: string | undefined }
>;
