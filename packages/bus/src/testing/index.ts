export { startTestBroker, type TestBroker } from "./test-broker.ts";
