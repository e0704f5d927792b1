// The mailbox: every letter that SES would have sent.

import { action, empty, get, h, head, keep, post, time } from "./dom.js";

export function build() {
  const list = h("ul.letters");
  const reader = h("article.reader", { "aria-live": "off" });
  const nothing = empty("No letters yet", "What the functions send through SES is kept here instead of leaving this machine.");
  const panes = h("div.panes", {}, list, reader);
  const clear = action("Empty the mailbox", async () => {
    const done = await post("letters/clear");
    location.hash = "#/mailbox";
    document.dispatchEvent(new Event("refresh"));
    return done;
  });
  const element = h("section", {}, head("Mailbox", "Letters as their readers would get them.", clear), nothing, panes);
  let open = null;

  function row(letter) {
    const { id, at, to, subject } = letter;
    const link = h("a", { href: `#/mailbox/${id}` },
      h("span.to", {}, to.join(", ")), time(at), h("span.subject", {}, subject || "(no subject)"));
    return h("li", { "data-id": id }, link);
  }

  async function read(id) {
    open = id;
    for (const item of list.children) {
      const link = item.firstChild;
      if (item.dataset.id === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    panes.classList.toggle("reading", id !== null);
    if (id === null) {
      reader.replaceChildren(h("p.hint", {}, "Choose a letter to read it."));
      return;
    }
    try {
      const letter = await get(`letters/${encodeURIComponent(id)}`);
      if (open === id) reader.replaceChildren(...shown(letter));
    } catch (error) {
      if (open === id) reader.replaceChildren(h("p.hint", {}, error.message));
    }
  }

  return {
    element,
    title: "Mailbox",
    update({ letters }, [id], moved) {
      nothing.hidden = letters.length > 0;
      panes.hidden = clear.hidden = letters.length === 0;
      keep(list, letters, (letter) => letter.id, row);
      // Wide enough for both panes, the newest letter need not be asked for.
      const wide = matchMedia("(min-width: 60rem)").matches;
      const wanted = id ?? (wide && letters.length && open === null ? String(letters[0].id) : null);
      if (id !== undefined ? open !== id : moved || (wanted && open === null)) read(wanted);
      else if (open === null && !reader.firstChild) read(null);
    },
  };
}

function shown(letter) {
  const facts = [["From", letter.from], ["To", letter.to.join(", ")], ["Sent", time(letter.at)]];
  const others = [["Message-ID", letter.message_id], ...letter.headers];
  const pairs = (list) => list.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  const frame = letter.html && h("figure", {},
    h("figcaption", {}, "HTML"),
    h("iframe", {
      src: `/_local/api/letters/${letter.id}/html`,
      title: `The letter “${letter.subject}” as HTML`,
      sandbox: "allow-popups allow-popups-to-escape-sandbox",
    }));
  const text = letter.text && h("figure", {}, h("figcaption", {}, "Plain text"), h("pre.text", { tabindex: "0" }, ...linked(letter.text)));
  // What the letter itself shows is no file to be saved.
  const files = letter.attachments.flatMap(({ name, size, content_id }, number) => content_id ? [] : [h("li", {},
    h("a", { href: `/_local/api/letters/${letter.id}/attachments/${number}`, download: name }, name), ` · ${weight(size)}`)]);
  return [
    h("a.back", { href: "#/mailbox" }, "‹ All letters"),
    h("h2", {}, letter.subject || "(no subject)"),
    h("dl.facts", {}, pairs(facts)),
    ...(files.length ? [h("ul.files", { "aria-label": "Attachments" }, ...files)] : []),
    h("div.bodies", {}, frame || null, text || null),
    h("details", {}, h("summary", {}, "Other headers"), h("dl.facts", {}, pairs(others))),
  ];
}

/** A size as people say it. */
function weight(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Addresses in plain text become links, as in every mail program. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, index) =>
    index % 2 ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
}
