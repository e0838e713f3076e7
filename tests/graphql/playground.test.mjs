// The playground in a browser: GraphiQL from this server, under a strict policy, without any key.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "../browser/browser.mjs";

const { GRAPHQL_URL, PLAYGROUND_URL, GRAPHQL_APP_ID, GRAPHQL_MASTER_KEY, SCREENSHOTS } =
  process.env;
let browser;
let page;
const complaints = [];
const strangers = [];

before(async () => {
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
  page.setDefaultTimeout(20_000);
  const ours = new URL(PLAYGROUND_URL).host;
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== "data:" && host !== ours) strangers.push(request.url());
  });
  page.on("pageerror", ({ message }) => complaints.push(message));
  // What the policy forbids is told there. Refusals of GraphQL are looked at by the tests.
  page.on("console", (message) => {
    const isRefusal = message.location().url === GRAPHQL_URL;
    if (message.type() === "error" && !isRefusal) complaints.push(message.text());
  });
  await page.goto(PLAYGROUND_URL);
  await page.locator(".graphiql-execute-button").waitFor();
});

after(async () => {
  await page?.screenshot({ path: `${SCREENSHOTS}/playground.png` });
  await browser?.close();
});

/** Put a text into one of the editors. */
const write = (place, text) =>
  page.evaluate(
    ([within, value]) => document.querySelector(`${within} .CodeMirror`).CodeMirror.setValue(value),
    [place, text],
  );
const QUERY = ".graphiql-query-editor";
const HEADERS = ".graphiql-editor-tool .graphiql-editor:not(.hidden)";


async function ask(query, variables) {
  const response = await fetch(GRAPHQL_URL, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Parse-Application-Id": GRAPHQL_APP_ID },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

/**
 * Press the button until the result has this text: GraphiQL takes a moment to know what is written.
 * The page must not be asking when it is pressed again, since that would stop it.
 */
async function run(text) {
  const shown = page.locator(".result-window", { hasText: text });
  for (;;) {
    await page.locator('.graphiql-execute-button[aria-label^="Execute"]').click();
    try {
      return await shown.waitFor({ timeout: 700 });
    } catch {
      // again
    }
  }
}
const make = () => ask('mutation { createNote(input: {fields: {title: "told"}}) { note { id } } }');

test("the page holds the application's id and no key", async () => {
  const text = await page.content();
  assert.ok(text.includes(GRAPHQL_APP_ID));
  assert.ok(!text.includes(GRAPHQL_MASTER_KEY));
});

test("whoever opens it is told how the schema is shown", async () => {
  const shown = page.locator(".result-window", { hasText: "Introspection is not allowed" });
  await shown.filter({ hasText: "Re-fetch GraphQL schema" }).waitFor();
});

test("a query runs", async () => {
  await write(QUERY, "{ health }");
  await run('"health": true');
});

test("the headers editor says who asks", async () => {
  await write(HEADERS, JSON.stringify({ "X-Parse-Application-Id": "another" }));
  await run("unauthorized");
  await write(HEADERS, JSON.stringify({ "X-Parse-Application-Id": GRAPHQL_APP_ID }));
});

test("a subscription shows an event", async () => {
  await write(QUERY, "subscription { note { event node { title } } }");
  const making = setInterval(make, 100);
  try {
    await run('"event": "CREATE"');
  } finally {
    clearInterval(making);
  }
  await page.locator(".result-window", { hasText: '"title": "told"' }).waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/subscription.png` });
  await page.locator('.graphiql-execute-button[aria-label^="Stop"]').click();
});

test("a subscription that is refused says why", async () => {
  await write(QUERY, "subscription { nothing { event } }");
  await run("Cannot query field");
  await page.locator('.graphiql-execute-button[aria-label^="Execute"]').waitFor();
});

test("who writes the master key into the headers reads the schema", async () => {
  const keys = { "X-Parse-Application-Id": GRAPHQL_APP_ID, "X-Parse-Master-Key": GRAPHQL_MASTER_KEY };
  await write(HEADERS, JSON.stringify(keys));
  await page.locator('button[aria-label="Show Documentation Explorer"]').click();
  const root = page.getByRole("link", { name: "Subscription", exact: true });
  while (!(await root.isVisible())) {
    // until it knows the headers
    await page.getByRole("button", { name: "Re-fetch GraphQL schema" }).click();
    await root.waitFor({ timeout: 700 }).catch(() => undefined);
  }
  await root.click();
  await page.getByText("NoteSubscriptionPayload").first().waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/schema.png` });
  // nothing of it is kept
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.ok(!kept.includes(GRAPHQL_MASTER_KEY));
});

test("the dialogs of the page work under its policy", async () => {
  await page.getByRole("button", { name: "Open settings dialog" }).click();
  await page.getByText("Theme", { exact: true }).waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/settings.png` });
  await page.keyboard.press("Escape");
});

test("everything came from this server, and nothing was forbidden", () => {
  assert.deepEqual(strangers, []);
  assert.deepEqual(complaints, []);
});
