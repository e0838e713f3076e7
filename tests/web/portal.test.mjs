// The portal in a browser: its sections read and work, under its policy, without a request that
// leaves this machine.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch } from "../browser/browser.mjs";
import { IS_SHOP, KIND, look, noted, opened, whole } from "./portal.mjs";

const { PORTAL_URL, SCREENSHOTS, PORTAL_KEY } = process.env;
let browser;
let page;

before(async () => {
  browser = await launch();
  page = await opened(browser);
  await page.goto(`${PORTAL_URL}/portal`);
});

after(() => browser?.close());

test("the diagram is drawn, and a class leads to its dictionary", async () => {
  await whole(page);
  const entity = page.locator("#diagram svg g[id*='entity']").first();
  const name = (await entity.locator("text").first().textContent()).trim();
  await entity.scrollIntoViewIfNeeded();
  await entity.click();
  await page.locator(`#class-${name}`).waitFor();
  assert.equal(new URL(page.url()).hash, `#class-${name}`);
});

test("the diagram is dragged, zoomed, and moved by keys", async () => {
  const view = page.locator("#diagram .view");
  await page.locator("#diagram").getByRole("button", { name: "Fit" }).click();
  await view.scrollIntoViewIfNeeded();
  const place = () =>
    view.locator("svg").evaluate(({ style }) => style.transform.match(/-?[\d.]+/g).map(Number));
  const [x, y, scale] = await place();
  const hash = new URL(page.url()).hash;
  const entity = view.locator("g[id*='entity']").first();
  const { x: left, y: top } = await entity.boundingBox();
  await page.mouse.move(left + 10, top + 10); // on a class, which a drag does not open
  await page.mouse.down();
  await page.mouse.move(left + 50, top + 35, { steps: 4 });
  await page.mouse.up();
  assert.deepEqual((await place()).map(Math.round), [Math.round(x + 40), Math.round(y + 25), Math.round(scale)]);
  assert.equal(new URL(page.url()).hash, hash);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -120);
  await page.keyboard.up("Control");
  await page.waitForFunction(
    (before) => Number(document.querySelector("#diagram .view").dataset.scale) > before, scale,
  );
  await view.focus();
  await page.keyboard.press("0");
  assert.deepEqual(await place(), [x, y, scale]);
  await page.keyboard.press("ArrowLeft");
  assert.ok((await place())[0] > x);
  await page.keyboard.press("0");
  const name = (await entity.locator("text").first().textContent()).trim();
  await entity.focus();
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).hash, `#class-${name}`);
});

