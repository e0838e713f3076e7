// Reading without a network, and being installed: the service worker keeps what it sees of the
// catalogue (public/sw.js). At the first visit it comes after the first answers: so they are asked for
// once more, and the first page of the catalogue, wherever the visit began.
import Parse from "parse";
import { catalogueQuery, FIELDS, PAGE_SIZE, skusQuery, USUAL } from "./catalogue/filters";
import { pictureOf } from "./catalogue/Picture";
import { askForPage } from "./parse/usePages";

/** Where no service worker may run, the shop does without. */
export async function keepForOffline(): Promise<void> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  if (!serviceWorker.controller) serviceWorker.addEventListener("controllerchange", () => void keepCatalogue().catch(() => undefined), { once: true });
  await serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined);
}

async function keepCatalogue(): Promise<void> {
  const products = await askForPage(catalogueQuery(USUAL), { sort: FIELDS[USUAL.sort], at: "", size: PAGE_SIZE });
  const pictures = products.map((product) => pictureOf(product.get("imageUrl"))).filter((address) => address !== undefined);
  const kept = await caches.open("pictures");
  await Promise.allSettled([...pictures.map((address) => kept.add(address)), products.length > 0 && skusQuery(products).find(), Parse.Cloud.run("liveFlashSales")]);
}
