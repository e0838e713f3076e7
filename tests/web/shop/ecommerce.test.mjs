// The shop on the e-commerce template alone: orders and stock; no codes, no sales, no pictures.
import assert from "node:assert/strict";
import { BASE, ask, button, cart, dialog, openCart, putProduct, putUser, test, unique, visitAs } from "./browser.mjs";

test("a shopper buys, and is shown nothing of codes and sales", async () => {
  const ann = await putUser();
  const mug = await putProduct(unique("Mug"), 9, { blue: 2 });
  const page = await visitAs(ann, `/product/${mug.id}`);
  await button(page, "Add to cart").click();
  await openCart(page);
  await cart(page).locator("dd.sums-total").getByText("$9.00").waitFor();
  assert.equal(await cart(page).getByLabel("Discount code").count(), 0);
  await button(cart(page), "Place the order").click();
  await page.getByText("Your order is placed.").waitFor();
  await page.goto(`${BASE}/account`);
  await page.getByLabel("Address", { exact: true }).fill("1 Main Street");
  await button(page, "Save").click();
  await page.getByText("Saved.").waitFor();
  assert.equal((await ask("GET", `users/${ann.id}`)).address, "1 Main Street");
});

test("the staff have orders, products and customers, and nothing else", async () => {
  const page = await visitAs(await putUser("staff"), "/admin");
  const rail = page.getByRole("navigation", { name: "Back office" });
  await page.getByRole("region", { name: "Top customers" }).waitFor();
  assert.deepEqual(await rail.getByRole("link").allInnerTexts(), ["Dashboard", "Orders", "Products", "Customers"]);
  await rail.getByText("Products").click();
  await button(page, "New").click();
  assert.equal(await dialog(page).getByLabel("Picture").count(), 0);
  const name = unique("Bowl");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Price").fill("5");
  await button(dialog(page), "Save").click();
  await button(dialog(page), "Add a variation").waitFor();
});
