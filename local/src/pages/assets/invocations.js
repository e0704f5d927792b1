// What the functions were asked lately: how long each took, and what it cost at the table.

import { duration, empty, h, head, keep, say, time } from "./dom.js";

const SHOWN = 200;

export function build() {
  const functions = h("select", { "aria-label": "Function" }, h("option", { value: "" }, "All functions"));
  const search = h("input", { type: "search", placeholder: "Path, route, error …", "aria-label": "Search" });
  const failures = h("input", { type: "checkbox", id: "only-failures" });
  const body = h("tbody");
  const summary = h("p.summary");
  const nothing = empty("Nothing was invoked yet", "Call the API, and every invocation appears here with its price.");
  const columns = [["Time"], ["Function"], ["What"], ["Status"], ["Duration", "number"],
    ["Trips", "number", "Round trips to DynamoDB, one after the other"], ["Calls", "number", "Calls to DynamoDB, those at the same time included"],
    ["Read", "number", "Read capacity units"], ["Written", "number", "Write capacity units"]];
  const table = h("div.scroll", { tabindex: "0", role: "region", "aria-label": "Invocations" },
    h("table.invocations", {}, h("thead", {}, h("tr", {}, columns.map(([name, kind, title]) => h("th", { scope: "col", class: kind, title }, name)))), body));
  const tools = [functions, search, h("label.check", { for: "only-failures" }, failures, "Failures only")];
  const element = h("section", {}, head("Invocations", "The latest 500, newest first.", tools), nothing, summary, table);
  let latest = [];
  for (const tool of [functions, search, failures]) tool.addEventListener("input", draw);

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const matching = latest.filter((one) =>
      (!functions.value || one.function === functions.value)
      && (!failures.checked || failed(one))
      && (!wanted || `${one.summary} ${one.route ?? ""} ${one.error ?? ""} ${one.status ?? ""} ${one.request_id}`.toLowerCase().includes(wanted)));
    nothing.hidden = latest.length > 0;
    table.hidden = summary.hidden = latest.length === 0;
    keep(body, matching.slice(0, SHOWN), (one) => one.request_id, row);
    say(summary, describe(matching));
  }

  return {
    element,
    title: "Invocations",
    update({ invocations }) {
      latest = invocations;
      const names = [...new Set(invocations.map((one) => one.function))].sort();
      for (const name of names) {
        if (![...functions.options].some((option) => option.value === name)) functions.append(h("option", { value: name }, name));
      }
      draw();
    },
  };
}

function failed(one) {
  return Boolean(one.error) || one.status >= 500;
}

function row(one) {
  const status = one.status ?? (one.error ? "failed" : "ok");
  const tone = failed(one) ? "bad" : one.status >= 400 ? "odd" : "good";
  const { round_trips, calls, read_units, write_units } = one.cost;
  const number = (value, label) => h(value ? "td.number" : "td.number.none", { "data-label": label }, value ? String(+value.toFixed(1)) : "–");
  return h("tr", { class: tone },
    h("td.when", {}, time(one.at)),
    h("td.function", {}, h(`span.trigger.${one.trigger}`, { title: one.trigger }), one.function),
    h("td.what", { title: `Request ${one.request_id}` }, h("span", {}, one.summary),
      one.route && one.route !== one.summary ? h("small", {}, one.route) : null,
      one.error ? h("small.error", {}, one.error) : null),
    h("td", {}, h("span.status", {}, String(status))),
    h("td.number", { "data-label": "took" }, duration(one.duration_ms)),
    number(round_trips, "trips"), number(calls, "calls"), number(read_units, "read"), number(write_units, "written"));
}

function describe(list) {
  if (list.length === 0) return "None matches.";
  const times = list.map((one) => one.duration_ms).sort((a, b) => a - b);
  const at = (share) => duration(times[Math.min(times.length - 1, Math.floor(times.length * share))]);
  const failures = list.filter(failed).length;
  const many = list.length === 1 ? "1 invocation" : `${list.length} invocations`;
  return `${many}: median ${at(0.5)}, 95 % within ${at(0.95)}, ${failures === 0 ? "none" : failures} failed.`;
}
