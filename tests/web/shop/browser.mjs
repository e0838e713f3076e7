// Browsers at the shop, and what the tests do with them.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test as nodeTest } from "node:test";
import { launch, serious } from "../../browser/browser.mjs";

const { STRIPE, SCREENSHOTS, PICTURES, SHOP_PAGES, SHOP_URL, SHOP_APP_ID, SHOP_MASTER_KEY } = process.env;
const WAIT = 20_000;
export const SHOP = { url: SHOP_URL, appId: SHOP_APP_ID, masterKey: SHOP_MASTER_KEY };
export const PASSWORD = "correct horse";
export const BASE = `${SHOP_PAGES}/shop`;

let browser;
let complaints = [];
let meant = [];
const opened = new Set();

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

/** A window of somebody new: other storage, other session. What goes wrong in it is a complaint. */
export async function visit(path = "/", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, serviceWorkers: "block", reducedMotion: "reduce", locale: "en-US", ...options });
  context.setDefaultTimeout(WAIT);
  const page = await context.newPage();
  const origin = SHOP_PAGES.replace(/^http/, "");
  page.on("pageerror", ({ message }) => complaints.push(`the page: ${message}`));
  page.on("console", (said) => said.type() === "error" && complaints.push(`the console: ${said.text()} ${said.location().url}`));
  for (const event of ["request", "websocket"]) {
    page.on(event, (asked) => {
      const isHere = asked.url().replace(/^(?:http|ws)/, "").startsWith(origin);
      // To the gateway's page one goes; the shop's pages load nothing from it.
      if (!isHere && !(asked.isNavigationRequest?.() && asked.url().startsWith(`${STRIPE}/pay/`))) complaints.push(`it asked elsewhere: ${asked.url()}`);
    });
  }
  opened.add(page);
  page.on("close", () => opened.delete(page));
  await page.goto(BASE + path);
  return page;
}

const file = (name) => `${SCREENSHOTS}/${name.replace(/\W+/g, "-")}.png`;

/** A test that closes its windows; fails when anything went wrong in them that it did not mean. */
export function test(name, body) {
  nodeTest(name, { timeout: 3 * 60_000 }, async () => {
    [complaints, meant] = [[], []];
    try {
      await body();
      assert.deepEqual(meant.filter((pattern) => !complaints.some((text) => pattern.test(text))), [], "was meant, and did not happen");
      assert.deepEqual(complaints.filter((text) => !meant.some((pattern) => pattern.test(text))), []);
    } catch (error) {
      let count = 0;
      for (const page of opened) await page.screenshot({ path: file(`${name} ${count++}`) }).catch(() => undefined);
      throw error;
    } finally {
      for (const page of [...opened]) await page.context().close();
    }
  });
}

/** Say that the test means to have something refused; it fails if that does not happen. */
export const expect = (pattern) => meant.push(pattern);
export const REFUSED = /Failed to load resource: the server responded with a status of 4/;

// --- the server itself ----------------------------------------------------------------------------

/** Ask the server: as master, or with other headers. */
export async function ask(method, path, body, headers = { "X-Parse-Master-Key": SHOP_MASTER_KEY }) {
  const answer = await fetch(`${SHOP_URL}/${path}`, {
    method,
    headers: { "Content-Type": "application/json", "X-Parse-Application-Id": SHOP_APP_ID, ...headers },
    body: body && JSON.stringify(body),
  });
  const said = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${JSON.stringify(said)}`);
  return said;
}

let made = 0;
export const unique = (name) => `${name}${process.pid}${made++}`;
export const pointer = (className, objectId) => ({ __type: "Pointer", className, objectId });
export const date = (seconds) => ({ __type: "Date", iso: new Date(Date.now() + seconds * 1000).toISOString() });

/** Put something into the shop; its id. */
export const put = async (className, fields) => (await ask("POST", `classes/${className}`, fields)).objectId;

/** A product, with SKUs of these stocks: `{ blue: 3 }`. */
export async function putProduct(name, price, stocks = {}, more = {}) {
  const id = await put("Product", { name, price, ...more });
  const skus = {};
  for (const [variation, stock] of Object.entries(stocks)) {
    skus[variation] = await put("SKU", { product: pointer("Product", id), variation, stock });
  }
  return { id, skus };
}

/** Somebody with an account, who holds this role. */
export async function putUser(role, more = {}) {
  const username = unique(role ?? "shopper");
  const user = await ask("POST", "users", { username, password: PASSWORD, email: `${username}@example.com`, ...more }, {});
  if (role) {
    const { results } = await ask("GET", `roles?where=${encodeURIComponent(JSON.stringify({ name: role }))}`);
    const users = { __op: "AddRelation", objects: [pointer("_User", user.objectId)] };
    await ask("PUT", `roles/${results[0].objectId}`, { users });
  }
  return { username, id: user.objectId, email: `${username}@example.com`, ...more, token: user.sessionToken, headers: { "X-Parse-Session-Token": user.sessionToken } };
}

/** An order of one line, as its buyer places it; its id. */
export async function putOrder(buyer, sku, quantity = 1) {
  const line = { sku: pointer("SKU", sku), quantity };
  return (await ask("POST", "classes/Order", { products: [line] }, buyer.headers)).objectId;
}

// --- what people do -------------------------------------------------------------------------------

export async function logIn(page, { username }) {
  await page.goto(`${BASE}/account`);
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 1, name: username }).waitFor();
}

/** A window in which this user is logged in: with what the SDK keeps, which saves the form. */
export async function visitAs(user, path = "/", options = {}) {
  const known = { className: "_User", objectId: user.id, username: user.username, email: user.email, address: user.address, sessionToken: user.token };
  const origins = [{ origin: SHOP_PAGES, localStorage: [{ name: `Parse/${SHOP_APP_ID}/currentUser`, value: JSON.stringify(known) }] }];
  return visit(path, { storageState: { cookies: [], origins }, ...options });
}

export const openCart = (page) => page.getByRole("button", { name: /^Cart, / }).click();
export const cart = (page) => page.getByRole("dialog", { name: "Cart" });
export const dialog = (page) => page.locator("dialog[open]");
export const button = (place, name) => place.getByRole("button", { name, exact: true });
export const heading = (page, name) => page.getByRole("heading", { level: 1, name });

const LOOKS = [
  ["light", 1280],
  ["light", 360],
  ["dark", 1280],
  ["dark", 360],
];

/** Look at a page light and dark, on a desktop and a phone: nothing that a screen reader or a narrow
 * screen would lose. With PICTURES there is a screenshot of each; without, two of four will do. */
export async function look(page, name) {
  if (PICTURES) mkdirSync(SCREENSHOTS, { recursive: true });
  for (const [theme, width] of LOOKS) {
    const isJudged = (theme === "light") === (width === 1280);
    if (!isJudged && !PICTURES) continue;
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: theme });
    if (PICTURES) await page.screenshot({ path: `${SCREENSHOTS}/${name}-${theme}-${width}.jpg`, type: "jpeg", quality: 85 }); // in half the time of a PNG
    if (await page.evaluate(() => document.scrollingElement.scrollWidth > innerWidth)) complaints.push(`${name} is wider than ${width}`); // and scrolls sideways
    if (isJudged) complaints.push(...(await serious(page)).map((text) => `${name}, ${theme}: ${text}`));
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}
