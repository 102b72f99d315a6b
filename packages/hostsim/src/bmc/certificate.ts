import { type Certificate, type Clock, createCertificate, type Random } from "@switchyard/runtime";

/** Makes a key and a certificate for 127.0.0.1, as BMCs are delivered with one: its own authority. */
export const createSelfSigned = (options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly commonName: string;
}): Certificate =>
  createCertificate({ ...options, names: ["127.0.0.1"], isAuthority: true, days: 1 });
