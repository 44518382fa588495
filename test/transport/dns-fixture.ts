import { createSocket } from "node:dgram";
import { once } from "node:events";

/** A DNS server on loopback that knows IPv4 addresses only. */
export interface TestDns extends AsyncDisposable {
  /** `address:port`, as the option takes it. */
  readonly server: string;
  /** Names and types asked for, in order: `a.test A`. */
  readonly asked: string[];
}

const TYPES: Readonly<Record<number, string>> = { 1: "A", 28: "AAAA" };
const NO_SUCH_NAME = 3;

/** `answer`: the addresses and seconds for a name; undefined for "there is no such name". */
export async function dnsServer(
  answer: (name: string) => { readonly addresses: readonly string[]; readonly ttl: number } | undefined,
): Promise<TestDns> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const type = TYPES[query.readUInt16BE(at + 1)] ?? "other";
    const name = labels.join(".");
    asked.push(`${name} ${type}`);
    const found = answer(name);
    const addresses = type === "A" ? (found?.addresses ?? []) : [];
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | (found === undefined ? NO_SUCH_NAME : 0), 2);
    header.writeUInt16BE(addresses.length, 6);
    header.writeUInt32BE(0, 8);
    const records = addresses.map((address) => {
      const record = Buffer.alloc(16);
      record.writeUInt16BE(0xc00c, 0); // the name of the question
      record.writeUInt16BE(1, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(found?.ttl ?? 0, 6);
      record.writeUInt16BE(4, 10);
      record.set(address.split(".").map(Number), 12);
      return record;
    });
    socket.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}
