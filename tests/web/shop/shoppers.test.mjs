// A shopper's whole way: from the catalogue to an order, and out of the account again.
import assert from "node:assert/strict";
import { BASE, REFUSED, ask, button, cart, date, expect, heading, logIn, openCart, pointer, put, putProduct, putUser, test, unique, visit, visitAs, PASSWORD } from "./browser.mjs";

const total = (page) => cart(page).locator("dd.sums-total");
const place = (page) => button(cart(page), "Place the order");

/** Put one of a product into the cart, from its page. */
async function add(page, id, variation) {
  await page.goto(`${BASE}/product/${id}`);
  if (variation) await page.getByLabel(variation).check();
  await button(page, "Add to cart").click();
  await page.getByText("is in the cart.").first().waitFor();
}

test("the catalogue is searched, narrowed by price, sorted and paged, and the address says how", async () => {
  const word = unique("Teapot");
  for (let n = 1; n <= 14; n++) await put("Product", { name: `${word} ${String(n).padStart(2, "0")}`, price: n * 4 });
  const page = await visit();
  const names = page.locator(".card-name");
  await page.getByRole("searchbox").fill(word.toLowerCase());
  await page.getByText("14 products").waitFor();
  await names.filter({ hasText: `${word} 12` }).waitFor();
  assert.equal(await names.count(), 12);
  await button(page, "Next").click();
  await page.waitForFunction(() => document.querySelectorAll(".card").length === 2);
  assert.ok(await button(page, "Next").isDisabled());
  await button(page, "Previous").click();
  await names.first().getByText(`${word} 01`).waitFor();
  assert.ok(await button(page, "Previous").isDisabled());
  await page.getByLabel("Price", { exact: true }).selectOption({ label: "$15.00 to $50.00" });
  await page.getByText("9 products").waitFor();
  await page.getByLabel("Sort by").selectOption("Price, high to low");
  await names.first().getByText(`${word} 12`).waitFor();
  assert.equal(new URL(page.url()).search, `?q=${word.toLowerCase()}&price=15-50&sort=dear`);
  await page.reload();
  await names.first().getByText(`${word} 12`).waitFor();
  await page.getByRole("searchbox").fill("(.*)[");
  await page.getByText("Nothing fits.").waitFor();
});

test("a page follows the row before it: of equal prices none is shown twice, and what comes meanwhile moves nothing", async () => {
  const word = unique("Spoon");
  const all = Array.from({ length: 26 }, (_, n) => `${word} ${String(n).padStart(2, "0")}`);
  const requests = all.map((name) => ({ method: "POST", path: "/parse/classes/Product", body: { name, price: 5 } }));
  await ask("POST", "batch", { requests });
  const page = await visit(`/?q=${word}&sort=cheap`);
  await page.getByText("26 products").waitFor();
  const cards = page.locator(".card-name");
  await cards.nth(11).waitFor();
  const shown = async () => (await cards.allInnerTexts()).filter((name) => all.includes(name));
  const seen = await shown();
  await put("Product", { name: `${word} cheaper`, price: 4 }); // before the first page
  await page.getByText("27 products").waitFor();
  for (const text of [seen[0], `${word} cheaper`]) await cards.getByText(text).waitFor();
  const pages = [await shown()];
  for (const count of [12, 3]) {
    const last = pages.at(-1)[0];
    await button(page, "Next").click();
    await cards.getByText(last).waitFor({ state: "detached" });
    assert.equal(await cards.count(), count);
    pages.push(await shown());
  }
  assert.deepEqual(pages.flat().sort(), all);
  await button(page, "Previous").click();
  await cards.getByText(pages[1][0]).waitFor();
  assert.deepEqual(await shown(), pages[1]);
});

