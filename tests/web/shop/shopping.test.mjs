// The shop on the shopping template alone: codes and sales; no stock, no orders.
import assert from "node:assert/strict";
import { BASE, button, cart, date, dialog, openCart, pointer, put, putProduct, putUser, test, unique, visitAs } from "./browser.mjs";

test("a shopper uses a sale and a code, and is not asked to order", async () => {
  const mug = await putProduct(unique("Mug"), 20);
  const code = unique("HALF-");
  await put("DiscountCode", { code, percentage: 50, validUntil: date(600) });
  await put("FlashSale", { product: pointer("Product", mug.id), discountPrice: 10, startTime: date(-1), endTime: date(600) });
  const page = await visitAs(await putUser(), `/product/${mug.id}`);
  await page.locator(".price-sale").getByText("$10.00").waitFor();
  await button(page, "Add to cart").click();
  await openCart(page);
  await cart(page).getByLabel("Discount code").fill(code);
  await button(cart(page), "Apply").click();
  await cart(page).locator("dd.sums-total").getByText("$5.00").waitFor();
  await cart(page).getByText("Orders are not taken here.").waitFor();
  assert.equal(await button(cart(page), "Place the order").count(), 0);
  await page.goto(`${BASE}/account`);
  await button(page, "Log out").waitFor();
  assert.equal(await page.getByLabel("Address", { exact: true }).count(), 0);
  assert.equal(await page.getByRole("link", { name: "Your orders" }).count(), 0);
});

test("the staff have products, sales and codes, and nothing else", async () => {
  const page = await visitAs(await putUser("staff"), "/admin");
  const rail = page.getByRole("navigation", { name: "Back office" });
  await page.getByRole("heading", { level: 1, name: "Products" }).waitFor();
  assert.deepEqual(await rail.getByRole("link").allInnerTexts(), ["Products", "Flash sales", "Discount codes"]);
  await button(page, "New").click();
  await page.getByLabel("Name", { exact: true }).fill(unique("Bowl"));
  await page.getByLabel("Price").fill("5");
  await button(dialog(page), "Save").click();
  await dialog(page).getByRole("button", { name: "Delete" }).waitFor();
  assert.equal(await dialog(page).getByText("Variations and stock").count(), 0);
});
