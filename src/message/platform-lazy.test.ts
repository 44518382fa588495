import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";

it("headers and bodies: neither importing nor using them loads the platform's HTTP client", () => {
  const script = `
    const touched = [];
    for (const name of ["Headers", "Request", "Response", "FormData", "fetch"]) {
      Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); } });
    }
    const { createHeaders, headersFromBlock, rawHeaders } = await import(${JSON.stringify(new URL("./headers.js", import.meta.url))});
    const { bodySource, jsonBody, formBody } = await import(${JSON.stringify(new URL("./body-source.js", import.meta.url))});
    rawHeaders(createHeaders({ a: "1" }));
    headersFromBlock("a: 1\\r\\n", 0).get("a");
    for (const source of [bodySource("text"), bodySource(new Uint8Array(1)), jsonBody({}), formBody({ a: "1" }), bodySource(new Blob(["x"]))]) {
      for await (const chunk of { [Symbol.asyncIterator]: () => source.open() }) chunk.length;
    }
    process.stdout.write(touched.join(" "));
  `;
  assert.equal(
    execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }),
    "",
  );
});

it("Headers: can take the platform's place, or do without it", () => {
  for (const place of [
    "globalThis.Headers = Headers",
    "globalThis.Headers = class extends Headers {}",
    "delete globalThis.Headers",
  ]) {
    const script = `
      const { Headers } = await import(${JSON.stringify(new URL("./headers.js", import.meta.url))});
      ${place};
      process.stdout.write(new Headers({ a: "1" }).get("a"));
    `;
    assert.equal(
      execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }),
      "1",
    );
  }
});
