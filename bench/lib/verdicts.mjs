// From the figures of a row to its ratios and verdicts. Pure, so that the report can be made again from saved results.

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Median, least and greatest of one figure over the rounds; undefined where it was not measured. */
export function spread(rounds, key) {
  const values = rounds.map((round) => round[key]).filter(Number.isFinite);
  if (values.length === 0) return undefined;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * One verdict a target that holds on this Node. The ratio is the median of the ratios of each round, since what else
 * the machine does at a time touches clients that run one after the other alike.
 */
export function verdicts(row, figures, major) {
  return row.targets
    .filter((target) => target.from === undefined || major >= target.from)
    .map((target) => verdict(row, figures, target, major));
}

/** How far the row's own client is from what the sockets themselves cost; undefined where that was not measured. */
export function aboveFloor(row, figures) {
  const own = figures[row.own ?? "trunkline"];
  const floor = figures[row.floor];
  if (own === undefined || floor === undefined) return undefined;
  return median(own.map((round, index) => round[row.metric.key] / floor[index][row.metric.key]));
}

function verdict(row, figures, target, major) {
  const { key } = row.metric;
  const limit =
    major < 22 && target.before22 !== undefined ? target.before22 : (target.atMost ?? target.atLeast);
  const atLeast = target.atLeast !== undefined;
  const wanted = describe(row, limit, atLeast, target.to);
  const own = figures[row.own ?? "trunkline"];
  const other = target.to === undefined ? undefined : figures[target.to];
  if (own === undefined || (target.to !== undefined && other === undefined))
    return { wanted, measured: undefined, passed: false };
  const values = own.map((round, index) =>
    other === undefined ? round[key] : round[key] / other[index][key],
  );
  const measured = { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  return { wanted, measured, passed: atLeast ? measured.median >= limit : measured.median <= limit };
}

function describe(row, limit, atLeast, to) {
  const sign = atLeast ? "≥" : "≤";
  return to === undefined
    ? `${row.metric.name} ${sign} ${limit} ${row.metric.unit}`
    : `${row.metric.name} ${sign} ${limit} × ${to}`;
}
