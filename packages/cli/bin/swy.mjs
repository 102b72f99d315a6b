#!/usr/bin/env node
// Node 24 runs TypeScript as it is; the compile cache keeps the start fast from the second run on.
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("../src/main.ts");
