// What could harm: scripts in names and pictures, a network that goes, a page that is heavy.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { BASE, SHOP, ask, button, expect, heading, put, putOrder, putProduct, putUser, test, unique, visit, visitAs } from "./browser.mjs";

const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const EVIL = `<img src=x onerror="globalThis.isHarmed=1"><script>globalThis.isHarmed=1</script>"'><svg onload="globalThis.isHarmed=1">`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>globalThis.isHarmed=1;fetch("/harm")</script><rect width="9" height="9"/></svg>`;

test("no name, description, address or reason runs as a script, to shoppers or staff", async () => {
  const evil = await putProduct(`Evil ${EVIL}`, 60_000, { [`v ${EVIL}`]: 3 }, { description: EVIL });
  const ann = await putUser(null, { address: EVIL });
  const [sku] = Object.values(evil.skus);
  const id = await putOrder(ann, sku);
  await ask("PUT", `classes/Order/${id}`, { status: "paid" }); // so dear that it is among the best sellers
  const staff = await putUser("staff");
  await ask("POST", "functions/adjustStock", { sku, by: 1, reason: EVIL }, staff.headers);
  const shopper = await visitAs(ann, "/?q=Evil");
  const office = await visitAs(staff, "/admin/orders");
  for (const [page, path] of [
    [shopper, "/?q=Evil"],
    [shopper, `/product/${evil.id}`],
    [shopper, `/orders/${id}`],
    [office, "/admin"],
    [office, "/admin/orders"],
    [office, `/admin/orders?open=${id}`],
    [office, `/admin/products?open=${evil.id}`],
  ]) {
    await page.goto(BASE + path);
    await page.getByText("<script>").first().waitFor();
    assert.equal(await page.evaluate(() => globalThis.isHarmed), undefined, path);
    // Nor does it push a page out of a phone.
    await page.setViewportSize({ width: 360, height: 800 });
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), `${path} is wider than a phone`);
  }
});

test("an SVG is refused as an upload, and one that is there anyway runs nothing, as a picture or by itself", async () => {
  const staff = await putUser("staff");
  const upload = (headers) => fetch(`${SHOP.url}/files/evil.svg`, { method: "POST", body: SVG, headers: { "X-Parse-Application-Id": SHOP.appId, "Content-Type": "image/svg+xml", ...headers } });
  assert.equal((await upload(staff.headers)).status, 400);
  const { url } = await (await upload({ "X-Parse-Master-Key": SHOP.masterKey })).json();
  const id = await put("Product", { name: unique("Drawing"), price: 1, imageUrl: url });
  const page = await visit(`/product/${id}`);
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.waitForFunction(() => document.querySelector("img.picture")?.complete);
  assert.equal(await page.evaluate(() => globalThis.isHarmed), undefined);
  expect(/Blocked script execution/);
  await page.goto(url);
  assert.equal(await page.evaluate(() => globalThis.isHarmed), undefined);
  assert.ok(!asked.includes("/harm"), `${asked}`);
});

test("a picture of another server is not asked for, and a link as a picture leads nowhere", async () => {
  const word = unique("Far");
  await put("Product", { name: `${word} 1`, price: 1, imageUrl: "https://images.example.com/spy.png" });
  await put("Product", { name: `${word} 2`, price: 1, imageUrl: "javascript:globalThis.isHarmed=1" });
  const page = await visit(`/?q=${word}`);
  await page.getByText("2 products").waitFor();
  await page.locator(".tile").nth(1).waitFor(); // asking elsewhere would be a complaint
});

test("what a page loads first is below 250 KB of script, and the back office not among it", async () => {
  const [assets, html] = [`${process.env.SHOP_DIST}/assets`, readFileSync(`${process.env.SHOP_DIST}/index.html`, "utf8")];
  const page = await visit();
  await heading(page, "Catalogue").waitFor();
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1)));
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js") && loaded.includes(name));
  const size = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(`${assets}/${name}`)).length, 0);
  console.log(`# first load: ${(size / 1000).toFixed(0)} kB of script, compressed, in ${scripts.length} files`);
  assert.ok(size > 0 && size < 250_000, `${size} bytes`);
  assert.ok(!scripts.some((name) => name.startsWith("BackOffice")));
  assert.doesNotMatch(html, /<script(?![^>]*src=)|style=|https?:\/\//);
});

