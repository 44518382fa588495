// A node:test reporter: the run's totals as one line of JSON, from the summary the runner itself prints.
export default async function* counts(events) {
  const totals = {};
  for await (const { type, data } of events) {
    if (type !== "test:diagnostic" || data.nesting !== 0) continue;
    const match = /^(tests|suites|pass|fail|cancelled|skipped|todo) (\d+)$/.exec(data.message);
    if (match) totals[match[1]] = Number(match[2]);
  }
  yield `${JSON.stringify(totals)}\n`;
}