// Many classes are not drawn all at once.
test("one class alone is drawn with its neighbours", { skip: KIND === "many" }, async () => {
  const all = await page.locator("#diagram svg g[id*='entity']").count();
  const filter = page.getByLabel("Show only a class and its neighbours");
  const last = await filter.locator("option").last().getAttribute("value");
  await filter.selectOption(last);
  await page.waitForFunction(
    (before) => document.querySelectorAll("#diagram svg g[id*='entity']").length < before, all,
  );
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("#diagram").getByRole("button", { name: "Download SVG" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "er-diagram.svg");
  await filter.selectOption("");
});

test("a step of the flow opens the playground with its request, and it is answered", async () => {
  const step = page.locator("[data-try]", { hasText: "GET" }).first();
  const path = await step.locator("code").textContent();
  await step.click();
  const rest = page.locator("#playground");
  assert.equal(await rest.getByLabel("Path").inputValue(), path);
  await rest.getByRole("button", { name: "Send" }).click();
  await rest.getByText(/^200, \d+ ms/).waitFor();
  assert.match(await rest.getByLabel("Answer").textContent(), /"results"/);
});

test("an answer goes when another request is chosen, and stays while one types", async () => {
  const place = page.locator("#playground");
  const answer = place.getByLabel("Answer");
  await place.getByLabel("Path").pressSequentially("&limit=1"); // an id of the answer, say
  assert.match(await answer.textContent(), /"results"/);
  await place.getByText(/^200, .* to GET \/classes/).waitFor();
  await place.getByLabel("Method").selectOption("POST");
  assert.equal(await answer.textContent(), "");
  await page.route("**/parse/health", async (route) => {
    await place.getByText("Asking…").waitFor();
    await page.locator("[data-try]", { hasText: "GET" }).first().click(); // before it is answered
    await route.continue();
  });
  await place.getByLabel("Method").selectOption("GET");
  await place.getByLabel("Path").fill("/health");
  const answered = page.waitForResponse("**/parse/health");
  await place.getByRole("button", { name: "Send" }).click();
  await answered;
  await page.locator("#playground button:enabled", { hasText: "Send" }).waitFor();
  assert.equal(await answer.textContent(), "");
  await page.unroute("**/parse/health");
});

const RUN = {
  curl: ["sh", "-c"],
  JavaScript: ["node", "--input-type=module", "-e"],
  Python: ["python3", "-c"],
  PHP: ["php", "-r"],
};

/** What a request of the playground answers as code in a language; null where that is not here. */
async function asCode(place, language) {
  await place.getByLabel("Language").selectOption(language);
  const code = (await place.getByLabel("As code").textContent()).replace(/^<\?php\n/, "");
  const [program, ...words] = RUN[language];
  try {
    return (await promisify(execFile)(program, [...words, code])).stdout;
  } catch (error) {
    if (error.code === "ENOENT" || /undefined function curl_init/.test(error.stderr + error.stdout)) return null;
    throw error;
  }
}

test("a request is written as code that runs", async () => {
  const place = page.locator("#playground");
  await place.getByText("As code").first().click();
  const odd = `it's "$HOME" \`x\` \\ {a} ü`;
  const where = encodeURI(JSON.stringify({ objectId: "none" })).replaceAll("%22", '"');
  const name = await page.locator("article.class").first().getAttribute("data-path");
  const requests = [["GET", `${name}?where=${where}&limit=1`, ""], ["POST", "/batch", JSON.stringify({ requests: [], odd })]];
  for (const [method, path, body] of requests) {
    await place.getByLabel("Method").selectOption(method);
    await place.getByLabel("Path").fill(path);
    if (body) await place.getByLabel("Body, as JSON").fill(body);
    for (const language of Object.keys(RUN)) {
      const text = await asCode(place, language);
      if (text !== null) assert.match(text, method === "GET" ? /results|Permission denied/ : /\[\]/, language);
    }
  }
  for (const language of ["Dart (Flutter)", "Swift", "Kotlin (Android)", "C#"]) {
    await place.getByLabel("Language").selectOption(language);
    assert.match(await place.getByLabel("As code").textContent(), /\/parse\/batch"/);
  }
});

test("the master key is marked while it is on, and kept nowhere", async () => {
  const rest = page.locator("#playground");
  await rest.getByLabel("Ask as").selectOption("master key");
  await rest.getByLabel(/^Master key/).fill(PORTAL_KEY);
  await rest.getByRole("button", { name: "Use it" }).click();
  await page.locator(".console.master").waitFor();
  await rest.getByLabel("Path").fill("/schemas");
  await rest.getByLabel("Method").selectOption("GET");
  await rest.getByRole("button", { name: "Send" }).click();
  await rest.getByText(/^200, /).waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!kept.includes(PORTAL_KEY));
  assert.ok(!(await rest.locator("details").allTextContents()).join("").includes(PORTAL_KEY));
  await rest.getByLabel("Ask as").selectOption("nobody");
  assert.equal(await page.locator(".console.master").count(), 0);
});

test("who was chosen last asks: an answer to the one before is not heard", { skip: !IS_SHOP }, async () => {
  const place = page.locator("#playground");
  await page.route("**/portal/demo-session", async (route) => {
    const response = await route.fetch();
    await place.getByLabel("Ask as").selectOption("nobody");
    await route.fulfill({ response });
  });
  const answered = page.waitForResponse("**/portal/demo-session");
  await place.getByLabel("Ask as").selectOption("demo user");
  await (await answered).finished();
  await page.waitForTimeout(100);
  assert.equal(await place.getByText("Asks as nobody.").count(), 1);
  await page.unroute("**/portal/demo-session");
});

test("the demo's user signs in by a click", { skip: !IS_SHOP }, async () => {
  const rest = page.locator("#playground");
  await rest.getByLabel("Ask as").selectOption("demo user");
  await rest.getByText("Asks as demo.").waitFor();
  await rest.getByLabel("Path").fill("/users/me");
  await rest.getByRole("button", { name: "Send" }).click();
  await rest.getByText(/^200, /).waitFor();
});

test("a live class is followed", { skip: !IS_SHOP }, async () => {
  const place = page.locator("#playground");
  await place.getByRole("tab", { name: "Live Query" }).click();
  await place.getByLabel("Class", { exact: true }).selectOption("Product");
  await place.getByRole("button", { name: "Follow" }).click();
  await place.locator(".events li", { hasText: "open" }).waitFor();
  await fetch(`${PORTAL_URL}/parse/classes/Product`, {
    method: "POST",
    headers: { "X-Parse-Application-Id": "parsepy", "X-Parse-Master-Key": PORTAL_KEY, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "<b>told live</b>", price: 1 }),
  });
  await place.locator(".events li", { hasText: "told live" }).waitFor();
  assert.equal(await place.locator(".events b").count(), 0);
  await place.getByLabel("Class", { exact: true }).selectOption("Order");
  await place.getByText("Not following anything.").waitFor();
  assert.equal(await place.locator(".events li").count(), 0, "events of another class");
  await place.getByRole("button", { name: "Follow" }).waitFor();
});

