// Which release of a peer this Node can run, and is therefore measured.
const [major, minor] = process.versions.node.split(".").map(Number);

export const undiciPackage = major > 22 || (major === 22 && minor >= 19) ? "undici8" : "undici7";
export const gotPackage = major >= 22 ? "got16" : "got14";
