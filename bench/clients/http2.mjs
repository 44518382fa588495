// node:http2 as a program uses it: one session, a stream a request. HTTP/2 only.
import { connect, constants } from "node:http2";
import { largeChunks, pageFields, postDocument } from "../lib/documents.mjs";

const { HTTP2_HEADER_METHOD: method, HTTP2_HEADER_PATH: path } = constants;

export async function create({ origin }) {
  const session = connect(origin, { settings: { enablePush: false, initialWindowSize: 1024 * 1024 } });
  await new Promise((resolve, reject) => session.once("connect", resolve).once("error", reject));
  session.setLocalWindowSize(64 * 1024 * 1024);
  const answered = (stream) =>
    new Promise((resolve, reject) => stream.once("response", resolve).once("error", reject));
  const textOf = async (stream) => {
    let text = "";
    stream.setEncoding("utf8");
    for await (const piece of stream) text += piece;
    return text;
  };
  const get = (where) => session.request({ [path]: where });
  return {
    text: () => textOf(get("/hello")),
    json: async () => JSON.parse(await textOf(get("/hello"))),
    async post() {
      const stream = session.request({
        [method]: "POST",
        [path]: "/post",
        "content-type": "application/json",
      });
      stream.end(JSON.stringify(postDocument));
      return textOf(stream);
    },
    async page() {
      const stream = get("/page");
      const headers = answered(stream);
      const text = textOf(stream);
      const fields = await headers;
      for (const field of pageFields) if (fields[field] === undefined) throw new Error(`${field} is missing`);
      return JSON.parse(await text);
    },
    async stream() {
      let received = 0;
      for await (const chunk of get("/download")) received += chunk.length;
      return received;
    },
    async upload() {
      const stream = session.request({ [method]: "POST", [path]: "/upload" });
      const text = textOf(stream);
      for await (const chunk of largeChunks())
        if (!stream.write(chunk)) await new Promise((resolve) => stream.once("drain", resolve));
      stream.end();
      return text;
    },
  };
}
