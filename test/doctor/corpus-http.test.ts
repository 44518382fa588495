import { checkCorpus } from "./corpus-check.js";
import { builtIn } from "./corpus-table.js";

// A file each for a third of the corpus: they run beside each other, and none takes minutes.
checkCorpus(
  "doctor: finds what is wrong with programs over node:http",
  builtIn.filter(({ program }) => program.startsWith("http-")),
);