test("a guest fills the cart, signs up, orders once, follows and cancels", async () => {
  const mug = await putProduct(unique("Mug"), 9.5, { blue: 3, red: 0 });
  const code = unique("TEN-");
  await put("DiscountCode", { code, percentage: 10, validUntil: date(3600) });
  const page = await visit(`/product/${mug.id}`);
  await page.getByText("3 left").first().waitFor();
  assert.ok(await page.getByLabel("red").isDisabled());
  await add(page, mug.id, "blue");
  await openCart(page);
  await cart(page).getByRole("button", { name: /^One more of/ }).click();
  await total(page).getByText("$19.00").waitFor();
  expect(REFUSED);
  await cart(page).getByLabel("Discount code").fill(code);
  await button(cart(page), "Apply").click();
  await cart(page).getByText("Sign up first: codes are for known customers.").waitFor();

  await button(cart(page), "Sign in to order").click();
  const username = unique("ann");
  await button(page, "I am new here").click();
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("E-mail address").fill(`${username}@example.com`);
  await page.getByLabel("Password").fill(PASSWORD);
  await button(page.getByRole("main"), "Create an account").click();
  // The cart comes back by itself, with what the guest had put in.
  await cart(page).getByLabel("Discount code").fill("NOSUCHCODE");
  await button(cart(page), "Apply").click();
  await cart(page).getByText("This code is not valid.").waitFor();
  await cart(page).getByLabel("Discount code").fill(code.toLowerCase());
  await button(cart(page), "Apply").click();
  await total(page).getByText("$17.10").waitFor();
  await place(page).dblclick();
  await page.getByText("Your order is placed.").waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const { results } = await ask("GET", "classes/Order");
  assert.equal(results.filter((order) => order.products[0].sku.objectId === mug.skus.blue).length, 1);
  assert.equal(results.find((order) => order.objectId === id).total, 17.1);
  await button(page, "Cancel the order").click();
  await button(page, "Cancel the order").last().click();
  await page.getByRole("list", { name: "How far it is" }).getByText("Cancelled").waitFor();
  await page.waitForLoadState("networkidle"); // live, it may be told before the answer, by which the stock is back
  assert.equal((await ask("GET", `classes/SKU/${mug.skus.blue}`)).stock, 3);
});

test("an order whose answer was lost is found after a reload, and not placed again", async () => {
  const pen = await putProduct(unique("Pen"), 4, { black: 5 });
  const page = await visitAs(await putUser());
  await add(page, pen.id);
  // The server gets the order; its answer never arrives.
  await page.route("**/functions/checkout", async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  });
  expect(/net::ERR_CONNECTION_RESET/);
  await openCart(page);
  const placed = page.waitForEvent("requestfailed");
  await place(page).click();
  await placed;
  await page.unroute("**/functions/checkout");
  await page.reload();
  await page.getByText("Your order is placed.").waitFor();
  assert.equal((await ask("GET", `classes/SKU/${pen.skus.black}`)).stock, 4);
});

test("what is refused is undone, and the reason is said", async () => {
  const cup = await putProduct(unique("Cup"), 5, { white: 2 });
  const page = await visitAs(await putUser());
  await add(page, cup.id);
  await openCart(page);
  for (const n of [2, 3]) {
    await cart(page).getByRole("button", { name: /^One more of/ }).click();
    await cart(page).locator("output").getByText(String(n)).waitFor();
  }
  expect(REFUSED);
  await place(page).click();
  await cart(page).getByText(/only 2 of .* are left/).waitFor();
  await cart(page).getByRole("button", { name: /^Remove/ }).click();
  await cart(page).getByText("Your cart is empty.").waitFor();
});

test("a guest's cart goes along to the account that they log in to", async () => {
  const [jar, lid] = [await putProduct(unique("Jar"), 3), await putProduct(unique("Lid"), 1)];
  const bob = await putUser();
  await ask("POST", "classes/Cart", { items: [{ product: pointer("Product", jar.id), quantity: 2 }] }, bob.headers);
  const page = await visit();
  await add(page, jar.id);
  await add(page, lid.id);
  await logIn(page, bob);
  await page.getByRole("button", { name: "Cart, 4 items" }).click();
  await total(page).getByText("$10.00").waitFor();
});

test("one keeps one's profile, changes the password, ends other sessions, and leaves", async () => {
  const user = await putUser();
  const page = await visitAs(user, "/account");
  const elsewhere = await visit("/account");
  await logIn(elsewhere, user);
  await page.getByLabel("Address", { exact: true }).fill("1 Main Street");
  await button(page, "Save").click();
  await page.getByText("Saved.").waitFor();
  assert.equal((await ask("GET", `users/${user.id}`)).address, "1 Main Street");
  await page.reload();
  await button(page, "Log out there").first().waitFor();
  expect(REFUSED); // who is logged out elsewhere is told so by a refusal
  while ((await button(page, "Log out there").count()) > 0) {
    const count = await button(page, "Log out there").count();
    await button(page, "Log out there").first().click();
    await page.waitForFunction((n) => [...document.querySelectorAll("button")].filter((one) => one.textContent === "Log out there").length < n, count);
  }
  await elsewhere.reload();
  await elsewhere.getByText("You are here as a guest.").waitFor();
  await page.getByLabel("New password").fill("another horse");
  await button(page.getByRole("main"), "Change the password").click();
  await page.getByText("Saved.").waitFor();
  await page.reload();
  await heading(page, user.username).waitFor();
  await button(page, "Log out").click();
  await page.getByLabel("User name").fill(user.username);
  await page.getByLabel("Password").fill(PASSWORD);
  await button(page.getByRole("main"), "Log in").click();
  await page.getByText("Invalid username/password.").waitFor();
  await page.getByLabel("Password").fill("another horse");
  await button(page.getByRole("main"), "Log in").click();
  await button(page, "Delete the account").click();
  await button(page, "Yes, delete my account").click();
  await page.getByText("You are here as a guest.").waitFor();
  const { results } = await ask("GET", `users?where=${encodeURIComponent(JSON.stringify({ username: user.username }))}`);
  assert.deepEqual(results, []);
});

