// The frame of the page: asks the local cloud how it is doing every second or so, and shows the section that the
// address names. Each section is built once and then only told what is new, so nothing is lost while it updates.

import { get, say } from "./dom.js";
import * as mailbox from "./mailbox.js";
import * as invocations from "./invocations.js";
import * as queues from "./queues.js";
import * as schedules from "./schedules.js";
import * as tables from "./tables.js";

const EVERY = 1200;
const sections = { mailbox, invocations, queues, schedules, tables };
const built = new Map();
const content = document.getElementById("content");
const statusText = document.getElementById("status");
let latest = null;
let shown = null;

/** `#/mailbox/7` is the section `mailbox` with `["7"]`. */
function address() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return Object.hasOwn(sections, name) ? [name, rest] : ["mailbox", []];
}

function show(moved) {
  const [name, rest] = address();
  if (!built.has(name)) built.set(name, sections[name].build());
  const section = built.get(name);
  if (shown !== name) {
    content.replaceChildren(section.element);
    document.title = `${section.title} · Guildhall, inside`;
    for (const link of document.querySelectorAll("#sections a")) {
      const current = link.hash === `#/${name}`;
      if (current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    reveal();
    if (shown !== null) content.focus({ preventScroll: true });
    scrollTo(0, 0);
    shown = name;
  }
  if (latest) section.update(latest, rest, moved);
}

/** On a narrow screen the sections scroll sideways, and the current one should be in sight. */
function reveal() {
  document.querySelector("#sections [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
}

function count(name, text, alarming = false) {
  const badge = document.querySelector(`[data-count="${name}"]`);
  say(badge, text || "");
  badge.classList.toggle("alarming", alarming);
}

function frame(now) {
  say(document.getElementById("api"), now.api);
  say(document.getElementById("socket"), now.socket);
  say(document.getElementById("sockets"), now.sockets);
  say(document.getElementById("storage"), now.storage ?? "in memory");
  count("mailbox", now.letters.length);
  const failed = now.invocations.filter((one) => one.error || one.status >= 500).length;
  count("invocations", failed, true);
  // What waits in a queue without dead letters is itself what went wrong elsewhere.
  const stuck = now.queues.reduce((sum, queue) => sum + (queue.dead_letters ? queue.dead : queue.waiting), 0);
  const waiting = now.queues.reduce((sum, queue) => sum + queue.waiting + queue.in_flight, 0);
  count("queues", stuck || waiting, stuck > 0);
  count("schedules", now.schedules.length);
  count("tables", now.tables.length);
}

async function refresh() {
  try {
    const first = latest === null;
    latest = await get("now");
    document.body.classList.remove("lost");
    say(statusText, "open");
    frame(latest);
    if (first) reveal();
    show(false);
  } catch (error) {
    document.body.classList.add("lost");
    say(statusText, error instanceof TypeError ? "closed" : error.message);
  }
}

async function keepFresh() {
  if (!document.hidden) await refresh();
  setTimeout(keepFresh, EVERY);
}

addEventListener("hashchange", () => show(true));
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.addEventListener("refresh", refresh);
show(true);
keepFresh();
