import type { LedgerFile, LedgerStorage } from "@switchyard/agent";
import type { Life } from "@switchyard/hostsim";

/** The kernel closes what a dead process had open; here its life's end does. */
function mortalFile(file: LedgerFile, life: Life): LedgerFile {
  const release = () => void file.close().catch(() => undefined);
  if (life.isOver) release();
  else life.signal.addEventListener("abort", release, { once: true });
  return throughLife(file, life);
}

const throughLife = (file: LedgerFile, life: Life): LedgerFile => ({
  write: (bytes, position) => life.through(() => file.write(bytes, position)),
  sync: () => life.through(() => file.sync()),
  allocate: (size) => life.through(() => file.allocate(size)),
  close: () => life.through(() => file.close()),
});

/** A ledger's folder as seen by one incarnation of its agent: what a dead one still writes is not written. */
export const mortalStorage = (storage: LedgerStorage, life: Life): LedgerStorage => ({
  list: () => life.through(() => storage.list()),
  read: (name) => life.through(() => storage.read(name)),
  open: (name, size) => life.through(async () => mortalFile(await storage.open(name, size), life)),
  replace: (name, bytes) => life.through(() => storage.replace(name, bytes)),
  remove: (name) => life.through(() => storage.remove(name)),
});
