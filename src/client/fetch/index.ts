export { createFetch } from "./client-fetch.js";
export { fetch } from "./fetch.js";
