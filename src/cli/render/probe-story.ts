import { plural } from "../../errors/index.js";
import type { KeepAlive, Phases, ProbeResult } from "../../probe/index.js";
import { duration, size } from "./table.js";

/** What a probe has found out, for people. */
export function probeStory(result: ProbeResult): string[] {
  const { origin, path, status, cost } = result;
  return [
    `${origin}${path === "/" ? "" : path}: ${status ?? "no answer"} (${plural(cost.connections, "connection")}, ${plural(cost.requests, "request")})`,
    "",
    ...result.addresses.map(
      ({ address, connect, tls, error }) =>
        `  address     ${address}: ${error ?? `connected in ${duration(connect ?? 0)}${tls === undefined ? "" : `, TLS in ${duration(tls)}`}`}`,
    ),
    `  HTTP        ${versions(result)}`,
    ...http2Lines(result),
    ...tlsLine(result),
    ...latency(result),
    ...keepAliveLines(result.keepAlive),
    ...idleLines(result),
    "",
    ...settingLines(result),
  ];
}

function versions({ http: { version, h2 } }: ProbeResult): string {
  if (version === undefined && h2 === true) return "HTTP/2 alone";
  const spoken = version === undefined ? "no HTTP/1" : `HTTP/${version}`;
  if (h2 === undefined) return `${spoken} (HTTP/2 is negotiated in TLS, which this origin does not use)`;
  return h2 ? `${spoken} and HTTP/2` : `${spoken}; HTTP/2 was offered but not chosen`;
}

function http2Lines({ http2 }: ProbeResult): string[] {
  if (http2 === undefined) return [];
  const { settings, ping, error, idleEnd, goAway, waited } = http2;
  if (settings === undefined) return [`  HTTP/2      ${error ?? "it sent no SETTINGS"}`];
  const { maxConcurrentStreams: most, maxHeaderListSize: head } = settings;
  const said = [
    most === undefined
      ? "any number of requests at once"
      : `${plural(most, "request")} at once on a connection`,
    `a window of ${size(settings.initialWindowSize)}`,
    ...(head === undefined ? [] : [`headers up to ${size(head)}`]),
    ...(settings.extendedConnect ? ["WebSocket over HTTP/2"] : []),
  ].join(", ");
  const end =
    idleEnd === undefined
      ? waited === 0
        ? ""
        : `; still open after ${duration(waited)} idle`
      : `; closed after ${duration(idleEnd.after)} idle, ${
          goAway === undefined
            ? "without GOAWAY"
            : `with GOAWAY (${goAway.code}, last stream ${goAway.lastStream}${goAway.debug === "" ? "" : `, ${JSON.stringify(goAway.debug)}`})`
        }`;
  return [
    `  HTTP/2      ${said}`,
    `              ${ping === undefined ? "PING was not answered" : `PING answered in ${duration(ping)}`}${end}`,
    ...(error === undefined ? [] : [`              ${error}`]),
  ];
}

function tlsLine({ tls }: ProbeResult): string[] {
  if (tls === undefined) return [];
  const resumption =
    tls.resumes === true
      ? "sessions are resumed"
      : "sessions are not resumed, so each new connection needs a full handshake";
  return [`  TLS         ${tls.version}; ${resumption}`];
}

function latency({ phases }: ProbeResult): string[] {
  if (phases === undefined) return [];
  const { dns, connect, tls, waiting, receiving } = phases;
  const parts = [
    ...(dns === undefined ? [] : [`DNS ${duration(dns)}`]),
    `connect ${duration(connect)}`,
    ...(tls === undefined ? [] : [`TLS ${duration(tls)}`]),
    `server ${duration(waiting)}`,
    `transfer ${duration(receiving)}`,
  ];
  const spared = (dns ?? 0) + connect + (tls ?? 0);
  return [`  latency     ${parts.join(", ")}; a kept connection saves ${duration(spared)}`];
}

const BECAUSE: Readonly<Record<NonNullable<KeepAlive["because"]>, string>> = {
  "said-close": "it sends Connection: close",
  "http-1.0": "it speaks HTTP/1.0",
  "closed-by-eof-body": "its response has no length and ends with the connection",
  "closed-without-a-word": "it closes without saying so",
};

function keepAliveLines(keepAlive: KeepAlive | undefined): string[] {
  if (keepAlive === undefined) return [];
  const { reused, because, announced } = keepAlive;
  const said = announced === undefined ? "no limit announced" : `Keep-Alive announces ${duration(announced)}`;
  if (reused) return [`  keep-alive  connections are kept; ${said}`];
  return [
    `  keep-alive  each response ends its connection: ${because === undefined ? "no second response came" : BECAUSE[because]}`,
  ];
}

function idleLines({ idle }: ProbeResult): string[] {
  if (idle === undefined) return [];
  const { limit, aliveAfter, silentlyDeadAfter, waited } = idle;
  const alive = aliveAfter === undefined ? "" : `; one idle for ${duration(aliveAfter)} still worked`;
  return [
    limit === undefined
      ? `  idle limit  none seen within ${duration(waited)}${alive}`
      : `  idle limit  ${duration(limit)}, then the server closes the connection${alive}`,
    ...(silentlyDeadAfter === undefined
      ? []
      : [
          `              one idle for ${duration(silentlyDeadAfter)} looked open but carried nothing: something on the network path drops idle connections`,
        ]),
  ];
}

function settingLines({ settings }: ProbeResult): string[] {
  if (settings.length === 0) return ["The idle limit was not measured, so there are no settings to suggest."];
  const width = Math.max(...settings.map(({ client }) => client.length));
  const same = settings.every(({ why }) => why === settings[0]?.why);
  return [
    `Settings that suit${same ? `: ${settings[0]?.why}` : ""}`,
    ...settings.flatMap(({ client, code, why }) => [
      `  ${client.padEnd(width)}  ${code}`,
      ...(same ? [] : [`  ${" ".repeat(width)}  (${why})`]),
    ]),
  ];
}

const TITLES: readonly (readonly [keyof Phases, string])[] = [
  ["dns", "DNS lookup"],
  ["connect", "TCP connect"],
  ["tls", "TLS handshake"],
  ["waiting", "server"],
  ["receiving", "transfer"],
];

/** The phases of a request as boxes in a row, with the time that has passed at the end of each. ASCII alone. */
export function phaseBoxes(phases: Phases): string[] {
  const boxes = TITLES.flatMap(([phase, title]) => {
    const took = phases[phase];
    return took === undefined ? [] : [{ title, took }];
  });
  let passed = 0;
  let [titles, times, marks, sums] = ["", "[", " ", " "];
  for (const [index, { title, took }] of boxes.entries()) {
    passed += took;
    const time = duration(took);
    const width = Math.max(title.length, time.length) + 2;
    titles += ` ${centred(title, width)}`;
    times += `${centred(time, width)}${index === boxes.length - 1 ? "]" : "|"}`;
    marks += `${" ".repeat(width)}|`;
    const sum = duration(passed);
    // Right under the bar that ends the box.
    sums = `${sums.padEnd(Math.max(0, marks.length - sum.length))}${sum}`;
  }
  return [titles, times, marks, sums].map((line) => line.trimEnd());
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return `${" ".repeat(left)}${text}`.padEnd(width);
}
