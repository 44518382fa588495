/** Placeholder of the shape; the pool's state of one route lives here. */
export interface PoolRoute<O> {
  readonly key: string;
  readonly origin: string;
  readonly owner?: O;
}
