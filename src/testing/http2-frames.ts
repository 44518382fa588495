import {
  dataHeader,
  frameHeader,
  goAwayFrame,
  type HpackEncoder,
  headersFrames,
  INDEX,
  pingFrame,
  rstStreamFrame,
  SETTINGS_ACK,
  settingsFrame,
  windowUpdateFrame,
} from "../http2/index.js";
import type { ExtraHeaders } from "./wire-connection.js";

/** Names of settings, in the order of their numbers; a setting without a name is `[number, value]`. */
const SETTING_IDS = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const;

/** Settings by name, or as numbers: setting, value, setting, value, … */
export type Http2Settings = Readonly<Partial<Record<keyof typeof SETTING_IDS, number>>> | readonly number[];

/** A frame to send, as data. What is left out is as in the plainest frame of its type. */
export type Http2Frame =
  | {
      readonly type: "HEADERS";
      readonly stream: number;
      /** Of a response, before its fields; left out in trailers. */
      readonly status?: number | string;
      readonly headers?: ExtraHeaders;
      readonly endStream?: boolean;
      /** Octets of the block in each frame; the rest goes on in CONTINUATION. Default 16,384. */
      readonly split?: number;
    }
  | {
      readonly type: "DATA";
      readonly stream: number;
      readonly data?: string | Uint8Array;
      readonly endStream?: boolean;
      /** Octets of padding. */
      readonly padding?: number;
    }
  | { readonly type: "SETTINGS"; readonly settings?: Http2Settings; readonly ack?: boolean }
  /** `data` has eight characters. */
  | { readonly type: "PING"; readonly data?: string; readonly ack?: boolean }
  | { readonly type: "RST_STREAM"; readonly stream: number; readonly code?: number }
  | {
      readonly type: "GOAWAY";
      readonly lastStream: number;
      readonly code?: number;
      readonly debug?: string;
    }
  | { readonly type: "WINDOW_UPDATE"; readonly stream?: number; readonly increment: number }
  /** Any frame at all, right or wrong. `length` is what its head says, by default the payload's. */
  | {
      readonly type: number;
      readonly flags?: number;
      readonly stream?: number;
      readonly payload?: string | Uint8Array;
      readonly length?: number;
    };

/** Name, value, name, value, … */
export function flatHeaders(headers: ExtraHeaders): string[] {
  const flat = Array.isArray(headers) ? (headers as readonly string[]) : Object.entries(headers).flat();
  return flat.map(String);
}

function latin1(data: string | Uint8Array): string {
  return typeof data === "string"
    ? Buffer.from(data, "utf8").toString("latin1")
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}

/** Settings as numbers: setting, value, setting, value, … */
export function settingPairs(settings: Http2Settings): number[] {
  if (Array.isArray(settings)) return [...(settings as readonly number[])];
  const named = settings as Readonly<Partial<Record<keyof typeof SETTING_IDS, number>>>;
  return (Object.keys(SETTING_IDS) as (keyof typeof SETTING_IDS)[]).flatMap((name) => {
    const value = named[name];
    return value === undefined ? [] : [SETTING_IDS[name], value];
  });
}

/** The octets of a frame, one character each. Header blocks go through the connection's encoder, in order. */
export function encodeFrame(frame: Http2Frame, encoder: HpackEncoder): string {
  switch (frame.type) {
    case "HEADERS": {
      let block = encoder.sizeUpdate();
      if (frame.status !== undefined) block += encoder.field(":status", String(frame.status), INDEX);
      const fields = flatHeaders(frame.headers ?? []);
      for (let i = 0; i < fields.length; i += 2) {
        block += encoder.field(fields[i] as string, latin1(fields[i + 1] as string), INDEX);
      }
      return headersFrames(frame.stream, block, frame.endStream ?? false, frame.split ?? 16_384);
    }
    case "DATA": {
      const data = latin1(frame.data ?? "");
      const end = frame.endStream ?? false;
      if (frame.padding === undefined) return dataHeader(frame.stream, data.length, end) + data;
      const head = frameHeader(0, end ? 9 : 8, frame.stream, data.length + frame.padding + 1);
      return `${head}${String.fromCharCode(frame.padding)}${data}${"\0".repeat(frame.padding)}`;
    }
    case "SETTINGS":
      return frame.ack === true ? SETTINGS_ACK : settingsFrame(settingPairs(frame.settings ?? []));
    case "PING":
      return pingFrame((frame.data ?? "").padEnd(8, "\0").slice(0, 8), frame.ack ?? false);
    case "RST_STREAM":
      return rstStreamFrame(frame.stream, frame.code ?? 0);
    case "GOAWAY":
      return goAwayFrame(frame.lastStream, frame.code ?? 0, frame.debug ?? "");
    case "WINDOW_UPDATE":
      return windowUpdateFrame(frame.stream ?? 0, frame.increment);
    default: {
      const payload = latin1(frame.payload ?? "");
      return (
        frameHeader(frame.type, frame.flags ?? 0, frame.stream ?? 0, frame.length ?? payload.length) + payload
      );
    }
  }
}
