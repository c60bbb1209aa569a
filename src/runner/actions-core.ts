// The parts of @actions/core that we use, named here so that the rest of it is not bundled.
export { setOutput, summary } from "@actions/core";
