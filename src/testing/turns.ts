const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two turns of the event loop: one may begin in the middle of a turn's reads, the second has then read everything. */
export const twoTurns = async (): Promise<void> => {
  await turn();
  await turn();
};
