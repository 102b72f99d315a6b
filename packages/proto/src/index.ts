export { DESCRIPTOR_SET_BASE64 } from "./gen/descriptor-set.ts";
export * from "./gen/index.ts";
