import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bodySource } from "./body-source.js";
import { parseFormData } from "./form-data.js";
import type { BodySource } from "./source.js";

async function collect(source: BodySource): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const iterator = source.open();
  for (let result = await iterator.next(); result.done !== true; result = await iterator.next()) {
    chunks.push(result.value);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

describe("multipartSource", () => {
  it("multipartSource: writes fields and files as a browser does", async () => {
    const form = new FormData();
    form.append('a"\r\nb', "line\none\rtwo\r\nthree");
    form.append("file", new File(["content"], 'x"y.txt', { type: "text/plain" }));
    form.append("blob", new Blob(["raw\n"]));
    const source = bodySource(form);
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(source.contentType ?? "")?.[1];
    const body = await collect(source);
    assert.equal(
      Buffer.from(body).toString(),
      [
        `--${boundary}`,
        'Content-Disposition: form-data; name="a%22%0D%0Ab"',
        "",
        "line",
        "one",
        "two",
        "three",
        `--${boundary}`,
        'Content-Disposition: form-data; name="file"; filename="x%22y.txt"',
        "Content-Type: text/plain",
        "",
        "content",
        `--${boundary}`,
        'Content-Disposition: form-data; name="blob"; filename="blob"',
        "Content-Type: application/octet-stream",
        "",
        "raw\n",
        `--${boundary}--`,
        "",
      ].join("\r\n"),
    );
    assert.equal(source.length, body.length);
    assert.equal(source.small, undefined);
    assert.deepEqual(await collect(source), body);
  });

  it("multipartSource: a form without files is small; its entries are those it had when the request was made", async () => {
    const form = new FormData();
    form.append("a", "ü");
    const source = bodySource(form);
    form.append("b", "2");
    assert.ok(source.small instanceof Uint8Array);
    assert.equal(source.small.length, source.length);
    const parsed = await parseFormData(await collect(source), source.contentType ?? null);
    assert.deepEqual([...parsed], [["a", "ü"]]);
  });

  it("multipartSource: an empty form is only its end", async () => {
    const source = bodySource(new FormData());
    assert.match(Buffer.from(await collect(source)).toString(), /^--[\w-]+--\r\n$/);
  });

  it("multipartSource: each form has a boundary of its own that cannot be guessed", () => {
    const types = new Set(Array.from({ length: 20 }, () => bodySource(new FormData()).contentType));
    assert.equal(types.size, 20);
  });

  it("multipartSource: the type of a foreign blob cannot add a header", async () => {
    const form = {
      [Symbol.toStringTag]: "FormData",
      entries: () =>
        [
          [
            "f",
            {
              size: 0,
              type: "a/b\r\nX-Evil: 1",
              stream: () => new Blob([]).stream(),
              arrayBuffer: async () => new ArrayBuffer(0),
            },
          ],
        ] as [
          string,
          { size: number; type: string; stream: () => unknown; arrayBuffer: () => Promise<ArrayBuffer> },
        ][],
      getAll: () => [],
    };
    assert.doesNotMatch(Buffer.from(await collect(bodySource(form))).toString(), /Evil/);
  });

  it("multipartSource: what is written parses back to the same fields (property)", async () => {
    const name = fc.string({ maxLength: 8, unit: fc.constantFrom(..."ab;='%é€ ") });
    const text = fc.string({ maxLength: 20, unit: fc.constantFrom(...'ab-\r\n":é€ ') });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, text), { minLength: 1, maxLength: 4 }), async (fields) => {
        const form = new FormData();
        for (const [field, value] of fields) form.append(field, value);
        const source = bodySource(form);
        const body = await collect(source);
        assert.equal(body.length, source.length);
        const parsed = await parseFormData(body, source.contentType ?? null);
        assert.deepEqual(
          [...parsed],
          fields.map(([field, value]) => [field, value.replace(/\r\n?|\n/g, "\r\n")]),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe("parseFormData", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it("parseFormData: reads an encoded form, whatever the case of its type", async () => {
    const form = await parseFormData(
      bytes("a=1+2&b=%C3%A4"),
      "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    );
    assert.deepEqual(
      [...form],
      [
        ["a", "1 2"],
        ["b", "ä"],
      ],
    );
  });

  it("parseFormData: refuses another type, no type, and a body that is not what it says", () => {
    assert.throws(() => parseFormData(bytes("{}"), "application/json"), {
      name: "TypeError",
      message: /this body is "application\/json"/,
    });
    assert.throws(() => parseFormData(bytes(""), null), {
      name: "TypeError",
      message: /has no content type/,
    });
    assert.throws(() => parseFormData(bytes("nonsense"), "multipart/form-data; boundary=x"), {
      name: "TypeError",
      message: /Cannot read this body as multipart\/form-data/,
    });
    assert.throws(() => parseFormData(bytes("--x--\r\n"), "multipart/form-data"), TypeError);
  });
});
