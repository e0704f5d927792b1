// Small tools of the page: elements, lists that keep what has not changed, times and numbers.

/** An element: `h("a.link", { href: "/" }, "Home")`. Properties starting with `on` are listeners. */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

/**
 * Makes the children of `parent` those of `items`, in their order. An element whose item has not changed stays as it
 * is, with its focus, its scrolling and what was unfolded in it; `make` is asked for the others.
 */
export function keep(parent, items, key, make) {
  const known = parent.kept ?? new Map();
  const kept = new Map();
  for (const item of items) {
    const id = String(key(item));
    const text = JSON.stringify(item);
    const old = known.get(id);
    kept.set(id, old?.text === text ? old : { text, element: make(item, old?.element) });
  }
  const wanted = [...kept.values()].map(({ element }) => element);
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, index) => {
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
  parent.kept = kept;
}

/** Sets text only where it differs, so that a selection survives. */
export function say(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

export async function get(path) {
  return answer(await fetch(`/_local/api/${path}`));
}

export async function post(path) {
  return answer(await fetch(`/_local/api/${path}`, { method: "POST" }));
}

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.message);
  return body;
}

let hiding;

/** Tells what an action came to, to eyes and to screen readers. */
export function notify(text, failed = false) {
  const notice = document.getElementById("notice");
  notice.textContent = text;
  notice.className = failed ? "shown failed" : "shown";
  clearTimeout(hiding);
  hiding = setTimeout(() => (notice.className = ""), 6000);
}

/** A button whose action may take a while, and may fail. */
export function action(label, run, kind = "button") {
  const button = h(kind, { type: "button" }, label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { message } = await run();
      notify(message);
    } catch (error) {
      notify(error.message, true);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** A moment: the time of day if it was today, else the date as well. */
export function time(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return h("time", { datetime: at, title: full.format(date) }, (today ? clock : day).format(date));
}

/** How far away a moment is: `in 3 hours`. */
export function distance(at, now = Date.now()) {
  const seconds = Math.round((new Date(at) - now) / 1000);
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

/** Milliseconds with as many digits as matter. */
export function duration(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10000 ? 0 : 1)} s`;
  return `${ms.toFixed(ms >= 10 ? 0 : 1)} ms`;
}

/** JSON to be read; text that is JSON is taken apart first. */
export function json(value) {
  let shown = value;
  if (typeof value === "string") {
    try {
      shown = JSON.parse(value);
    } catch {
      return h("pre", { tabindex: "0" }, value);
    }
  }
  return h("pre", { tabindex: "0" }, JSON.stringify(shown, null, 2));
}

/** What stands where there is nothing yet. */
export function empty(title, text) {
  return h("div.empty", {}, h("h2", {}, title), h("p", {}, text));
}

export function head(title, text, ...tools) {
  return h("header.head", {}, h("div", {}, h("h1", {}, title), h("p", {}, text)), h("div.tools", {}, tools));
}
