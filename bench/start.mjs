// One fresh process, one client: `node start.mjs import trunkline` prints how many milliseconds its import takes,
// `node start.mjs first-body trunkline http://…` how many pass from the start of the process to the first body.
// Nothing is imported here but what the client itself imports.
const [what, name, url] = process.argv.slice(2);
const { gotPackage, undiciPackage } = await import("./lib/versions.mjs");

const packages = {
  trunkline: process.env.TRUNKLINE_DIST,
  undici: undiciPackage,
  got: gotPackage,
  axios: "axios",
};
const firstBody = {
  trunkline: async ({ get }) => (await get(url)).text(),
  undici: async ({ request }) => (await request(url)).body.text(),
  got: ({ default: got }) => got(url).text(),
  axios: async ({ default: axios }) =>
    (await axios.get(url, { responseType: "text", transformResponse: [] })).data,
  fetch: async () => (await fetch(url)).text(),
};

const begun = what === "import" ? performance.now() : 0;
const library = name === "fetch" ? {} : await import(packages[name]);
if (what === "first-body" && (await firstBody[name](library)).length !== 46)
  throw new Error("the body was cut short");
process.stdout.write(`${JSON.stringify({ milliseconds: performance.now() - begun })}\n`, () =>
  process.exit(),
);
