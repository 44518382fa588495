/** A promise and what settles it (Promise.withResolvers, which Node 20 does not have). */
export function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
