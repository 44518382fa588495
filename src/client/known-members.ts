import { nearestName } from "../runtime/index.js";

/**
 * @throws TypeError for a member of a nested option that does not exist: what is misspelt must not be ignored.
 */
export function checkMembers(option: string, given: object, members: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (members.includes(name)) continue;
    const near = nearestName(name, members);
    const meant = near === undefined ? `the members are ${members.join(", ")}` : `did you mean ${near}?`;
    throw new TypeError(`Cannot use ${JSON.stringify(name)} in ${option}: it is not a member; ${meant}`);
  }
}
