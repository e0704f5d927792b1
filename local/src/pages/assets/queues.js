// The queues: what waits, what is being worked on, and what has failed too often.

import { action, distance, get, h, head, json, keep, post, say } from "./dom.js";

export function build() {
  const list = h("div.cards");
  const element = h("section", {}, head("Queues", "Events on their way to the functions that follow up on them."), list);
  const cards = new Map();

  return {
    element,
    title: "Queues",
    update({ queues }) {
      keep(list, queues.map(({ name }) => name), (name) => name, (name) => {
        cards.set(name, card());
        return cards.get(name).element;
      });
      for (const queue of queues) cards.get(queue.name).update(queue);
    },
  };
}

function card() {
  const title = h("h2");
  const figures = { waiting: h("dd"), in_flight: h("dd"), dead: h("dd") };
  const labels = { waiting: "waiting", in_flight: "under way", dead: "dead letters" };
  const boxes = Object.fromEntries(Object.keys(labels).map((name) => [name, h("div", {}, h("dt", {}, labels[name]), figures[name])]));
  const waiting = messages("Messages");
  const dead = messages("Dead letters");
  const redrive = h("p.actions");
  const element = h("article.card", {}, title, h("dl.figures", {}, Object.values(boxes)), redrive, dead.element, waiting.element);
  let target = null;

  return {
    element,
    update(queue) {
      say(title, queue.name);
      for (const name of Object.keys(figures)) say(figures[name], queue[name]);
      boxes.dead.hidden = !queue.dead_letters;
      boxes.dead.classList.toggle("alarming", queue.dead > 0);
      // A queue that no function reads holds what went wrong elsewhere.
      boxes.waiting.classList.toggle("alarming", !queue.dead_letters && queue.waiting > 0);
      if (queue.dead_letters !== target) {
        target = queue.dead_letters;
        redrive.replaceChildren(action("Send dead letters back", async () => {
          const done = await post(`queues/${encodeURIComponent(target)}/redrive`);
          document.dispatchEvent(new Event("refresh"));
          return done;
        }));
      }
      redrive.hidden = queue.dead === 0;
      waiting.update(queue.name, queue.waiting + queue.in_flight);
      dead.update(queue.dead_letters, queue.dead);
    },
  };
}

/** The messages of one queue, fetched when somebody looks and whenever their number has changed since. */
function messages(label) {
  const summary = h("summary");
  const list = h("ol.messages");
  const element = h("details", {}, summary, list);
  let queue = null;
  let count = 0;
  let known = null;

  async function look() {
    if (!element.open || known === count) return;
    known = count;
    const found = await get(`queues/${encodeURIComponent(queue)}/messages`);
    keep(list, found.messages, (message) => message.id, show);
  }

  element.addEventListener("toggle", () => {
    known = null;
    look();
  });
  return {
    element,
    update(name, number) {
      [queue, count] = [name, number];
      element.hidden = !name || number === 0;
      say(summary, `${label} (${number})`);
      look();
    },
  };
}

function show(message) {
  const from = message.failed_in ? `failed in ${message.failed_in}, ` : "";
  const tries = message.receives === 1 ? "received once" : `received ${message.receives} times`;
  return h("li", {}, h("p", {}, `Sent ${distance(message.sent_at)}, ${from}${tries}`), json(message.body));
}
