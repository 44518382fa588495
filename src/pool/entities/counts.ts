/** The figures of a pool or of one of its routes. */
export class Counts {
  // What each acquire and release counts comes first, so that it shares a cache line.
  /** Open connections without an exchange now. */
  idle = 0;
  /** Connections with an exchange on them. */
  active = 0;
  /** Exchanges on connections now. On HTTP/1.1 each connection in use has one. */
  streams = 0;
  /** Exchanges that wait for a connection, whether or not a dial is under way for them. */
  waiting = 0;
  /** Exchanges given a connection. */
  requests = 0;
  /** Those among them whose connection had carried an exchange before. */
  reused = 0;
  /** Connections being made. */
  dialing = 0;
  /** Connections with an exchange on them that close when it is over. */
  draining = 0;
  /** Connections ever begun. A dial that fails counts as opened and as closed, so opened - closed are those now there. */
  opened = 0;
  /** Connections closed since the transport was made. */
  closed = 0;

  /** Connections that hold a slot: all that are not closed. */
  get open(): number {
    return this.dialing + this.active + this.idle + this.draining;
  }
}
