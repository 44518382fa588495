/*
 * Case-insensitive comparison of the few words that framing depends on, four bytes at a time: a loop over single
 * letters costs four times as much, and every response has two or three of these words.
 *
 * Setting bit 5 lowers letters and leaves digits and the hyphen alone. The bytes it would confuse with those are
 * control bytes and `@[\\]^_`; the former are refused before a word is looked at, the latter match no letter.
 */

const LOWER = 0x20;
const LOWER_FOUR = 0x20202020;

function four(buffer: Buffer, at: number): number {
  const low = (buffer[at] as number) | ((buffer[at + 1] as number) << 8);
  return low | ((buffer[at + 2] as number) << 16) | ((buffer[at + 3] as number) << 24) | LOWER_FOUR | 0;
}

function lower(buffer: Buffer, at: number): number {
  return (buffer[at] as number) | LOWER;
}

function fourOf(text: string): number {
  return four(Buffer.from(text, "latin1"), 0);
}

const CONN = fourOf("conn");
const ECTI = fourOf("ecti");
const KEEP = fourOf("keep");
const ALI = fourOf("-ali");
const CONT = fourOf("cont");
const ENT = fourOf("ent-");
const LENG = fourOf("leng");
const TRAN = fourOf("tran");
const SFER = fourOf("sfer");
const ENC = fourOf("-enc");
const ODIN = fourOf("odin");
const CHUN = fourOf("chun");
const CLOS = fourOf("clos");
const UPGR = fourOf("upgr");
const TIME = fourOf("time");

const A = 0x61;
const D = 0x64;
const E = 0x65;
const G = 0x67;
const H = 0x68;
const K = 0x6b;
const M = 0x6d;
const N = 0x6e;
const O = 0x6f;
const T = 0x74;
const U = 0x75;
const V = 0x76;
const X = 0x78;

// Each expects that the caller has compared the length: as many bytes as the word has start at `at`.

export function isConnection(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === CONN &&
    four(buffer, at + 4) === ECTI &&
    lower(buffer, at + 8) === O &&
    lower(buffer, at + 9) === N
  );
}

export function isKeepAlive(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === KEEP &&
    four(buffer, at + 4) === ALI &&
    lower(buffer, at + 8) === V &&
    lower(buffer, at + 9) === E
  );
}

export function isContentLength(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === CONT &&
    four(buffer, at + 4) === ENT &&
    four(buffer, at + 8) === LENG &&
    lower(buffer, at + 12) === T &&
    lower(buffer, at + 13) === H
  );
}

export function isTransferEncoding(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === TRAN &&
    four(buffer, at + 4) === SFER &&
    four(buffer, at + 8) === ENC &&
    four(buffer, at + 12) === ODIN &&
    lower(buffer, at + 16) === G
  );
}

export function isChunked(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === CHUN &&
    lower(buffer, at + 4) === K &&
    lower(buffer, at + 5) === E &&
    lower(buffer, at + 6) === D
  );
}

export function isClose(buffer: Buffer, at: number): boolean {
  return four(buffer, at) === CLOS && lower(buffer, at + 4) === E;
}

export function isUpgrade(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === UPGR &&
    lower(buffer, at + 4) === A &&
    lower(buffer, at + 5) === D &&
    lower(buffer, at + 6) === E
  );
}

export function isTimeout(buffer: Buffer, at: number): boolean {
  return (
    four(buffer, at) === TIME &&
    lower(buffer, at + 4) === O &&
    lower(buffer, at + 5) === U &&
    lower(buffer, at + 6) === T
  );
}

export function isMax(buffer: Buffer, at: number): boolean {
  return lower(buffer, at) === M && lower(buffer, at + 1) === A && lower(buffer, at + 2) === X;
}
