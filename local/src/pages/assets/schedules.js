// The schedules: when each runs next, how its last runs went, and running one now.

import { action, distance, duration, h, head, json, keep, post, say, time } from "./dom.js";

export function build() {
  const list = h("div.cards");
  const element = h("section", {}, head("Schedules", "What runs by itself, and now if you wish."), list);
  const cards = new Map();

  return {
    element,
    title: "Schedules",
    update({ schedules }) {
      keep(list, schedules.map(({ name }) => name), (name) => name, (name) => {
        cards.set(name, card(name));
        return cards.get(name).element;
      });
      for (const schedule of schedules) cards.get(schedule.name).update(schedule);
    },
  };
}

function card(name) {
  const expression = h("code");
  const target = h("span.target");
  const next = h("p.next");
  const runs = h("ol.runs");
  const never = h("p.hint", {}, "It has not run here yet.");
  const run = action("Run now", async () => {
    try {
      return await post(`schedules/${encodeURIComponent(name)}/run`);
    } finally {
      document.dispatchEvent(new Event("refresh"));
    }
  });
  const element = h("article.card", {}, h("div.row", {}, h("h2", {}, name), run), h("p.meta", {}, expression, target), next, never, runs);
  let shownNext;

  return {
    element,
    update(schedule) {
      say(expression, schedule.expression);
      say(target, `${schedule.function} ${JSON.stringify(schedule.input)}`);
      if (schedule.next !== shownNext) {
        shownNext = schedule.next;
        next.replaceChildren(...(schedule.next ? ["Next: ", time(schedule.next), " ", h("span")] : ["Runs only by hand."]));
      }
      if (schedule.next) say(next.lastChild, `(${distance(schedule.next)})`);
      never.hidden = schedule.runs.length > 0;
      keep(runs, schedule.runs, (one) => one.at, result);
    },
  };
}

function result(one) {
  return h("li", { class: one.ok ? "good" : "bad" },
    h("details", {},
      h("summary", {}, h("span.status", {}, one.ok ? "done" : "failed"), time(one.at),
        h("span", {}, `${duration(one.duration_ms)}${one.by_hand ? ", by hand" : ""}`)),
      json(one.outcome)));
}
