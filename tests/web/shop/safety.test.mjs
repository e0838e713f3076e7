// What could harm: scripts in names and pictures, a network that goes, a page that is heavy.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { BASE, SHOP, ask, button, expect, heading, put, putOrder, putProduct, putUser, test, unique, visit, visitAs } from "./browser.mjs";

const EVIL = `<img src=x onerror="globalThis.isHarmed=1"><script>globalThis.isHarmed=1</script>"'><svg onload="globalThis.isHarmed=1">`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>globalThis.isHarmed=1;fetch("/harm")</script><rect width="9" height="9"/></svg>`;

test("no name, description, address or reason runs as a script, to shoppers or staff", async () => {
  const evil = await putProduct(`Evil ${EVIL}`, 6, { [`v ${EVIL}`]: 3 }, { description: EVIL });
  const ann = await putUser(null, { address: EVIL });
  const [sku] = Object.values(evil.skus);
  const id = await putOrder(ann, sku);
  const staff = await putUser("staff");
  await ask("POST", "functions/adjustStock", { sku, by: 1, reason: EVIL }, staff.headers);
  const shopper = await visitAs(ann, "/?q=Evil");
  const office = await visitAs(staff, "/admin/orders");
  for (const [page, path] of [
    [shopper, "/?q=Evil"],
    [shopper, `/product/${evil.id}`],
    [shopper, `/orders/${id}`],
    [office, "/admin"],
    [office, `/admin/orders?open=${id}`],
    [office, `/admin/products?open=${evil.id}`],
  ]) {
    await page.goto(BASE + path);
    await page.getByText("<script>").first().waitFor();
    assert.equal(await page.evaluate(() => globalThis.isHarmed), undefined, path);
  }
});

test("an SVG is refused as an upload, and one that is there anyway runs nothing as a picture", async () => {
  const staff = await putUser("staff");
  const upload = (headers) => fetch(`${SHOP.url}/files/evil.svg`, { method: "POST", body: SVG, headers: { "X-Parse-Application-Id": SHOP.appId, "Content-Type": "image/svg+xml", ...headers } });
  assert.equal((await upload(staff.headers)).status, 400);
  const { url } = await (await upload({ "X-Parse-Master-Key": SHOP.masterKey })).json();
  const id = await put("Product", { name: unique("Drawing"), price: 1, imageUrl: url });
  const page = await visit(`/product/${id}`);
  await page.locator("img.picture").waitFor();
  assert.equal(await page.evaluate(() => globalThis.isHarmed), undefined);
});

test("a picture of another server is not asked for, and a link as a picture leads nowhere", async () => {
  const word = unique("Far");
  await put("Product", { name: `${word} 1`, price: 1, imageUrl: "https://images.example.com/spy.png" });
  await put("Product", { name: `${word} 2`, price: 1, imageUrl: "javascript:globalThis.isHarmed=1" });
  const page = await visit(`/?q=${word}`);
  await page.getByText("2 products").waitFor();
  assert.equal(await page.locator(".tile").count(), 2); // asking elsewhere would be a complaint
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
  const times = [];
  for (let n = 0; n < 3; n++) {
    const begin = performance.now();
    const page = await visit(`/?q=${name}`);
    await page.getByText("1 product", { exact: true }).waitFor();
    times.push(performance.now() - begin);
    await page.context().close();
  }
  console.log(`# usable after ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  // The quickest of three: others use this machine, too.
  assert.ok(Math.min(...times) < 2000, `${times}`);
});

test("the catalogue is read without a network, by the pages and answers seen before", async () => {
  const vase = await putProduct(unique("Vase"), 33, { tall: 3 });
  const page = await visit("/", { serviceWorkers: "allow" });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await heading(page, "Catalogue").waitFor();
  await page.goto(`${BASE}/product/${vase.id}`);
  await page.getByText("3 left").first().waitFor();
  // Nothing answers any more, for the pages' worker either.
  expect(/ERR_INTERNET_DISCONNECTED/);
  await page.context().setOffline(true);
  await page.reload();
  await page.getByText("You are offline.").waitFor();
  await page.getByText("$33.00").waitFor();
  await page.getByText("3 left").first().waitFor();
  await page.goto(BASE + "/");
  await page.locator(".card").first().waitFor();
  const kept = await page.evaluate(async () => {
    const keys = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)));
    return keys.flat();
  });
  assert.ok(kept.length > 4);
  assert.ok(!kept.some((url) => /classes.(?!Product|SKU|FlashSale)|users|_Session/.test(url)), `${kept}`);
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