test("a refusal of the session before does not end the one that has taken its place, in this window or in another", async () => {
  const user = await putUser();
  const page = await visitAs(user, "/account");
  const other = await page.context().newPage();
  await other.goto(`${BASE}/account`);
  await heading(other, user.username).waitFor();
  // The old session is refused while its successor is on its way here.
  await page.route(`**/classes/_User/${user.id}`, async (route) => {
    const response = await route.fetch();
    const refused = page.waitForResponse((answer) => answer.status() === 400);
    await page.evaluate(() => navigator.serviceWorker.dispatchEvent(new Event("controllerchange"))); // all that is shown is asked for again
    await (await refused).finished();
    await route.fulfill({ response });
  });
  expect(REFUSED);
  await page.getByLabel("New password").fill("another horse");
  await button(page.getByRole("main"), "Change the password").click();
  await page.getByText("Saved.").waitFor();
  await heading(page, user.username).waitFor();
  // The other window has taken the new one, too, and asks with it.
  await button(other, "Save").click();
  await other.getByText("Saved.").waitFor();
  for (const window of [other, page]) {
    await window.reload();
    await heading(window, user.username).waitFor();
    await button(window, "Log out").waitFor();
  }
});

test("the shop speaks German, money and dates too, and remembers it", async () => {
  const page = await visit("/", { locale: "de-DE" });
  await heading(page, "Katalog").waitFor();
  const lamp = await putProduct(unique("Lampe"), 1234.5);
  await page.goto(`${BASE}/product/${lamp.id}`);
  await page.getByText("1.234,50").waitFor();
  await page.getByLabel("Sprache").selectOption("en");
  await page.reload();
  await button(page, "Add to cart").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
});

test("by keyboard alone: from the catalogue over sign-up and a code to an order and its payment", async () => {
  const bowl = await putProduct(unique("Bowl"), 8, { small: 4, large: 4 });
  const code = unique("KEYS-");
  await put("DiscountCode", { code, percentage: 50, validUntil: date(3600) });
  const page = await visit(`/?q=${bowl.id}`);
  const { keyboard } = page;
  await page.getByText("Nothing fits.").waitFor();
  /** Go on by Tab to what is named so. */
  const reach = async (name) => {
    const isThere = (wanted) => {
      const { ariaLabel, labels, textContent } = document.activeElement;
      return document.activeElement !== document.body && [ariaLabel, labels?.[0]?.textContent, textContent].some((text) => text?.includes(wanted));
    };
    for (let n = 0; n < 60; n++) {
      await keyboard.press("Tab");
      if (await page.evaluate(isThere, name)) return;
    }
    assert.fail(`no Tab leads to ${name}`);
  };
  await keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await keyboard.press("Enter");
  await reach("Search products");
  const { name } = await ask("GET", `classes/Product/${bowl.id}`);
  await keyboard.press("Control+A");
  await keyboard.type(name);
  await page.getByText("1 product", { exact: true }).waitFor();
  await reach(name);
  await keyboard.press("Enter");
  await heading(page, name).waitFor();
  await page.getByLabel("large").waitFor();
  await reach("large"); // the first of the group
  await keyboard.press("ArrowDown");
  assert.ok(await page.getByLabel("small").isChecked());
  await reach("Add to cart");
  await keyboard.press("Enter");
  await page.getByText("is in the cart.").waitFor();
  await reach("Cart, 1");
  await keyboard.press("Enter");
  await cart(page).waitFor();
  await keyboard.press("Escape");
  await cart(page).waitFor({ state: "hidden" });
  assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Cart, 1/);
  await keyboard.press("Enter");
  await button(cart(page), "Sign in to order").waitFor();
  await reach("Sign in to order");
  await keyboard.press("Enter");
  await heading(page, "Your account").waitFor();
  await reach("I am new here");
  await keyboard.press("Enter");
  const username = unique("keys");
  for (const [label, text] of [["User name", username], ["E-mail address", `${username}@example.com`], ["Password", PASSWORD]]) {
    await reach(label);
    await keyboard.type(text);
  }
  await keyboard.press("Enter");
  await cart(page).waitFor();
  await reach("Discount code");
  await keyboard.type(code);
  await keyboard.press("Enter");
  await total(page).getByText("$4.00").waitFor();
  await reach("Place the order");
  await keyboard.press("Enter");
  await page.getByText("Your order is placed.").waitFor();
  await reach("Pay now");
  await keyboard.press("Enter");
  await heading(page, "Payment").waitFor();
});
