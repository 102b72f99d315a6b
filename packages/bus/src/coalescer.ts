/** Items gathered while an earlier batch is under way, so that batches grow with load and not with time. */
export interface Coalescer<Item> {
  /** Resolves once the batch that holds the items was done; rejects when that batch failed. */
  add(items: readonly Item[]): Promise<void>;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
}

export interface CoalescerOptions<Item> {
  /** Most weight in one batch; a call heavier than that is a batch of its own. */
  readonly weightMax: number;
  readonly weigh: (item: Item) => number;
  /** Batches under way at once. */
  readonly inFlightMax: number;
  /** Does one batch. */
  readonly flush: (batch: readonly Item[]) => Promise<void>;
}

interface Waiting<Item> {
  readonly items: readonly Item[];
  readonly weight: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Items of one call stay together and in order, and calls stay in order while `inFlightMax` is 1. */
export function createCoalescer<Item>(options: CoalescerOptions<Item>): Coalescer<Item> {
  const { weightMax, inFlightMax, flush, weigh } = options;
  let waiting: Waiting<Item>[] = [];
  let inFlight = 0;
  let onIdle: (() => void)[] = [];

  const take = (): Waiting<Item>[] => {
    let count = 0;
    let weight = 0;
    for (const entry of waiting) {
      if (count > 0 && weight + entry.weight > weightMax) break;
      weight += entry.weight;
      count += 1;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  };

  const run = async (entries: readonly Waiting<Item>[]) => {
    try {
      await flush(entries.flatMap((entry) => entry.items));
      for (const entry of entries) entry.resolve();
    } catch (error) {
      for (const entry of entries) entry.reject(error);
    } finally {
      inFlight -= 1;
      pump();
    }
  };

  const pump = () => {
    while (inFlight < inFlightMax && waiting.length > 0) {
      inFlight += 1;
      void run(take());
    }
    if (inFlight > 0) return;
    for (const resolve of onIdle) resolve();
    onIdle = [];
  };

  return {
    add: (items) =>
      new Promise((resolve, reject) => {
        const weight = items.reduce((sum, item) => sum + weigh(item), 0);
        waiting.push({ items, weight, resolve, reject });
        pump();
      }),
    idle: () =>
      inFlight === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => onIdle.push(resolve)),
  };
}
