import type { Request, Response } from "../message/index.js";

/** Sends a request on: to the next step of the chain. */
export type Send = (request: Request) => Promise<Response>;
