export { antiSpoofFlows, flowCookieOf, isNicCookie, type PortFlow } from "./anti-spoof.ts";
