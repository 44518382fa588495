// Imported before a program's own modules: the code of HTTP/2 is loaded when the program says so, or not at all.
import { register } from "node:module";

const hold: { asked: () => void; answered: Promise<string> } = {
  asked: () => undefined,
  answered: Promise.resolve(""),
};

/** Resolves when a dial has asked for the code. */
export const asked: Promise<void> = new Promise((resolve) => {
  hold.asked = resolve;
});

export let answer: (how: "there" | "missing") => void = () => undefined;
hold.answered = new Promise((resolve) => {
  answer = resolve;
});

(globalThis as { holdHttp2?: () => Promise<void> }).holdHttp2 = async () => {
  hold.asked();
  if ((await hold.answered) === "missing") throw new Error("no such chunk");
};

// In the place of the module there is one that waits, and then is the same.
const waiting = 'await globalThis.holdHttp2(); export * from "./http2-connection.js?held";';
const hooks = `export const load = (url, context, next) =>
  url.endsWith("/http2-connection.js")
    ? { format: "module", shortCircuit: true, source: ${JSON.stringify(waiting)} }
    : next(url, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
