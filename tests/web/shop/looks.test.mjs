// Every page light and dark, on a desktop and a phone: accessible, nothing cut off, and pictures of
// it for whoever wants to look.
import { BASE, REFUSED, ask, button, cart, date, dialog, expect, look, openCart, pointer, put, putOrder, putProduct, putUser, test, unique, visit, visitAs } from "./browser.mjs";

/** A shop in which something has happened. */
async function filled() {
  const names = ["Oak desk lamp", "Stoneware mug", "Navy hoodie", "Canvas tote bag", "Brass ballpoint pen", "Gooseneck kettle"];
  const products = [];
  for (const [index, name] of names.entries()) {
    const text = "Made by hand in a small workshop, and meant to last for many years of daily use.";
    const picture = name.toLowerCase().replaceAll(" ", "-"); // as the demo's, but for the last
    const imageUrl = index < 5 ? `/shop/pictures/${picture}.svg` : undefined;
    products.push(await putProduct(name, 12.5 + index * 9, { small: index, large: 12 - index }, { description: text, imageUrl }));
  }
  await put("FlashSale", { product: pointer("Product", products[5].id), discountPrice: 39, startTime: date(-60), endTime: date(90_000) });
  await put("DiscountCode", { code: unique("WELCOME-"), percentage: 15, validUntil: date(900_000) });
  const buyers = [await putUser(null, { address: "5 Hill Road\nSpringfield" }), await putUser()];
  const orders = [];
  for (const [index, status] of ["paid", "shipped", "delivered", "cancelled", null].entries()) {
    const id = await putOrder(buyers[index % 2], products[index].skus.large, 1 + (index % 3));
    const steps = { shipped: ["paid", "shipped"], delivered: ["paid", "shipped", "delivered"] }[status] ?? [status];
    for (const step of steps.filter(Boolean)) await ask("PUT", `classes/Order/${id}`, { status: step });
    orders.push(id);
  }
  return { products, orders, buyer: buyers[0] };
}

let shop;

test("the pages of shoppers", async () => {
  shop = await filled();
  const { products, orders, buyer } = shop;
  const page = await visit();
  await page.locator(".card").nth(5).waitFor();
  await look(page, "catalogue");
  await page.goto(`${BASE}/?q=nothing+of+that+name`);
  await page.getByText("Nothing fits.").waitFor();
  await look(page, "catalogue-empty");
  await page.goto(`${BASE}/product/${products[3].id}`);
  await page.getByLabel("small").check();
  await look(page, "product");
  await button(page, "Add to cart").click();
  await page.getByText("is in the cart.").waitFor();
  await openCart(page);
  await cart(page).locator(".line").waitFor();
  await look(page, "cart");
  await page.goto(`${BASE}/account`);
  await button(page, "I am new here").click();
  await look(page, "sign-up");
  const mine = await visitAs(buyer, "/account");
  await mine.getByText(/^since /).first().waitFor();
  await look(mine, "account");
  await mine.goto(`${BASE}/orders`);
  await mine.getByText("Order of").first().waitFor();
  await look(mine, "orders");
  await mine.goto(`${BASE}/orders/${orders[4]}`);
  await button(mine, "Pay now").waitFor();
  await look(mine, "order");
});

test("the pages of the staff", async () => {
  const { products, orders } = shop;
  const page = await visitAs(await putUser("staff"), "/admin");
  await page.locator(".chart canvas").nth(1).waitFor();
  await look(page, "office-dashboard");
  for (const [name, path] of [
    ["orders", "orders"],
    ["order", `orders?open=${orders[0]}`],
    ["products", "products"],
    ["product", `products?open=${products[2].id}`],
    ["sales", "sales"],
    ["sale", "sales?open=new"],
    ["codes", "codes"],
    ["customers", "customers"],
  ]) {
    await page.goto(`${BASE}/admin/${path}`);
    await page.locator("[data-row]").first().waitFor();
    if (path.includes("open")) await dialog(page).waitFor();
    await page.waitForLoadState("networkidle");
    await look(page, `office-${name}`);
  }
});

test("a form that was refused, and a page whose server is gone", async () => {
  const page = await visit("/account");
  expect(REFUSED);
  await page.getByLabel("User name").fill("nobody");
  await page.getByLabel("Password").fill("nothing");
  await button(page.getByRole("main"), "Log in").click();
  await page.getByRole("alert").waitFor();
  await look(page, "sign-in-refused");
  expect(/ERR_CONNECTION_REFUSED/);
  // Until one tries again: a page that asks anew by itself must not come before that.
  let isGone = true;
  await page.exposeFunction("back", () => {
    isGone = false;
  });
  await page.addInitScript(() => addEventListener("click", () => globalThis.back(), true));
  await page.route("**/classes/Product", (route) => (isGone ? route.abort("connectionrefused") : route.continue()));
  await page.goto(BASE + "/");
  await page.getByText("The server can't be reached.").waitFor();
  await look(page, "catalogue-failed");
  await button(page, "Try again").click();
  await page.locator(".card").first().waitFor();
});
