import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds until a proxy that does not answer counts as broken. */
const PATIENCE = 15_000;

/** Where a proxy listens, and a folder of its own. */
export interface Place {
  readonly folder: string;
  readonly ports: readonly [number, number, number];
}

/** A proxy from the distribution's packages, as a foreground process with a configuration of ours. */
export interface ProxyProgram {
  readonly name: string;
  /** Ports of {@link Place} that it listens on. */
  readonly listens: number;
  files(place: Place): Readonly<Record<string, string>>;
  command(place: Place): readonly string[];
}

/** `user` and `pass word`: the credentials of every proxy that wants some. */
export const USER = "user";
export const PASSWORD = "pass word";

/** A proxy that runs. */
export class ProxyProcess implements AsyncDisposable {
  readonly place: Place;
  readonly #name: string;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(program: ProxyProgram, place: Place) {
    this.place = place;
    this.#name = program.name;
    const [command = "", ...words] = program.command(place);
    this.#child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.#output += data.toString();
      });
    }
    this.#child.on("error", (error) => {
      this.#output += error.message;
    });
  }

  static async start(program: ProxyProgram): Promise<ProxyProcess> {
    const folder = mkdtempSync(join(tmpdir(), `proxy-${program.name}-`));
    chmodSync(folder, 0o777); // some of them change their user
    const place: Place = { folder, ports: [await freePort(), await freePort(), await freePort()] };
    for (const [name, content] of Object.entries(program.files(place))) {
      writeFileSync(join(folder, name), content, { mode: 0o644 });
    }
    const process = new ProxyProcess(program, place);
    for (const port of place.ports.slice(0, program.listens)) await process.#listening(port);
    return process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
      await gone;
    }
    rmSync(this.place.folder, { recursive: true, force: true });
  }

  async #listening(port: number): Promise<void> {
    for (const end = performance.now() + PATIENCE; ; await sleep(20)) {
      if (await accepts(port)) return;
      if (performance.now() > end || this.#child.exitCode !== null) {
        throw new Error(`${this.#name} does not listen on ${port}:\n${this.#output}`);
      }
    }
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const apr1 = (): string =>
  execFileSync("openssl", ["passwd", "-apr1", PASSWORD], { encoding: "utf8" }).trim();

/** Squid: plain and for all, plain with credentials, TLS and for all. `auth`: the scheme that it offers. */
export function squid(auth: "basic" | "digest", certificate: { key: string; cert: string }): ProxyProgram {
  return {
    name: "squid",
    listens: 3,
    files: ({ folder, ports: [open, locked, secure] }) => ({
      "server.pem": certificate.cert + certificate.key,
      passwords: auth === "basic" ? `${USER}:${apr1()}\n` : `${USER}:${PASSWORD}\n`,
      "squid.conf": `
http_port 127.0.0.1:${open} name=open
http_port 127.0.0.1:${locked} name=locked
https_port 127.0.0.1:${secure} name=secure tls-cert=${folder}/server.pem
auth_param ${auth} program /usr/lib/squid/${auth === "basic" ? "basic_ncsa_auth" : "digest_file_auth"} ${folder}/passwords
auth_param ${auth} realm proxy
auth_param ${auth} children 1
acl locked myportname locked
acl known proxy_auth REQUIRED
acl forbidden url_regex forbidden.example
acl forbidden_host dstdomain forbidden.example
http_access deny forbidden
http_access deny forbidden_host
http_access deny locked !known
http_access allow all
cache deny all
access_log none
cache_log ${folder}/cache.log
pid_filename ${folder}/pid
coredump_dir ${folder}
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname proxy.test
`,
    }),
    command: ({ folder }) => ["squid", "-N", "-f", join(folder, "squid.conf")],
  };
}

/** Tinyproxy with credentials. */
export const tinyproxy: ProxyProgram = {
  name: "tinyproxy",
  listens: 1,
  files: ({ folder, ports: [port] }) => ({
    "tinyproxy.conf": `
Port ${port}
Listen 127.0.0.1
Timeout 60
LogFile "${folder}/log"
BasicAuth ${USER} password
MaxClients 20
`,
  }),
  command: ({ folder }) => ["tinyproxy", "-d", "-c", join(folder, "tinyproxy.conf")],
};

/** Dante, for all. */
export const dante: ProxyProgram = {
  name: "dante",
  listens: 1,
  files: ({ folder, ports: [port] }) => ({
    "danted.conf": `
logoutput: ${folder}/log
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: nobody
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks block { from: 127.0.0.0/8 to: 127.0.0.9/32 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
`,
  }),
  command: ({ folder }) => ["danted", "-f", join(folder, "danted.conf"), "-p", join(folder, "pid")],
};

/** Microsocks with credentials. */
export const microsocks: ProxyProgram = {
  name: "microsocks",
  listens: 1,
  files: () => ({}),
  command: ({ ports: [port] }) => [
    "microsocks",
    ...["-i", "127.0.0.1", "-p", String(port), "-u", USER, "-P", PASSWORD],
  ],
};
