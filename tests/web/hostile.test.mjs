// An app whose every text is an attack: whatever its authors, users and uploads say, nothing runs
// in a page of the portal. Each text calls `canary`, which every page and frame has.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "../browser/browser.mjs";

const { PORTAL_URL, PORTAL_KEY } = process.env;

const fired = [];
const complaints = [];
let browser;
let context;
let page;

before(async () => {
  browser = await launch();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.exposeFunction("canary", (from) => fired.push(from));
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("dialog", (dialog) => (fired.push(dialog.message()), dialog.dismiss()));
  // what the policy had to stop was no text any more
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", ({ message }) => complaints.push(message));
});

after(() => browser?.close());

/** Nothing ran, nothing was stopped from running, and nothing waits for a click. */
async function harmless() {
  assert.deepEqual(fired, []);
  assert.deepEqual(complaints.filter((text) => /Content Security Policy|canary/.test(text)), []);
  for (const frame of page.frames()) {
    const found = await frame.evaluate(() =>
      [...document.querySelectorAll("*")]
        .filter((one) => [...one.attributes].some(({ name, value }) =>
          name.startsWith("on") || /^\s*(javascript|data|vbscript):(?!image)/i.test(value)))
        .map((one) => one.outerHTML.slice(0, 200)));
    assert.deepEqual(found, [], frame.url());
  }
}

const ask = (method, path, body, headers = {}) =>
  fetch(`${PORTAL_URL}/parse${path}`, {
    method,
    headers: { "X-Parse-Application-Id": "parsepy", "X-Parse-Master-Key": PORTAL_KEY, ...headers },
    body,
  });

test("the canary fires where such a text is taken for HTML", async () => {
  const control = await context.newPage();
  await control.setContent("<img src=x onerror=canary('control')>");
  while (fired.length === 0) await control.evaluate(() => 0);
  assert.deepEqual(fired.splice(0), ["control"]);
  await control.close();
});

test("the pages of the portal", async () => {
  for (const path of ["/portal", "/portal/classes/Note", "/portal/guides/hostile", "/portal/sign-in", "/"]) {
    const response = await page.goto(`${PORTAL_URL}${path}`);
    assert.equal(response.status(), 200, path);
    await harmless();
  }
});

test("its diagrams and playground", async () => {
  await page.goto(`${PORTAL_URL}/portal`);
  for (const part of ["#diagram .view svg", "#flow .view svg", "#playground .console"]) {
    await page.locator(`${part.split(" ")[0]} .island`).scrollIntoViewIfNeeded();
    await page.locator(part).waitFor();
  }
  assert.match(await page.locator("#security").textContent(), /canary\('role'\)/);
  assert.match(await page.locator("#takeaways").textContent(), /canary\('words'\)/);
  assert.match(await page.locator("#faq").textContent(), /canary\('faq'\)/);
  await harmless();
});

test("what objects, parameters and users hold", async () => {
  const place = page.locator("#playground");
  await place.getByLabel("Ask as").selectOption("sign in");
  await place.getByLabel("Username").fill("<img src=x onerror=canary('username')>");
  await place.getByLabel("Password").fill("a good password");
  await place.getByRole("button", { name: "Sign in" }).click();
  await place.getByText("Asks as <img src=x onerror=canary('username')>.").waitFor();
  for (const path of ["/classes/Note", "/config", "/users/me", "/classes/Note?where=<img src=x onerror=canary('path')>"]) {
    await place.getByLabel("Path").fill(path);
    await place.getByRole("button", { name: "Send" }).click();
    await place.locator(".answer", { hasText: /^\d{3}, / }).first().waitFor();
  }
  await place.locator("summary", { hasText: "History" }).first().click();
  await place.locator("summary", { hasText: "As code" }).first().click();
  await harmless();
});

test("functions, and what they answer", async () => {
  const place = page.locator("#playground");
  await place.getByRole("tab", { name: "Functions" }).click();
  assert.match(await place.locator(".declared").textContent(), /canary\('parameter'\)/);
  await place.getByRole("button", { name: "Call" }).click();
  await place.getByLabel("Answer").getByText("canary('answer')").waitFor();
  await harmless();
});

test("events of Live Query", async () => {
  const place = page.locator("#playground");
  await place.getByRole("tab", { name: "Live Query" }).click();
  await place.getByRole("button", { name: "Follow" }).click();
  await place.locator(".events li", { hasText: "open" }).waitFor();
  await ask("POST", "/classes/Note", JSON.stringify({ title: "<img src=x onerror=canary('event')>" }));
  await place.locator(".events li", { hasText: "canary('event')" }).waitFor();
  await harmless();
});

test("GraphiQL with its documentation, and the reference", async () => {
  const place = page.locator("#playground");
  await place.getByLabel("Ask as").selectOption("master key");
  await place.getByLabel(/^Master key/).fill(PORTAL_KEY);
  await place.getByRole("button", { name: "Use it" }).click();
  await place.getByRole("tab", { name: "GraphQL" }).click();
  await place.getByRole("button", { name: /^Open GraphiQL/ }).click();
  const graphiql = page.frameLocator("iframe[title='GraphiQL']");
  await graphiql.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await graphiql.getByRole("link", { name: "Query", exact: true }).click();
  await graphiql.getByRole("link", { name: "Note", exact: true }).first().click();
  await graphiql.getByText("canary('class')").first().waitFor();
  await harmless();
  await place.getByRole("tab", { name: "Reference" }).click();
  await place.getByRole("button", { name: /^Open The/ }).click();
  const reference = page.frameLocator("iframe[title='The API reference']");
  await reference.locator("#operations-tag-Note .expand-operation").click();
  await reference.locator(".opblock-post .opblock-summary-control").first().click();
  await reference.locator(".opblock-post .opblock-body").first().waitFor();
  await harmless();
});

test("an SVG that was uploaded, opened on a page of its own", async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="canary('svg')"><script>canary('svg')</script></svg>`;
  const answer = await ask("POST", "/files/a.svg", svg, { "Content-Type": "image/svg+xml" });
  assert.equal(answer.status, 201);
  const { url } = await answer.json();
  await page.goto(url).catch((error) => assert.match(error.message, /Download is starting/));
  await page.goto(`${PORTAL_URL}/portal`); // whatever ran had its time
  assert.deepEqual(fired, []);
});
