import { readFileSync, writeFileSync } from "node:fs";
import { HpackEncoder, type Http2Stream, INDEX, NEVER_INDEX, PLAIN } from "../../src/http2/index.js";
import { readStories } from "./hpack-corpus.js";
import { Harness, join } from "./peer.js";

/*
 * The half of `.ci/steps/55-http2-codecs.sh` that is ours, as a program:
 * `lists FILE` writes the lists of the HPACK corpus beside the blocks that our encoder makes of them;
 * `requests FILE` writes what a session sends for a few requests, and `responses FILE` reads what a server of another
 * implementation made of them. A session depends on nothing but its input, so that both runs send the same.
 */

const BODY = "body ".repeat(2_000);

function lists(): string {
  const lines: string[] = [];
  for (const [number, story] of readStories().entries()) {
    const encoder = new HpackEncoder();
    lines.push("story");
    for (const [i, fields] of story.entries()) {
      if (number % 3 === 1 && i % 7 === 3) encoder.limit([0, 4_096, 100, 2_000][i % 4] as number);
      let block = encoder.sizeUpdate();
      for (let at = 0; at < fields.length; at += 2) {
        const indexing = number % 2 === 0 ? INDEX : ([INDEX, PLAIN, NEVER_INDEX][(i + at) % 3] as 0 | 1 | 2);
        block += encoder.field(fields[at] as string, fields[at + 1] as string, indexing);
      }
      lines.push(JSON.stringify([Buffer.from(block, "latin1").toString("hex"), fields]));
    }
  }
  return lines.join("\n");
}

function ask(harness: Harness): Buffer {
  const secrets = ["authorization", "Basic x", "cookie", `a=b; session=${"x".repeat(40)}`];
  for (let i = 0; i < 20; i++) {
    const fields = ["user-agent", "trunkline", "accept", "*/*", "x-number", String(i), ...secrets];
    if (i % 3 === 0) {
      harness.get(String(i), { path: `/get/${i}`, fields });
      continue;
    }
    const stream: Http2Stream<string> = harness.post(String(i), { path: `/post/${i}`, fields });
    harness.session.send(stream, Buffer.from(BODY.slice(0, i * 200)), i % 3 === 1);
    if (i % 3 === 2) harness.session.end(stream, ["x-trailer", String(i)]);
  }
  return join(harness.session.takeOutput(0, 1e9));
}

function answered(octets: Buffer): void {
  const harness = new Harness();
  ask(harness);
  for (let at = 0; at < octets.length; at += 1_000) harness.feed(octets.subarray(at, at + 1_000));
  const ended = harness.log.filter((line) => line.endsWith(": ended")).length;
  if (harness.error !== undefined || ended !== 20) {
    throw new Error(`${ended} of 20 responses; ${harness.error?.message}\n${harness.log.join("\n")}`);
  }
  for (let i = 0; i < 20; i++) {
    const body = `${i}:`.padEnd(i * 500, "y");
    if (harness.bodies.get(String(i)) !== body) throw new Error(`the body of response ${i} is another`);
    if (!harness.log.includes(`${i}: trailers "x-sum: ${i}\\r\\n"`)) throw new Error(`no trailers of ${i}`);
  }
  process.stdout.write("20 of 20 responses of the other implementation were read\n");
}

const [, , what, file = ""] = process.argv;
if (what === "lists") writeFileSync(file, lists());
else if (what === "requests") writeFileSync(file, ask(new Harness()));
else if (what === "responses") answered(readFileSync(file));
else throw new Error("usage: other-codecs.js lists|requests|responses FILE");