test("the catalogue can be used within two seconds", async () => {
  const name = unique("Fast");
  await putProduct(name, 1);
  const [clock, own] = [[], []];
  while (clock.length < 3 && !(clock.at(-1) < 2000)) {
    const page = await visit("/account");
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const spent = async () => (await session.send("Performance.getMetrics")).metrics.find((metric) => metric.name === "TaskDuration").value * 1000;
    const [begin, before] = [performance.now(), await spent()];
    await session.send("Network.clearBrowserCache");
    await page.goto(`${BASE}/?q=${name}`);
    await page.getByText("1 product", { exact: true }).waitFor();
    clock.push(performance.now() - begin);
    own.push((await spent()) - before);
    await page.context().close();
  }
  const text = (times) => times.map((ms) => ms.toFixed(0)).join(", ");
  console.log(`# usable after ${text(clock)} ms, of which the page itself worked ${text(own)}`);
  // Where others keep this machine busy, the clock says nothing: what the page's own work takes does.
  assert.ok(Math.min(...clock) < 2000 || Math.min(...own) < 1000, `${clock} ${own}`);
});

test("after the first visit the catalogue is read without a network, with pages that were never seen", async () => {
  const staff = await putUser("staff");
  const picture = await (await fetch(`${SHOP.url}/files/vase.png`, { method: "POST", body: PNG, headers: { "X-Parse-Application-Id": SHOP.appId, "Content-Type": "image/png", ...staff.headers } })).json();
  // Before all others, so that it stands on the first page.
  const name = unique("! Vase");
  const vase = await putProduct(name, 33, { tall: 3, wide: 9 }, { imageUrl: picture.url });
  const page = await visit("/", { serviceWorkers: "allow" });
  // What there is to keep comes after what there is to see.
  const kept = () =>
    page.evaluate(async () => {
      const keys = await Promise.all((await caches.keys()).map(async (cache) => (await (await caches.open(cache)).keys()).map(({ url }) => decodeURIComponent(url))));
      return keys.flat();
    });
  const awaited = [/classes.SKU/, /classes.Product.*"limit",13/, /classes.Product.*"count",1/, /liveFlashSales/, /storefront/, /vase\.png/, /assets.index.*js/, /config\.json/];
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  for (let urls = []; !awaited.every((one) => urls.some((url) => one.test(url))); ) urls = await kept();
  // Nothing answers any more, for the pages' worker either.
  expect(/ERR_INTERNET_DISCONNECTED/);
  await page.context().setOffline(true);
  await page.reload();
  await page.getByText("You are offline.").waitFor();
  await page.getByRole("link", { name }).click();
  await heading(page, name).waitFor();
  await page.getByText("$33.00").waitFor();
  await page.getByLabel("tall").check();
  await page.locator("p.stock").getByText("3 left").waitFor();
  await page.waitForFunction(() => document.querySelector("img.picture").naturalWidth > 0);
  await page.goto(`${BASE}/product/${vase.id}`); // by its address, too
  await heading(page, name).waitFor();
  const urls = await kept();
  assert.ok(!urls.some((url) => /classes.(?!Product|SKU|FlashSale)|users|_Session/.test(url)), `${urls}`);
});

test("the shop can be installed", async () => {
  const page = await visit();
  const href = await page.locator("link[rel=manifest]").getAttribute("href");
  const manifest = await page.evaluate(async (address) => (await fetch(address)).json(), href);
  assert.equal(manifest.display, "standalone");
  for (const { src } of manifest.icons) assert.equal((await page.request.get(new URL(src, BASE).href)).status(), 200);
  const session = await page.context().newCDPSession(page);
  const { errors } = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  await button(page, "Dark mode").click();
  await page.reload();
  await page.locator("html[data-theme=dark]").waitFor();
});
