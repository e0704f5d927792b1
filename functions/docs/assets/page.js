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
  onComplete: listDialects,
});

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

// Swagger UI reads the address once, at the start; links on the page change it later.
addEventListener("hashchange", () => {
  const hash = decodeURIComponent(location.hash);
  if (!hash.startsWith("#/")) {
    return;
  }
  ui.layoutActions.parseDeepLinkHash(hash);
  const [tag, operation] = hash.slice(2).split("/");
  const id = operation ? `operations-${tag}-${operation}` : `operations-tag-${tag}`;
  document.getElementById(id.replaceAll(" ", "_"))?.scrollIntoView();
});
