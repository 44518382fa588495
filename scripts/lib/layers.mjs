// The picture in docs/architecture.md as data: which area of src/ may import which. Everything not listed is forbidden.
// `index` is src/index.ts, the public surface.

const leaves = ["errors", "trace", "runtime"];
const codecs = ["http1", "http2"];
const core = ["client", "transport", "explain", ...codecs, "pool", "message", ...leaves];

export const allowedImports = {
  errors: [],
  trace: [],
  runtime: [],
  message: leaves,
  pool: leaves,
  http1: ["message", "errors"],
  http2: ["message", "errors"],
  explain: ["pool", ...leaves],
  transport: ["explain", ...codecs, "pool", "message", ...leaves],
  client: ["transport", "explain", "message", ...leaves],
  index: core,
  adapters: ["index", ...core],
  inspect: ["index", "explain", "trace", "errors", "runtime"],
  doctor: ["index", "explain", "trace", "errors", "runtime"],
  observe: ["http1", "explain", "trace", "errors", "runtime"],
  probe: ["observe", "http1", "explain", "trace", "errors", "runtime"],
  cli: ["index", "inspect", "doctor", "observe", "probe", "adapters", ...core],
  testing: ["index", ...core],
};

/** Only these may import testing: it is for tests, and for the demo, which brings its own servers. */
export const mayImportTesting = (file) => file.startsWith("src/cli/demo/") || /\.test\.ts$/.test(file);

/** Areas that decide and never act: no sockets, files, clocks or randomness, so that they can be replayed and simulated. */
export const pureAreas = {
  areas: ["pool", "http1", "http2", "explain", "errors"],
  builtins: ["node:buffer", "node:util"],
  globals:
    /\b(?:set(?:Timeout|Interval|Immediate)|queueMicrotask|Date\.now|new Date\(\)|performance\.now|Math\.random|process\.nextTick|new Promise)\b/,
};

/** Packages that are bundled into chunks loaded on demand, so that they are no dependencies of who installs this. */
export const bundledPackages = ["tough-cookie"];

/** The files that may import each other in a circle, as they are truly mutual. All others may not, types included. */
export const mutualFiles = [
  ["src/pool/entities/member.ts", "src/pool/entities/route.ts", "src/pool/entities/waiter.ts"],
];

/** Longest file that is not a test or a table of data (`*-table.ts`). */
export const maxLines = 500;
