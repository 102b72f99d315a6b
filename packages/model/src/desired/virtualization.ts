import type { Artefact } from "../artefacts/artefact.ts";

/** QEMU and libvirt of a host. */
export interface VirtualizationSpec {
  readonly qemu:
    | { readonly kind: "distribution" }
    /** Built on the host, beside the distribution's. */
    | { readonly kind: "source"; readonly version: string; readonly archive: Artefact };
  /** Whom libvirt shall run QEMU as; undefined leaves it. */
  readonly libvirtUser: { readonly user: string; readonly group: string } | undefined;
}

/** `9.0.4`. */
export const QEMU_VERSION = /^\d{1,2}\.\d{1,2}(\.\d{1,3})?$/;
/** Names and ids that useradd(8) takes; libvirt's configuration would take a quote for its end. */
export const ACCOUNT_NAME = /^(\+\d{1,10}|[a-z_][a-z0-9_-]{0,31})$/;
