// Looks at every page in a browser, at the width of a telephone and of a desk, in the light and in the dark: axe-core
// must find nothing, nothing may reach beyond the edge, and the console must stay silent. Then once without scripts.
//
// node .ci/pages.mjs URL NAME PASSWORD FOLDER, where NAME is an administrator's; screenshots go to FOLDER.

import { createRequire } from "node:module";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const [url, name, password, folder] = process.argv.slice(2);
const require = createRequire(join(process.cwd(), "target/ci/node/package.json"));
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;

const WIDTHS = [375, 1440];
const SCHEMES = ["light", "dark"];
const BROWSERS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const troubles = [];
const trouble = (where, what) => {
  troubles.push(`${where}: ${what}`);
  console.error(`${where}: ${what}`);
};

function expect(holds, where, what) {
  if (!holds) {
    trouble(where, what);
  }
}

async function signIn(page) {
  await page.goto(`${url}/admin/`);
  await page.fill("#username", name);
  await page.fill("#password", password);
  await page.click("button");
  await page.waitForURL(`${url}/admin/`);
}

// The address of the first member's page whose name begins like this.
async function member(page, begins) {
  await page.goto(`${url}/admin/users/?name=${begins}`);
  return page.getAttribute("tbody th a", "href");
}

// What the API answers; `token` says who asks.
async function ask(path, body, token) {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const headers = { "content-type": "application/json", ...authorization };
  const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.ok, path, `answers ${answer.status}`);
  return answer.json();
}

// The address of a report's page: one member writes a post, and another reports it.
async function report(page) {
  const join = async (username) => {
    const passwords = { password1: "correct horse battery", password2: "correct horse battery" };
    return ask("/api/auth/registration/", { username, email: `${username}@example.org`, ...passwords });
  };
  const [writer, reader] = [await join("rude_writer"), await join("careful_reader")];
  const post = await ask("/api/posts/", { text: "You lift like a beginner, all of you." }, writer.access);
  await ask("/api/reports/", { description: "This is no way to speak to people.", target_post: post.id }, reader.access);
  await page.goto(`${url}/admin/reports/`);
  return page.getAttribute("tbody th a", "href");
}

// Presses the button of a form on a member's page.
async function press(page, path, act, fields = {}) {
  await page.goto(`${url}${path}`);
  const form = page.locator(`form[action$="/${act}/"]`).first();
  for (const [field, value] of Object.entries(fields)) {
    await form.locator(`[name=${field}]`).fill(value);
  }
  await form.locator("button").click();
  await page.locator(".done").waitFor();
}

async function look(page, where, path) {
  const label = `${where} ${path}`;
  const heard = [];
  const isDocs = path === "/docs";
  const listen = (message) => message.type() === "error" && heard.push(message.text());
  const fall = (error) => heard.push(String(error));
  page.on("console", listen);
  page.on("pageerror", fall);
  const answer = await page.goto(`${url}${path}`, { waitUntil: "networkidle" });
  await page.evaluate(axe);
  // What Swagger UI draws is for it to mend.
  const found = await page.evaluate((exclude) => window.axe.run({ exclude }), isDocs ? [["#swagger"]] : []);
  for (const violation of found.violations) {
    for (const node of violation.nodes) {
      trouble(label, `${violation.id}: ${violation.help} (${node.target.join(" ")}) ${node.failureSummary}`);
    }
  }
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over <= 0, label, `reaches ${over} px beyond the edge`);
  const nothing = await page.evaluate(() => document.body.innerText.match(/^(null|undefined|NaN|\[object .*\])$/m)?.[0]);
  expect(isDocs || !nothing, label, `says ${nothing}`);
  const file = `${where} ${path}`.replace(/[^a-z0-9]+/gi, "-").replace(/-$/, "");
  await page.screenshot({ path: join(folder, `${file}.png`), fullPage: true });
  // A refusal is a page, too, and a browser complains of its status; and Swagger UI tries inline styles, which our
  // policy forbids on purpose.
  const status = answer.status();
  const expected = (text) => (status >= 400 && text.includes(String(status))) || (isDocs && text.includes("inline style"));
  heard.filter((text) => !expected(text)).forEach((text) => trouble(label, `the console says: ${text}`));
  page.off("console", listen);
  page.off("pageerror", fall);
}

// Everything can be reached with the keyboard, and the first stop leads past the navigation.
async function walk(page, where) {
  await page.goto(`${url}/admin/users/`);
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.className);
  expect(first === "skip", where, `the first stop of the keyboard is ${first}`);
  await page.keyboard.press("Enter");
  const there = await page.evaluate(() => document.activeElement.id);
  expect(there === "main", where, `the first link leads to ${there}`);
  await page.keyboard.press("Tab");
  const next = await page.evaluate(() => document.activeElement.id);
  expect(next === "name", where, `behind the navigation comes ${next}`);
}

async function withoutScripts(browser) {
  const where = "without scripts";
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page);
  const path = await member(page, "greta");
  await press(page, path, "score", { score: "4711" });
  const told = await page.textContent(".done");
  expect(told.includes("The score is set."), where, `after setting a score the page says ${told}`);
  expect((await page.textContent("main")).includes("4711 points"), where, "the score is not shown");
  await context.close();
}

mkdirSync(folder, { recursive: true });
const executablePath = BROWSERS.find((path) => path && existsSync(path));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

// Something to look at: a ban, a lifted lock, another moderator, a job that ran, a report.
const context = await browser.newContext();
const page = await context.newPage();
page.on("dialog", (dialog) => dialog.accept());
await signIn(page);
const [banned, edited, moderator] = [await member(page, "bruno"), await member(page, "chiara"), await member(page, "elif")];
await press(page, banned, "ban", { reason: "Sold points for money." });
await press(page, edited, "edit", { first_name: "Chiara Maria" });
await page.goto(`${url}${moderator}`);
await page.selectOption("#role", "moderator");
await page.locator('form[action$="/role/"] button').click();
await page.locator(".done").waitFor();
await page.goto(`${url}/admin/jobs/`);
await page.click('form[action*="/admin/jobs/"] button');
await page.locator(".done").waitFor();
const reported = await report(page);
const state = await context.storageState();
const own = await page.getAttribute(".me a", "href");
await walk(page, "keyboard");
await context.close();

const staff = [
  "/admin/", "/admin/users/", "/admin/users/?name=zzz", banned, edited, moderator, own, "/admin/reports/",
  reported, "/admin/letters/", "/admin/jobs/", "/admin/refreshes/", "/admin/audit/", "/admin/nothing/",
  `${edited}?done=edited`,
];
for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    const size = { viewport: { width, height: 900 }, colorScheme };
    const where = `${width} ${colorScheme}`;
    const signedIn = await browser.newContext({ ...size, storageState: state });
    const page = await signedIn.newPage();
    for (const path of staff) {
      await look(page, where, path);
    }
    await signedIn.close();
    const stranger = await browser.newContext(size);
    const door = await stranger.newPage();
    for (const path of ["/admin/sign-in/", "/docs", "/_local/"]) {
      await look(door, where, path);
    }
    await stranger.close();
  }
}
await withoutScripts(browser);
await browser.close();

if (troubles.length > 0) {
  console.error(`\n${troubles.length} troubles with the pages; screenshots are in ${folder}.`);
  process.exit(1);
}
console.log(`Every page is well at ${WIDTHS.join(" and ")} px; screenshots are in ${folder}.`);
