// Two browsers, live against each other: what one does the other sees without a reload.
import assert from "node:assert/strict";
import { BASE, ask, button, cart, date, dialog, openCart, pointer, put, putOrder, putProduct, putUser, test, unique, visit, visitAs } from "./browser.mjs";

/** Fail if the page was loaded anew since: live means without. */
async function watched(page) {
  await page.evaluate(() => {
    globalThis.isSame = true;
  });
  return async () => assert.ok(await page.evaluate(() => globalThis.isSame), "the page was loaded anew");
}

test("a shopper sees the staff move the order, and the staff a new order and its cancelling", async () => {
  const ann = await putUser();
  const sku = (await putProduct(unique("Desk"), 70, { oak: 9 })).skus.oak;
  const first = await putOrder(ann, sku);
  const staff = await visitAs(await putUser("staff"), "/admin/orders");
  const shopper = await visitAs(ann, `/orders/${first}`);
  const assertSame = [await watched(staff), await watched(shopper)];
  const step = (name) => shopper.locator(".step[aria-current]").getByText(name);
  await step("Pending").waitFor();
  await button(staff, first).click();
  await button(dialog(staff), "Paid").click();
  await step("Paid").waitFor();
  await button(dialog(staff), "Shipped").click();
  await step("Shipped").waitFor();
  await staff.keyboard.press("Escape");
  const second = await putOrder(ann, sku);
  const row = staff.getByRole("row").filter({ has: button(staff, second) });
  await row.getByText("Pending").waitFor();
  await ask("PUT", `classes/Order/${second}`, { status: "cancelled" }, ann.headers);
  await row.getByText("Cancelled").waitFor();
  for (const assertOne of assertSame) await assertOne();
});

test("a shopper sees the stock go down as another orders, and up as the staff add some", async () => {
  const chair = await putProduct(unique("Chair"), 50, { red: 2 });
  const page = await visit(`/product/${chair.id}`);
  const assertSame = await watched(page);
  const stock = page.locator("p.stock");
  await stock.getByText("2 left").waitFor();
  const ann = await putUser();
  await putOrder(ann, chair.skus.red, 2);
  await stock.getByText("Sold out").waitFor();
  assert.ok(await button(page, "Add to cart").isDisabled());
  await ask("POST", "functions/adjustStock", { sku: chair.skus.red, by: 4, reason: "found" }, (await putUser("staff")).headers);
  await stock.getByText("4 left").waitFor();
  await assertSame();
});

test("a flash sale appears at its start and goes at its end, on the catalogue and in the price", async () => {
  const lamp = await putProduct(unique("Lamp"), 80);
  const [page, other] = [await visit(`/product/${lamp.id}`), await visit(`/?q=${lamp.id}`)];
  const assertSame = [await watched(page), await watched(other)];
  await page.getByText("$80.00").waitFor();
  const [sale, ribbon] = [page.locator(".price-sale"), other.getByRole("region", { name: "On sale now" }).getByText(/^Lamp/)];
  assert.equal(await sale.count(), 0);
  const times = { startTime: date(1.5), endTime: date(50) };
  const id = await put("FlashSale", { product: pointer("Product", lamp.id), discountPrice: 60, ...times });
  await sale.getByText("$60.00").waitFor();
  await page.getByText(/ends in 00:00:\d\d/).waitFor();
  await ribbon.waitFor();
  await ask("PUT", `classes/FlashSale/${id}`, { endTime: date(1.5) });
  await page.getByText(/ends in 00:00:0\d/).waitFor();
  await sale.waitFor({ state: "detached" });
  await ribbon.waitFor({ state: "detached" });
  for (const assertOne of assertSame) await assertOne();
});

test("a price that the staff change stands in the catalogue at once, and a new product appears", async () => {
  const word = unique("Clock");
  const { id } = await putProduct(`${word} one`, 10);
  const shopper = await visit(`/?q=${word}`);
  const staff = await visitAs(await putUser("staff"), `/admin/products?open=${id}`);
  const assertSame = await watched(shopper);
  await shopper.getByText("$10.00").waitFor();
  await staff.getByLabel("Price").fill("12");
  await button(dialog(staff), "Save").click();
  await shopper.getByText("$12.00").waitFor();
  await putProduct(`${word} two`, 5);
  await shopper.getByText("2 products").waitFor();
  await assertSame();
});

test("the cart is the same in two windows of one shopper", async () => {
  const ann = await putUser();
  const mug = await putProduct(unique("Mug"), 7);
  const [page, other] = [await visitAs(ann), await visitAs(ann)];
  await page.goto(`${BASE}/product/${mug.id}`);
  await button(page, "Add to cart").click();
  await other.getByRole("button", { name: "Cart, 1 items" }).waitFor();
  await openCart(other);
  await cart(other).getByRole("button", { name: /^One more/ }).click();
  await page.getByRole("button", { name: "Cart, 2 items" }).waitFor();
});

test("the dashboard counts an order as it is paid", async () => {
  const ann = await putUser();
  const sku = (await putProduct(unique("Bike"), 321, { blue: 1 })).skus.blue;
  const page = await visitAs(await putUser("staff"), "/admin");
  const assertSame = await watched(page);
  await page.getByRole("region", { name: "Top customers" }).waitFor();
  const id = await putOrder(ann, sku);
  await ask("PUT", `classes/Order/${id}`, { status: "paid" });
  await page.getByRole("region", { name: "Top customers" }).getByRole("link", { name: ann.username }).getByText("$321.00").waitFor();
  await assertSame();
});
