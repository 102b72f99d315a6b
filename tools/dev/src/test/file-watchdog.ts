/** As `--test-timeout`, which bounds tests and not a file whose tests are over. */
const FILE_TIMEOUT_MS = 300_000;
/** Images may have to be built first, and a dozen containers started. */
const CONTAINERS_TIMEOUT_MS = 900_000;
/** Set by node's test runner in the process of a file. */
const isTestFile = process.env["NODE_TEST_CONTEXT"] !== undefined;
const hasContainers = process.argv[1]?.includes("integration-tests/containers/") === true;

/** Ends a test file that something keeps open, and says what; preloaded into every process of the runner. */
function endHungFile(): void {
  const open = process.getActiveResourcesInfo().join(", ");
  process.stderr.write(`${process.argv[1]}: does not exit; still open: ${open}\n`);
  process.exit(1);
}

if (isTestFile) {
  setTimeout(endHungFile, hasContainers ? CONTAINERS_TIMEOUT_MS : FILE_TIMEOUT_MS).unref();
}
