// A page of the portal that notes what goes wrong on it, and how it is looked at.
import assert from "node:assert/strict";
import { serious } from "../browser/browser.mjs";

const { PORTAL_URL, SCREENSHOTS, PICTURES } = process.env;
export const { KIND } = process.env;
export const IS_SHOP = KIND === "templates";
const SIZES = { phone: 360, desktop: 1280 };
/** What went wrong on pages, and what they asked of others than our server. */
export const noted = { complaints: [], strangers: [] };

/** A page that notes what it asks of others, and what goes wrong on it. */
export async function opened(browser, options = {}) {
  const made = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  made.setDefaultTimeout(30_000);
  const ours = new URL(PORTAL_URL).host;
  made.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith("http") && host !== ours) noted.strangers.push(request.url());
  });
  made.on("pageerror", ({ message }) => noted.complaints.push(message));
  made.on("console", (message) => {
    const text = message.text().replace(/(violates the following).*?(sha256-[^']*).*/s, "$1 $2");
    if (message.type() === "error") noted.complaints.push(`${text} ${message.location().url}`);
  });
  return made;
}

/** Bring every interactive part into view, and wait until it is there. */
export async function whole(on) {
  for (const part of ["#diagram .view svg", "#flow .view svg", "#playground .console"]) {
    await on.locator(`${part.split(" ")[0]} .island`).scrollIntoViewIfNeeded();
    await on.locator(part).waitFor();
  }
}

/** Nothing serious for axe-core, nothing wider than the window; with PICTURES a screenshot of each section. */
export async function look(browser, scheme, size) {
  const shown = await opened(browser, { colorScheme: scheme, reducedMotion: "reduce", viewport: { width: SIZES[size], height: 900 } });
  const fits = async (name) => {
    const wide = await shown.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the window`);
    assert.deepEqual(await serious(shown), [], name);
  };
  const file = (name) => `${SCREENSHOTS}/${KIND}-${name}-${scheme}-${size}.png`;
  await shown.goto(`${PORTAL_URL}/portal`);
  await whole(shown);
  if (PICTURES) {
    // else it would lie over the pictures
    await shown.evaluate(() => (document.querySelector(".top").style.position = "static"));
    for (const section of await shown.locator("main > section").all()) {
      await section.screenshot({ path: file(await section.getAttribute("id")) });
    }
    await shown.evaluate(() => scrollTo(0, 0));
    await shown.screenshot({ path: file("page") });
  }
  await fits("the portal");
  const isOne = (scheme === "dark") === (size === "phone");
  for (const other of IS_SHOP && isOne ? ["classes/Order", "guides/javascript", "sign-in"] : []) {
    await shown.goto(`${PORTAL_URL}/portal/${other}`);
    if (PICTURES) await shown.screenshot({ path: file(other.replace("/", "-")), fullPage: true });
    await fits(other);
  }
  assert.deepEqual(noted, { complaints: [], strangers: [] });
  await shown.close();
}
