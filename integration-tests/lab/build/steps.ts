/** Receives one line of progress for a person to read. */
export type Report = (line: string) => void;

/** Runs one step of the build and reports its name with how long it took. */
export async function timed<T>(
  report: Report,
  name: string,
  step: () => Promise<T> | T,
): Promise<T> {
  const start = performance.now();
  const result = await step();
  report(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${name}`);
  return result;
}

/** The lab could not be built; the message says what is missing and what to do about it. */
export class LabBuildError extends Error {
  override readonly name = "LabBuildError";
}
