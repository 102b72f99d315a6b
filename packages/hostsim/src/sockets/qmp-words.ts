export interface Request {
  readonly execute?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly id?: unknown;
}

/** What QEMU answers: a value, or the class of an error and its words. */
export type Answer =
  | { readonly value: unknown }
  | { readonly class: string; readonly desc: string };

export const answer = (value: unknown): Answer => ({ value });
export const refuse = (errorClass: string, desc: string): Answer => ({ class: errorClass, desc });
