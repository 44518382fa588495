import { Agent, request as httpRequest } from "node:http";
import {
  type ClientName,
  concurrencies,
  postBody,
  postType,
  REQUESTS,
  type Scenario,
  type Session,
} from "./scenario.js";

const headers = { "content-type": postType };

/** What Node has by itself, for the same traffic. These clients keep no reasons, so the words are known ones. */
interface Other {
  readonly name: string;
  readonly client: ClientName;
  readonly words: string;
  prepare(origin: string): Pick<Session, "send" | "end">;
}

const others: readonly Other[] = [
  {
    name: "global fetch",
    client: "fetch",
    words: "one pool for the whole process, like a shared transport",
    prepare: (origin) => ({
      send: async () => {
        const response = await fetch(origin, { method: "POST", headers, body: postBody });
        await response.text();
      },
      end: () => {},
    }),
  },
  {
    name: "node:http, one keep-alive agent",
    client: "http-agent",
    words: "the agent owns the connections, as a transport does",
    prepare: (origin) => {
      const agent = new Agent({ keepAlive: true });
      return { send: () => post(origin, agent), end: () => agent.destroy() };
    },
  },
  {
    name: "node:http, new agent each",
    client: "http-new-agent",
    words: "a new agent has no connections to reuse",
    prepare: (origin) => {
      const agents: Agent[] = [];
      return {
        send: () => {
          const agent = new Agent({ keepAlive: true });
          agents.push(agent);
          return post(origin, agent);
        },
        end: () => {
          for (const agent of agents) agent.destroy();
        },
      };
    },
  },
];

/** The rows of the other clients. */
export const otherScenarios: readonly Scenario[] = others.flatMap((other) =>
  concurrencies.map((concurrency) => ({
    name: other.name,
    client: other.client,
    concurrency,
    requests: REQUESTS,
    prepare: (origin: string) => ({
      ...other.prepare(origin),
      reasons: () => ({ openedFor: {}, closed: {}, words: other.words }),
    }),
  })),
);

function post(origin: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(origin, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", resolve);
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(postBody);
  });
}
