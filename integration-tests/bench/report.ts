import { cpus, totalmem } from "node:os";

/** One figure of a benchmark, as measured; `aim` and `ok` only where there is an aim. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim?: string;
  readonly ok?: boolean;
  /** What it is compared with, measured in the same run. */
  readonly peer?: string;
  /** Ours divided by the peer's. */
  readonly ratio?: number;
}

export interface BenchReport {
  readonly bench: string;
  readonly machine: string;
  readonly figures: readonly Figure[];
}

const GIB = 1024 ** 3;

export function describeMachine(): string {
  const cores = cpus();
  const memoryGib = Math.round(totalmem() / GIB);
  return `${cores.length} x ${cores[0]?.model.trim() ?? "unknown CPU"}, ${memoryGib} GiB, Node ${process.version}`;
}

/** Two significant digits more than needed help nobody. */
export const rounded = (value: number): number => Number(value.toPrecision(4));

/** The value below which `share` of the sorted samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function printReport(report: BenchReport, isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${report.bench} on ${report.machine}\n`);
  for (const figure of report.figures) {
    const aim =
      figure.aim === undefined ? "" : `  aim ${figure.aim} ${figure.ok ? "reached" : "MISSED"}`;
    const peer = figure.peer === undefined ? "" : `  = ${figure.ratio} x ${figure.peer}`;
    process.stdout.write(
      `  ${figure.name.padEnd(44)} ${String(figure.value).padStart(9)} ${figure.unit}${peer}${aim}\n`,
    );
  }
}
