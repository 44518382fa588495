import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkCorpus } from "./corpus-check.js";
import { clients } from "./corpus-table.js";
import { installedCorpus } from "./watch-program.js";

const installed =
  existsSync(join(installedCorpus, "programs")) && existsSync(join(installedCorpus, "node_modules"));

checkCorpus(
  "doctor: finds what is wrong with programs over clients from npm",
  clients(Number.parseInt(process.versions.node, 10)),
  {
    folder: installedCorpus,
    skip: installed ? false : "the clients are not installed; .ci/steps/40-doctor.sh does it",
  },
);
