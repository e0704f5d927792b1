// Draws /openapi.json with Swagger UI, and ties the page around it to what it drew.

const dark = matchMedia("(prefers-color-scheme: dark)");

// Swagger UI has colours for the dark, under this class, for what page.css does not colour itself.
function followColourScheme() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

followColourScheme();
dark.addEventListener("change", followColourScheme);

for (const element of document.querySelectorAll("[data-origin]")) {
  element.textContent = location.origin;
}

// A cookie is out of a script's reach, so there is nothing to type in: say where it comes from instead.
function CookieSessions({ React }) {
  return {
    wrapComponents: {
      apiKeyAuth: (Original) => (props) => {
        if (props.schema.get("in") !== "cookie") {
          return React.createElement(Original, props);
        }
        return React.createElement(
          "div",
          { className: "cookie-session" },
          React.createElement("h4", null, React.createElement("code", null, props.name), " (cookie)"),
          React.createElement("p", null, "Your browser holds it from the moment you sign in, and sends it by itself."),
        );
      },
    },
  };
}

const ui = SwaggerUIBundle({
  url: "/openapi.json",
  domNode: document.getElementById("swagger"),
  plugins: [CookieSessions],
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true,
  syntaxHighlight: { theme: dark.matches ? "tomorrow-night" : "idea" },
  validatorUrl: null,
  onComplete: () => {
    listDialects();
    if (location.hash.startsWith("#/")) {
      bringIntoView(named(location.hash));
    }
  },
});

// The page has a main part of its own, of which what is drawn there is one section, from the moment it is drawn.
new MutationObserver((_, drawing) => {
  const main = document.querySelector("#swagger main, #swagger [role=main]");
  if (main) {
    main.setAttribute("role", "presentation");
    drawing.disconnect();
  }
}).observe(document.getElementById("swagger"), { childList: true, subtree: true });

// The contents' list of groups, with the number of operations in each.
function listDialects() {
  const list = document.getElementById("dialects");
  for (const [name, group] of ui.specSelectors.taggedOperations()) {
    const link = document.createElement("a");
    link.href = `#/${encodeURIComponent(name)}`;
    link.textContent = name;
    const count = document.createElement("span");
    count.textContent = group.get("operations").size;
    const item = document.createElement("li");
    item.append(link, count);
    list.append(item);
  }
}

// `#/Game%20users/accounts.post.users.login` as Swagger UI names it: a group, or an operation of one.
function named(hash) {
  const [tag, operation] = decodeURIComponent(hash).slice(2).split("/");
  return operation ? ["operations", tag, operation] : ["operations-tag", tag];
}

function bringIntoView(names) {
  document.getElementById(CSS.escape(names.join("-").replaceAll(" ", "_")))?.scrollIntoView();
}

// Swagger UI opens what the address names at the start, and writes the address when something is opened. Links of the
// page around it are for us to follow.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#/"]');
  if (!link || link.closest("#swagger") || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  event.preventDefault();
  const names = named(link.getAttribute("href"));
  const group = ["operations-tag", names[1]];
  if (!ui.layoutSelectors.isShown(group, true)) {
    ui.layoutActions.show(group, true);
  }
  ui.layoutActions.show(names, true);
  bringIntoView(names);
});
