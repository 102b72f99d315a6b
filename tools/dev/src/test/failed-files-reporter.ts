import type { TestEvent } from "node:test/reporters";

/** Writes the path of each test file with a failure, one per line, each once. */
async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const seen = new Set<string>();
  for await (const event of events) {
    if (event.type !== "test:fail") continue;
    const { file } = event.data;
    if (file === undefined || seen.has(file)) continue;
    seen.add(file);
    yield `${file}\n`;
  }
}

// biome-ignore lint/style/noDefaultExport: node's test runner takes a reporter by default export.
export default failedFiles;
