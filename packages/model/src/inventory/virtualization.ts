/** What stands at the path from which QEMU is started. */
export type QemuLink =
  | { readonly kind: "absent" }
  | { readonly kind: "link"; readonly target: string }
  /** A program of the distribution, or of someone else. */
  | { readonly kind: "program" };

/** One QEMU on the host. */
export interface InstalledQemu {
  readonly path: string;
  /** Undefined where it does not say. */
  readonly version: string | undefined;
}

/** Whom libvirt runs QEMU as; undefined where its own default holds. */
export interface LibvirtQemuUser {
  readonly user: string | undefined;
  readonly group: string | undefined;
}

/** What the agent observed of QEMU and libvirt. */
export interface VirtualizationFacts {
  readonly qemuLink: QemuLink;
  readonly qemus: readonly InstalledQemu[];
  /** Undefined without libvirt's daemon. */
  readonly libvirtVersion: string | undefined;
  /** Undefined without `/etc/libvirt/qemu.conf`. */
  readonly libvirtUser: LibvirtQemuUser | undefined;
  /** The file was changed and libvirt's daemon not restarted since. */
  readonly isLibvirtRestartDue: boolean;
  /** systemd is the init system: each VM has a scope, which bounds the devices it may open. */
  readonly hasVmScopes?: boolean;
}
