import { spawn } from "node:child_process";
import type { Report } from "../main-job/report.ts";

/** Runs the command line as a person would, and shows what it prints. */
export interface Swy {
  /** @returns its exit status */
  run(...args: readonly string[]): Promise<number>;
}

/** @param stack.address the controller's, which is asked in plain text: it listens on loopback */
export function createSwy(
  report: Report,
  stack: { readonly root: string; readonly address: string },
): Swy {
  const { root, address } = stack;
  return {
    run: (...args) =>
      new Promise((resolve, reject) => {
        report.show(`$ swy ${args.join(" ")}`);
        const child = spawn(process.execPath, [`${root}/packages/cli/bin/swy.mjs`, ...args], {
          env: { ...process.env, SWY_ADDR: address, NO_COLOR: "1" },
          stdio: ["ignore", "pipe", "pipe"],
        });
        let text = "";
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding("utf8").on("data", (piece: string) => {
            text += piece;
          });
        }
        child.on("error", reject);
        child.on("close", (code) => {
          report.show(text.trimEnd());
          resolve(code ?? 1);
        });
      }),
  };
}