test("nothing is followed for who asked before", { skip: !IS_SHOP }, async () => {
  const shown = await opened(browser);
  const [keys, held] = [[], []]; // the master keys of connections; what the server has said and is held back
  let isHeld = false;
  await shown.routeWebSocket("**", (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const { op, masterKey } = JSON.parse(text);
      if (op === "connect") keys.push(masterKey);
      server.send(text);
    });
    server.onMessage((text) => (isHeld ? held.push(() => socket.send(text)) : socket.send(text)));
  });
  await shown.goto(`${PORTAL_URL}/portal#playground`);
  const place = shown.locator("#playground");
  await place.getByRole("tab", { name: "Live Query" }).click();
  const follow = place.getByRole("button", { name: "Follow", exact: true });
  const become = (who) => place.getByLabel("Ask as").selectOption(who);
  const followAsMaster = async () => {
    await become("master key");
    await place.getByLabel(/^Master key/).fill(PORTAL_KEY);
    await place.getByRole("button", { name: "Use it" }).click();
    await follow.click();
  };
  await followAsMaster();
  await place.locator(".events li", { hasText: "open" }).waitFor();
  await become("nobody");
  await follow.click(); // while the connection before is being closed
  await place.getByText(/^Following/).waitFor();
  assert.deepEqual(keys, [PORTAL_KEY, undefined]);
  isHeld = true;
  await followAsMaster();
  while (held.length === 0) await shown.waitForTimeout(10);
  await become("nobody");
  isHeld = false;
  for (const tell of held) tell();
  await place.locator("button:enabled", { hasText: "Follow" }).waitFor();
  assert.equal(await place.locator(".events li").count(), 0);
  assert.equal(await place.getByText("Not following anything.").count(), 1);
  await shown.close();
});

test("a function is called with what it declares", { skip: !IS_SHOP }, async () => {
  const place = page.locator("#playground");
  await place.getByRole("tab", { name: "Functions" }).click();
  const params = place.getByLabel("Parameters, as JSON");
  const choose = place.getByLabel("Function", { exact: true });
  await choose.selectOption("adjustStock");
  assert.deepEqual(JSON.parse(await params.inputValue()), { sku: "", by: 1, reason: "" });
  await params.fill('{"sku": "kept"}');
  await choose.selectOption("storefront");
  await place.getByRole("button", { name: "Call" }).click();
  await place.getByText(/^200, /).waitFor();
  await choose.selectOption("adjustStock");
  assert.equal(await params.inputValue(), '{"sku": "kept"}');
  assert.equal(await place.getByLabel("Answer").textContent(), "", "the answer of another function");
  await page.locator("#playground .console").screenshot({ path: `${SCREENSHOTS}/functions.png` });
});

