import { checkCorpus } from "./corpus-check.js";
import { builtIn } from "./corpus-table.js";

checkCorpus(
  "doctor: finds what is wrong with programs over fetch, node:https and node:http2, and nothing with healthy ones",
  builtIn.filter(({ program }) => !program.startsWith("http-")),
);
