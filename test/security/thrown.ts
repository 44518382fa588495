/** What a call throws or rejects with; undefined when it does neither. */
export async function thrown(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return undefined;
}
