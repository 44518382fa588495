export { Call } from "./call.js";
export { Client } from "./client.js";
export { defaultClient, del, fetch, get, head, patch, post, put } from "./default-client.js";
export type { ClientOptions, Init } from "./options.js";
