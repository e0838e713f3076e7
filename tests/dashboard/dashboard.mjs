// A browser that is signed in to Parse Dashboard, and what the tests do with it.
import assert from "node:assert/strict";
import { after, before, test as nodeTest } from "node:test";
import { launch } from "../browser/browser.mjs";

const { DASHBOARD_URL, DASHBOARD_USER, DASHBOARD_PASSWORD, SCREENSHOTS } = process.env;
// KEEP_SCREENSHOTS=1 leaves one of each test that succeeds, too.
const { KEEP_SCREENSHOTS } = process.env;
const { SHOP_URL, SHOP_APP_ID, SHOP_MASTER_KEY } = process.env;
const WAIT = 20_000;

export let page;
let browser;
// What went wrong without being asked for: errors of the page's script, refused requests.
let complaints = [];
// The complaints that a test means to raise.
let meant = [];

before(async () => {
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  page.setDefaultTimeout(WAIT);
  // The test stays on this machine, and does not wait for fonts that a name server can't find.
  const ours = [DASHBOARD_URL, new URL(SHOP_URL).origin];
  await page.route((url) => !ours.some((start) => url.href.startsWith(start)), (route) => route.abort());
  page.on("pageerror", ({ message }) => {
    // A fault of the dashboard's own menus, with any server: what is clicked has just been closed.
    if (!message.includes("'toggleActive'")) complaints.push(`the page: ${message}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(`${DASHBOARD_URL}/login`);
  await page.locator('input[name="username"]').fill(DASHBOARD_USER);
  await page.locator('input[name="password"]').fill(DASHBOARD_PASSWORD);
  await page.locator('input[type="submit"]').click();
  await page.waitForURL("**/apps**");
});

after(() => browser?.close());

const file = (name) => `${SCREENSHOTS}/${name.replace(/\W+/g, "-")}.png`;

/** A test that leaves a screenshot when it fails, and fails when anything was refused meanwhile. */
export function test(name, body) {
  nodeTest(name, async () => {
    [complaints, meant] = [[], []];
    try {
      await body();
      assert.deepEqual(meant.filter((pattern) => !complaints.some((text) => pattern.test(text))), []);
      assert.deepEqual(complaints.filter((text) => !meant.some((pattern) => pattern.test(text))), []);
    } catch (error) {
      await page?.screenshot({ path: file(name) });
      throw error;
    }
    if (KEEP_SCREENSHOTS) await page.screenshot({ path: file(name) });
  });
}

/** Say that the test means to have something refused; it fails if that does not happen. */
export const expect = (pattern) => meant.push(pattern);

const place = (path) => `/apps/${process.env.DASHBOARD_APP ?? "shop"}/${path}`;

/** Load the dashboard anew, on this page of the application. */
export const load = (path) => page.goto(DASHBOARD_URL + place(path));

/** Go to a page of the application, as its links do: without loading the dashboard anew. */
export async function open(path) {
  if (!page.url().startsWith(DASHBOARD_URL + place(""))) return load(path);
  await page.evaluate((to) => {
    history.pushState({}, "", to);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  }, place(path));
}

/** The dialog that lies on the page. */
export const dialog = () => page.locator("[data-modal]").last();

/** Press a button of the dialog, and wait until it has gone. */
export async function confirm(name) {
  await dialog().getByRole("button", { name, exact: true }).click();
  await page.locator("[data-modal]").waitFor({ state: "detached" });
}

/** Choose a value in the dialog's nth list. */
export async function choose(value, nth = 0, within = dialog()) {
  await within.getByRole("combobox").nth(nth).click();
  await page.getByRole("option", { name: value, exact: true }).click();
}

/** A text that stands on the page. */
export const shown = (text, options = { exact: true }) =>
  page.getByText(text, options).first().waitFor();

/** What the server answers to the request that `action` makes the dashboard send. */
export async function answer(method, path, action) {
  const answered = page.waitForResponse((response) => {
    const request = response.request();
    if (request.method() === "OPTIONS" || !response.url().startsWith(`${SHOP_URL}/${path}`)) return false;
    // The SDK says the method in the body.
    return (JSON.parse(request.postData() || "{}")._method ?? request.method()) === method;
  });
  const [response] = await Promise.all([answered, action()]);
  return response.json();
}

/** Ask the server itself: as master, or with other headers. */
export async function ask(method, path, body, headers = { "X-Parse-Master-Key": SHOP_MASTER_KEY }) {
  const response = await fetch(`${SHOP_URL}/${path}`, {
    method,
    headers: { "Content-Type": "application/json", "X-Parse-Application-Id": SHOP_APP_ID, ...headers },
    body: body && JSON.stringify(body),
  });
  return response.json();
}

export const ANYBODY = {};

const TABLE = "#browser-table";

/** The rows of the data browser; the first one when a row is being added. */
export const rows = () => page.locator(`${TABLE} div:has(> span > input[type="checkbox"])`);

/** The cell of a row in this column. */
export async function cell(row, column) {
  await row.first().waitFor();
  const columns = await page.locator(`${TABLE} [draggable="true"] > :first-child`).allInnerTexts();
  assert.ok(columns.includes(column), `${column} is not among ${columns}`);
  return row.locator("> span").nth(1 + columns.indexOf(column));
}

/** Write into a cell, as one does: double click, type, Enter. */
export async function write(row, column, value) {
  const place = await cell(row, column);
  await place.scrollIntoViewIfNeeded();
  await place.dblclick();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(value);
  await page.keyboard.press("Enter");
}

/** Choose from a menu of the data browser's toolbar. */
export async function menu(name, item) {
  await page.getByText(name, { exact: true }).last().click();
  await page.getByText(item, { exact: true }).click();
}

/** Begin a row in the data browser, with these values. */
export async function beginRow(values) {
  await page.getByText("Add Row", { exact: true }).click();
  await shown("Cancel");
  for (const [column, value] of Object.entries(values)) await write(rows().first(), column, value);
}

/** Save the row that was begun; what the server answers to it. */
export function saveRow(path) {
  const add = page.locator(TABLE).getByRole("button", { name: "Add", exact: true });
  return answer("POST", path, () => add.click());
}
