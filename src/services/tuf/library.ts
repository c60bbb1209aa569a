// What we use of tuf-js: its rules, not its network and files. A module of its own, to be imported late: the
// bundler gives a CommonJS file that is imported late no names.
export { EqualVersionError, ExpiredMetadataError } from "tuf-js/dist/error.js";
export { TrustedMetadataStore } from "tuf-js/dist/store.js";
