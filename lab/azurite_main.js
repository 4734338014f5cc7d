// The process that plays Azure Storage: Azurite's blob service, in memory, on a free port of 127.0.0.1.
//
// Speaks the lab's control protocol: one line {"event": "ready", "endpoint"} on standard output, and the end of standard input
// ends the process. What Azurite itself says goes to standard error.

"use strict";

const path = require("node:path");

const modules = path.join(__dirname, "..", "tools", "azurite", "node_modules");
const flags = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"];
const listens = /successfully listens on (https?:\/\/127\.0\.0\.1:\d+)/;

console.log = (...words) => {
  const said = words.join(" ");
  const found = listens.exec(said);
  process.stderr.write(said + "\n");
  if (found) {
    process.stdout.write(JSON.stringify({ event: "ready", endpoint: found[1] }) + "\n");
  }
};

process.stdin.on("end", () => process.exit(0)).resume();
process.argv = [process.argv[0], "azurite-blob", "--blobHost", "127.0.0.1", "--blobPort", "0", ...flags, ...process.argv.slice(2)];
require(path.join(modules, "azurite", "dist", "src", "blob", "main.js"));