test("GraphiQL and the reference are loaded on demand", { skip: !IS_SHOP }, async () => {
  const place = page.locator("#playground");
  await place.getByRole("tab", { name: "GraphQL" }).click();
  await place.getByRole("button", { name: /^Open GraphiQL/ }).click();
  const graphiql = page.frameLocator("iframe[title='GraphiQL']");
  await graphiql.locator(".graphiql-query-editor", { hasText: "query Health" }).waitFor(); // is ready
  const asked = (path) => page.waitForRequest((request) => new URL(request.url()).pathname === path);
  const [byGraphQL] = await Promise.all([asked("/graphql"), graphiql.locator(".graphiql-execute-button").click()]);
  assert.match(byGraphQL.headers()["x-parse-session-token"], /^r:/); // as the demo's user, still
  await place.getByRole("tab", { name: "Reference" }).click();
  await place.getByRole("button", { name: /^Open The API reference/ }).click();
  const reference = page.frameLocator("iframe[title='The API reference']");
  await reference.locator("#operations-tag-Product").waitFor();
  await reference.locator("#operations-tag-users .expand-operation").click();
  await reference.locator("#operations-users-getUsersMe .opblock-summary-control").click();
  await reference.getByRole("button", { name: "Try it out" }).click();
  const [byReference] = await Promise.all([asked("/parse/users/me"), reference.getByRole("button", { name: "Execute" }).click()]);
  assert.match(byReference.headers()["x-parse-session-token"], /^r:/);
  await page.screenshot({ path: `${SCREENSHOTS}/reference.png` });
});

test("a link leads to its section, whatever is drawn above it meanwhile", async () => {
  const arrived = (on) =>
    on.waitForFunction(() => Math.abs(document.querySelector("#playground").getBoundingClientRect().top - 72) < 2, null, { timeout: 10_000 });
  const shown = await opened(browser);
  await shown.goto(`${PORTAL_URL}/portal#playground`);
  await shown.locator("#playground .console").waitFor();
  await arrived(shown);
  await shown.goto(`${PORTAL_URL}/portal`);
  await shown.locator("#diagram .island").scrollIntoViewIfNeeded();
  await shown.getByRole("link", { name: "Try it" }).click(); // while the diagram is being drawn
  await shown.locator("#diagram .view svg").waitFor();
  await shown.locator("#playground .console").waitFor();
  await arrived(shown);
  await shown.mouse.wheel(0, -400); // who goes on is not held
  await shown.waitForFunction(() => document.querySelector("#playground").getBoundingClientRect().top > 300);
  await shown.close();
});

test("nothing was forbidden, and no request left the machine", () => {
  assert.deepEqual(noted, { complaints: [], strangers: [] });
});

// Two of four will do; looks.test.mjs makes pictures of all.
for (const [scheme, size] of IS_SHOP ? [["light", "desktop"], ["dark", "phone"]] : [["light", "desktop"]]) {
  test(`everybody can read every section: ${scheme}, ${size}`, () => look(browser, scheme, size));
}

test("without a script every section reads", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(`${PORTAL_URL}/portal`);
  for (const section of await plain.locator("main > section").all()) {
    assert.ok((await section.innerText()).length > 30);
  }
  assert.ok(await plain.locator("article.class").last().isVisible());
  await context.close();
});

test("it is usable at once, and light", async () => {
  const timed = await opened(browser);
  const profiler = await timed.context().newCDPSession(timed);
  // what the page itself computes, whatever else this machine does meanwhile
  await profiler.send("Performance.enable", { timeDomain: "threadTicks" });
  await timed.goto(`${PORTAL_URL}/portal`, { waitUntil: "load" });
  const { metrics } = await profiler.send("Performance.getMetrics");
  const worked = metrics.find(({ name }) => name === "TaskDuration").value;
  const { ready, bytes } = await timed.evaluate(() => ({
    ready: performance.getEntriesByType("navigation")[0].domInteractive,
    bytes: performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
      .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
  }));
  console.log(`# ready after ${Math.round(ready)} ms, ${worked.toFixed(2)} s of CPU, ${bytes} bytes`);
  if (IS_SHOP) assert.ok(bytes < 30_000, `${bytes} bytes`);
  assert.ok(worked < 2, `${worked} s`);
  await timed.close();
});
