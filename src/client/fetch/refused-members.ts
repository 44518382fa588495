/** What other implementations of fetch are told in `init` of where a request goes, and where it is said here. */
const REFUSED: Readonly<Record<string, string>> = {
  dispatcher: "configure a Transport instead (proxy, tls, dial, lookup) and fetch with a Client that uses it",
  agent: "configure a Transport instead (proxy, tls, dial, lookup) and fetch with a Client that uses it",
  client: "configure a Transport instead (proxy, tls) and fetch with a Client that uses it",
  proxy: "use new Client({ transport: new Transport({ proxy }) })",
  socketPath: "use new Client({ transport: new Transport({ socketPath }) })",
  unix: "use new Client({ transport: new Transport({ socketPath }) })",
  tls: "use new Client({ transport: new Transport({ tls }) })",
};

/**
 * Members that the standard does not know are ignored, but for those that would change where a request goes or whom it
 * trusts: a program that gives them must not find that out by an accident.
 *
 * @throws TypeError that says what to do instead.
 */
export function refuseForeignMembers(init: object): void {
  for (const name in REFUSED) {
    const value: unknown = (init as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || value === null || value === false || value === "") continue;
    throw new TypeError(`Cannot fetch with ${name}: it has no effect here; ${REFUSED[name] as string}`);
  }
}
