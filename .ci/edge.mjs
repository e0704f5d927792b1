// Runs the edge's own function, out of the template, on the paths that the local gateway is tested with: the two must say
// the same of each.
//
// node .ci/edge.mjs

import { readFileSync } from "node:fs";
import { strict as assert } from "node:assert";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const template = read("../template.yaml");
const [, after] = template.split("      FunctionCode: !Sub |\n");

const lines = [];
for (const line of after.split("\n")) {
  if (line.trim() && !line.startsWith("        ")) break;
  lines.push(line);
}
const source = lines.join("\n").replaceAll("${SocketStage}", "live");
const handler = new Function(`${source}; return handler;`)();

const fields = (query) => Object.fromEntries([...new URLSearchParams(query)].map(([name, value]) => [name, { value }]));
let count = 0;
for (const { path, query, said } of JSON.parse(read("../local/src/gateway/websocket/paths.json"))) {
  const answer = handler({ request: { uri: path, querystring: fields(query), headers: {} } });
  if (said === null) {
    assert.ok(answer.statusCode >= 400, path);
  } else {
    const pairs = Object.entries(answer.querystring).map(([name, { value }]) => [name, decodeURIComponent(value)]);
    assert.deepEqual(Object.fromEntries(pairs), said, path);
    assert.equal(answer.uri, "/live", path);
  }
  count += 1;
}
console.log(`${count} paths become what they should.`);
