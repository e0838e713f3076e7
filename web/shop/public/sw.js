// Reading without a network: the pages as they were built, and the catalogue as it was seen last.
// Nothing of a person is kept: no carts, orders or accounts.
const PAGES = "pages";
const CATALOGUE = "catalogue";
const PICTURES = "pictures";
const BASE = new URL("./", self.location).pathname;
const READ_BY_ANYONE = /\/(?:classes\/(?:Product|SKU|FlashSale)|functions\/(?:storefront|liveFlashSales))$/;
const MOST_ANSWERS = 200;

self.addEventListener("install", (event) => event.waitUntil(install()));

/** Keep what the first page needs: it names its scripts and styles itself. */
async function install() {
  const pages = await caches.open(PAGES);
  const page = await fetch(BASE);
  const files = [...(await page.clone().text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file);
  await pages.put(BASE, page);
  await pages.addAll([...new Set([...files, `${BASE}config.json`])]);
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && READ_BY_ANYONE.test(url.pathname)) event.respondWith(fromServerOrSeen(request, url));
  else if (request.destination === "image") event.respondWith(fromServerOrKept(request));
  else if (request.method !== "GET" || !url.pathname.startsWith(BASE)) return;
  else if (url.pathname.startsWith(`${BASE}assets/`)) event.respondWith(fromCacheOrServer(request));
  else event.respondWith(fromServerOrCache(request));
});

/** Files that bear the hash of their content never change. */
async function fromCacheOrServer(request) {
  const pages = await caches.open(PAGES);
  const kept = await pages.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await pages.put(request, answer.clone());
  return answer;
}

async function fromServerOrCache(request) {
  const pages = await caches.open(PAGES);
  const isPage = request.mode === "navigate";
  const key = isPage ? BASE : request;
  try {
    const answer = await fetch(request);
    if (isPage && answer.ok) await forgetIfBuiltAnew(pages, answer.clone());
    if (answer.ok) await pages.put(key, answer.clone());
    return answer;
  } catch (error) {
    const kept = await pages.match(key);
    if (kept) return kept;
    throw error;
  }
}

/** Another page names other files: those of the build before are of no use. */
async function forgetIfBuiltAnew(pages, page) {
  const kept = await pages.match(BASE);
  if (kept && (await kept.text()) === (await page.text())) return;
  for (const file of await pages.keys()) if (file.url.includes("/assets/")) await pages.delete(file);
}

/** Pictures change seldom, but they may. */
async function fromServerOrKept(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) await keep(PICTURES, request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match(request);
    if (kept) return kept;
    throw error;
  }
}

/** The SDK asks by POST: the same question is known by its path and its text, whoever asks. */
function keyOf(url, sent) {
  if (sent._method !== "GET" && !url.pathname.includes("/functions/")) return null;
  const asked = Object.entries(sent).filter(([name]) => !name.startsWith("_"));
  return new Request(`${url.pathname}?${encodeURIComponent(JSON.stringify(asked))}`);
}

async function fromServerOrSeen(request, url) {
  const sent = await request.clone().json();
  const key = keyOf(url, sent);
  if (key === null) return fetch(request);
  try {
    const answer = await fetch(request);
    if (answer.ok) await keep(CATALOGUE, key, answer.clone());
    return answer;
  } catch (error) {
    const seen = (await (await caches.open(CATALOGUE)).match(key)) ?? (await fromOtherAnswers(url, sent));
    if (seen) return seen;
    throw error;
  }
}

/** One product, or the SKUs of one, as other answers had them: its page is read without having been seen. */
async function fromOtherAnswers(url, { where = {}, order }) {
  const { objectId, product } = where;
  if (typeof objectId !== "string" && !product?.objectId) return undefined;
  const catalogue = await caches.open(CATALOGUE);
  const rows = new Map();
  let isKnown = false;
  for (const key of await catalogue.keys()) {
    if (new URL(key.url).pathname !== url.pathname) continue;
    isKnown = true;
    for (const row of (await (await catalogue.match(key)).json()).results ?? []) {
      if (row.objectId === objectId || (product && row.product?.objectId === product.objectId)) rows.set(row.objectId, row);
    }
  }
  if (!isKnown || (objectId && rows.size === 0)) return undefined;
  const results = [...rows.values()].sort((one, other) => (one[order] < other[order] ? -1 : 1));
  return new Response(JSON.stringify({ results }), { headers: { "Content-Type": "application/json" } });
}

async function keep(name, key, answer) {
  const cache = await caches.open(name);
  await cache.put(key, answer);
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - MOST_ANSWERS))) await cache.delete(old);
}
