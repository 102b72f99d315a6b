export { DESCRIPTOR_SET_BASE64 } from "./gen/descriptor-set.ts";
// biome-ignore lint/performance/noReExportAll: the generated index names each export once; a second list by hand would only go stale.
export * from "./gen/index.ts";
