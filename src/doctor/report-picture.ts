import { seconds } from "../errors/index.js";
import { type OriginReport, openOverTime, type Report } from "../explain/index.js";
import { escaped } from "./html.js";

const WIDTH = 720;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 10;
/** Origins in the picture of requests for each connection. */
const MAX_BARS = 12;
const BAR_HEIGHT = 26;

/** Connections over time: open ones as an area, opened ones and failed requests as marks. Nothing without times. */
export function timePicture({ facts }: Report): string {
  const line = facts.timeline === undefined ? [] : openOverTime(facts.timeline);
  const [first, last] = [line[0], line.at(-1)];
  if (first === undefined || last === undefined || facts.timeline === undefined) return "";
  const span = Math.max(facts.timeline.width, last.at - first.at + facts.timeline.width);
  const most = Math.max(1, ...line.map((one) => Math.max(one.open, one.counts[0] ?? 0)));
  const x = (at: number): number => LEFT + ((at - first.at) / span) * (WIDTH - LEFT - 8);
  const y = (count: number): number => HEIGHT - BOTTOM - (count / most) * (HEIGHT - BOTTOM - TOP);
  const step = ((WIDTH - LEFT - 8) * facts.timeline.width) / span;
  const area = line.map((one) => `L${fixed(x(one.at))} ${fixed(y(one.open))}h${fixed(step)}`).join("");
  const bars = line
    .filter((one) => (one.counts[0] ?? 0) > 0)
    .map((one) => {
      const top = y(one.counts[0] ?? 0);
      return `<rect class="opened" x="${fixed(x(one.at))}" y="${fixed(top)}" width="${fixed(Math.max(1, step - 0.5))}" height="${fixed(HEIGHT - BOTTOM - top)}"/>`;
    });
  const marks = line
    .filter((one) => (one.counts[3] ?? 0) > 0)
    .map(
      (one) =>
        `<circle class="failed" cx="${fixed(x(one.at) + step / 2)}" cy="${TOP}" r="3"><title>${one.counts[3]} failed</title></circle>`,
    );
  const base = HEIGHT - BOTTOM;
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Connections over time: at most ${most} at once">
<path class="area" d="M${LEFT} ${base}${area}V${base}Z"/>${bars.join("")}${marks.join("")}
<path class="axis" d="M${LEFT} ${TOP}V${base}H${WIDTH - 8}"/>
<text x="${LEFT - 6}" y="${TOP + 8}" text-anchor="end">${most}</text><text x="${LEFT - 6}" y="${base}" text-anchor="end">0</text>
<text x="${LEFT}" y="${HEIGHT - 6}">0 s</text><text x="${WIDTH - 8}" y="${HEIGHT - 6}" text-anchor="end">${seconds(span)}</text>
</svg><figcaption><span class="key area"></span> open <span class="key opened"></span> opened in a step of ${seconds(facts.timeline.width)}${marks.length === 0 ? "" : ' <span class="key failed"></span> requests failed'}</figcaption></figure>`;
}

/** Requests and connections of each origin, one beside the other. */
export function reusePicture(origins: readonly OriginReport[]): string {
  const shown = origins.slice(0, MAX_BARS).filter(({ requests }) => requests > 0);
  if (shown.length === 0) return "";
  const most = Math.max(...shown.map((one) => Math.max(one.requests, one.connections)));
  const left = 8;
  const wide = WIDTH - left - 170;
  const rows = shown.map((one, index) => {
    const top = index * (BAR_HEIGHT + 20);
    const length = (count: number): number => Math.max(1, (count / most) * wide);
    const each =
      one.connections === 0 ? "" : ` · ${Number((one.requests / one.connections).toFixed(1))} for each`;
    return `<text x="${left}" y="${top + 12}">${escaped(one.origin)}</text>
<rect class="requests" x="${left}" y="${top + 17}" width="${fixed(length(one.requests))}" height="9"/><rect class="opened" x="${left}" y="${top + 27}" width="${fixed(length(one.connections))}" height="9"/>
<text class="count" x="${fixed(left + length(Math.max(one.requests, one.connections)) + 8)}" y="${top + 31}">${one.requests} on ${one.connections}${each}</text>`;
  });
  const height = shown.length * (BAR_HEIGHT + 20);
  return `<figure><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Requests and connections of each origin">${rows.join("\n")}</svg><figcaption><span class="key requests"></span> requests <span class="key opened"></span> connections</figcaption></figure>`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}
