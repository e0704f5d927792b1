// The tables: pages of items, of one partition or of all.

import { empty, get, h, head, json, keep, notify, say } from "./dom.js";

export function build() {
  const choice = h("select", { "aria-label": "Table" });
  const partition = h("input", { type: "search", placeholder: "Partition key, such as MEMBER#1", "aria-label": "Partition key", spellcheck: "false", autocapitalize: "off" });
  const form = h("form.filter", {}, choice, partition, h("button", { type: "submit" }, "Show"));
  const list = h("div.items");
  const first = h("button", { type: "button" }, "First page");
  const next = h("button", { type: "button" }, "Next page");
  const where = h("span");
  const pager = h("nav.pager", { "aria-label": "Pages" }, first, next, where);
  const nothing = empty("Nothing here", "No item has this partition key, or the table is empty.");
  const element = h("section", {}, head("Tables", "What is stored, item by item.", form), nothing, list, pager);
  const asked = { table: null, partition: "", cursor: null, page: 1 };
  let following = null;
  let busy = false;

  async function load() {
    if (busy || !asked.table) return;
    busy = true;
    const { table, partition, cursor, page } = asked;
    const query = new URLSearchParams({ partition, cursor: cursor ?? "" });
    try {
      const found = await get(`tables/${encodeURIComponent(table)}/items?${query}`);
      const keys = (found.keys ?? []).map((key) => key.AttributeName);
      const plain = found.items.map((item) => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, unmarshal(value)])));
      keep(list, plain, (item) => JSON.stringify(keys.map((key) => item[key])), (item, old) => row(item, keys, old));
      following = found.next;
      nothing.hidden = plain.length > 0;
      next.disabled = !following;
      first.disabled = page === 1;
      pager.hidden = page === 1 && !following;
      say(where, `Page ${page}`);
    } catch (error) {
      notify(error.message, true);
    } finally {
      busy = false;
      if (table !== asked.table || partition !== asked.partition || cursor !== asked.cursor) load();
    }
  }

  function turn(change) {
    Object.assign(asked, change);
    load();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const place = [asked.table, partition.value.trim()].filter(Boolean).map(encodeURIComponent).join("/");
    location.hash = `#/tables/${place}`;
  });
  choice.addEventListener("change", () => (location.hash = `#/tables/${encodeURIComponent(choice.value)}`));
  first.addEventListener("click", () => turn({ cursor: null, page: 1 }));
  next.addEventListener("click", () => turn({ cursor: following, page: asked.page + 1 }));

  return {
    element,
    title: "Tables",
    update({ tables }, [table, key = ""], moved) {
      keep(choice, tables, (name) => name, (name) => h("option", { value: name }, name));
      const wanted = tables.includes(table) ? table : tables[0];
      if (moved || wanted !== asked.table) {
        choice.value = wanted;
        if (moved) partition.value = key;
        turn({ table: wanted, partition: key, cursor: null, page: 1 });
      } else {
        load();
      }
    },
  };
}

/** An item folded to its keys; one that changed stays unfolded if it was. */
function row(item, keys, old) {
  const names = Object.keys(item);
  const kind = item.kind ?? item.type ?? "";
  const rest = names.filter((name) => !keys.includes(name)).length;
  return h("details.item", { open: old?.open ?? false },
    h("summary", {}, keys.map((key) => h("code", {}, String(item[key]))), h("span", {}, String(kind)), h("small", {}, rest === 1 ? "1 attribute" : `${rest} attributes`)),
    json(sorted(item, keys)),
    h("p.actions", {}, h("a", { href: `#/tables/${address(item, keys)}` }, "Everything in this partition")));
}

function address(item, keys) {
  const table = document.querySelector(".filter select").value;
  return [table, item[keys[0]]].map(encodeURIComponent).join("/");
}

function sorted(item, keys) {
  const rest = Object.keys(item).filter((name) => !keys.includes(name)).sort();
  return Object.fromEntries([...keys, ...rest].map((name) => [name, item[name]]));
}

/** DynamoDB's JSON as plain JSON. Numbers that JavaScript would round stay text. */
function unmarshal(value) {
  const [type, inner] = Object.entries(value)[0];
  switch (type) {
    case "N": return String(Number(inner)) === inner ? Number(inner) : inner;
    case "NS": return inner.map((number) => unmarshal({ N: number }));
    case "NULL": return null;
    case "L": return inner.map(unmarshal);
    case "M": return Object.fromEntries(Object.entries(inner).map(([name, one]) => [name, unmarshal(one)]));
    default: return inner;
  }
}
