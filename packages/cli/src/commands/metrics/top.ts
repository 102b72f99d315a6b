import { systemTiming } from "@switchyard/client";
import { Option } from "commander";
import { EXIT_CODES } from "../../exit-codes.ts";
import { parseDuration } from "../../input/duration.ts";
import { collect, parseInteger, parseLabels } from "../../input/pairs.ts";
import { printList } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import {
  FIGURE_NAMES,
  type Figure,
  type LoadRow,
  loadView,
  type Subject,
} from "../../views/load.ts";
import { FIGURES } from "./load-figures.ts";
import { readLoad } from "./read-load.ts";

const LIMIT_DEFAULT = 20;
const PAUSE_DEFAULT = "5s";
/** Not a figure: the rows' own names, in their order. */
const BY_NAME = "name";

interface Options {
  readonly by?: Figure | typeof BY_NAME;
  readonly per?: Subject;
  readonly selector?: readonly string[];
  readonly limit?: string;
  readonly watch?: boolean;
  readonly every?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .addOption(new Option("--per <what>", "rows").choices(["host", "vf", "vm"]).default("host"))
      .addOption(
        new Option("--by <column>", "what to order by, the most first").choices([
          ...FIGURE_NAMES,
          BY_NAME,
        ]),
      )
      .option("-l, --selector <key=value>", "only hosts with this label; may be repeated", collect)
      .option("--limit <n>", "at most this many rows", String(LIMIT_DEFAULT))
      .option("-w, --watch", "show it again and again, until Ctrl-C")
      .option("--every <duration>", "with --watch: pause in between", PAUSE_DEFAULT);
  },
  run: async ({ context, options }) => {
    const { per = "host", by = per === "vf" ? "rx" : "cpu" } = options;
    if (by !== BY_NAME && FIGURES[per][by] === undefined) {
      throw new UsageError(`a ${per} has no ${by}`, [
        `it has ${Object.keys(FIGURES[per]).join(", ")}`,
      ]);
    }
    const limit = parseInteger(options.limit ?? String(LIMIT_DEFAULT));
    const selector = parseLabels(options.selector);
    const pauseMs = parseDuration(options.every ?? PAUSE_DEFAULT);
    for (;;) {
      const rows = (await readLoad(context, per, selector)).sort(comparing(by));
      if (options.watch && context.io.stdout.isTty) context.out("\u001b[H\u001b[2J");
      await printList(context, loadView(per), rows.slice(0, limit));
      if (!options.watch) return undefined;
      await systemTiming.sleep(pauseMs, context.io.signal);
      if (context.io.signal.aborted) return EXIT_CODES.interrupted.code;
    }
  },
});

const byName = (left: LoadRow, right: LoadRow): number =>
  left.host.localeCompare(right.host) || left.object.localeCompare(right.object);

/** The most first, and what is not known last; equal rows by name, so that they keep their places. */
const comparing =
  (by: Figure | typeof BY_NAME) =>
  (left: LoadRow, right: LoadRow): number =>
    (by === BY_NAME ? 0 : (right.figures[by] ?? -1) - (left.figures[by] ?? -1)) ||
    byName(left, right);
