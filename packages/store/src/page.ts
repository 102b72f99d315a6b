/** Part of a list, in the order of its keys. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Key to give as `after` for what follows; undefined at the end. */
  readonly next: string | undefined;
}

export interface PageRequest {
  /** 1 to 1000. */
  readonly size: number;
  /** `next` of the page before; undefined for the first. */
  readonly after: string | undefined;
}
