// Late news against newer state: answers that come after something else was chosen, in another order than they were
// asked, or for one who has gone; and clicks that are quicker than answers.
import assert from "node:assert/strict";
import { BASE, PASSWORD, REFUSED, SHOP, ask, button, cart, date, dialog, expect, heading, logIn, openCart, pointer, put, putOrder, putProduct, putUser, test, unique, visit, visitAs } from "./browser.mjs";

/** A promise, and what keeps it. */
function later() {
  let keep;
  const promise = new Promise((resolve) => (keep = resolve));
  return { promise, keep };
}

/** Hold back the next answer to such a request: `made` once the server has answered; `tell` lets the answer come. */
async function hold(page, path, method = "PUT", { refusal, isMeant = () => true } = {}) {
  const [made, told, come] = [later(), later(), later()];
  let isHeld = false;
  await page.route(`**/parse/${path}`, async (route) => {
    const sent = route.request().postData() ?? "{}";
    const asked = sent.startsWith("{") ? JSON.parse(sent) : {};
    if (isHeld || (asked._method ?? "POST") !== method || !isMeant(asked)) return route.fallback();
    isHeld = true;
    const answer = refusal ? { status: 400, json: refusal } : { response: await route.fetch() };
    made.keep();
    await told.promise;
    const answered = page.waitForResponse((response) => response.request() === route.request());
    await route.fulfill(answer);
    await (await answered).finished();
    come.keep();
  });
  const tell = async () => {
    told.keep();
    await come.promise;
    await page.waitForTimeout(300); // and drawn
  };
  return { made: made.promise, tell };
}

/** How much of each line the server has in this user's cart. */
const items = async (user) => (await ask("GET", "classes/Cart", undefined, user.headers)).results[0]?.items.map(({ quantity }) => quantity) ?? [];
const place = (page) => button(cart(page), "Place the order");
const more = (page) => cart(page).getByRole("button", { name: /^One more/ });

test("who adds twice with a double click has two, and one account", async () => {
  const mug = await putProduct(unique("Mug"), 3);
  const page = await visit(`/product/${mug.id}`);
  await button(page, "Add to cart").dblclick();
  await page.getByRole("button", { name: "Cart, 2 items" }).waitFor();
  const known = await putUser();
  const other = await visitAs(known, `/product/${mug.id}`);
  await button(other, "Add to cart").dblclick();
  await other.getByRole("button", { name: "Cart, 2 items" }).waitFor();
  assert.deepEqual(await items(known), [2]);
});

test("a change of the cart that is refused takes no newer one back, and says nothing of what has been mended", async () => {
  const mug = await putProduct(unique("Mug"), 3);
  const user = await putUser();
  await ask("POST", "classes/Cart", { items: [{ product: pointer("Product", mug.id), quantity: 1 }] }, user.headers);
  const page = await visitAs(user);
  const first = await hold(page, "classes/Cart/*", "PUT", { refusal: { code: 142, error: "items: not now" } });
  expect(REFUSED);
  await openCart(page);
  await more(page).click();
  await first.made;
  const second = await hold(page, "classes/Cart/*");
  await more(page).click();
  await first.tell();
  await second.made;
  await cart(page).locator("output").getByText("3").waitFor();
  await place(page).waitFor();
  assert.ok(await place(page).isDisabled(), "a change is under way");
  await second.tell();
  assert.equal(await cart(page).getByRole("alert").count(), 0);
  assert.deepEqual(await items(user), [3]);
});

test("what is clicked while an order is placed does not fill the cart again", async () => {
  const mug = await putProduct(unique("Mug"), 3);
  const user = await putUser();
  await ask("POST", "classes/Cart", { items: [{ product: pointer("Product", mug.id), quantity: 1 }] }, user.headers);
  const page = await visitAs(user, `/product/${mug.id}`);
  await page.routeWebSocket("**", () => undefined); // and nothing else tells of it
  await page.reload();
  await openCart(page);
  const placing = await hold(page, "functions/checkout", "POST");
  await place(page).click();
  await placing.made;
  await more(page).evaluate((one) => one.click());
  await page.keyboard.press("Escape");
  await button(page, "Add to cart").click();
  await placing.tell();
  await page.getByText("Your order is placed.").waitFor();
  await page.getByRole("button", { name: "Cart, 1 items" }).waitFor();
  assert.deepEqual(await items(user), [1]); // what was added after the order
});

test("two clicks on Previous lead to a page that is there", async () => {
  const word = unique("Plate");
  const all = Array.from({ length: 30 }, (_, n) => `${word} ${String(n).padStart(2, "0")}`);
  await ask("POST", "batch", { requests: all.map((name) => ({ method: "POST", path: "/parse/classes/Product", body: { name, price: 5 } })) });
  const page = await visit("/account");
  await page.routeWebSocket("**", () => undefined); // nothing else is asked meanwhile
  await page.goto(`${BASE}/?q=${word}`);
  const cards = page.locator(".card-name");
  for (const n of [12, 24]) {
    await button(page, "Next").click();
    await cards.getByText(all[n]).waitFor();
  }
  const back = await hold(page, "classes/Product", "GET", { isMeant: ({ order }) => order === "-name,-objectId" });
  await button(page, "Previous").click();
  await back.made;
  assert.deepEqual(await cards.allInnerTexts(), all.slice(24)); // until the other page is there
  await button(page, "Previous").click();
  await back.tell();
  await cards.getByText(all[12]).waitFor();
  assert.deepEqual(await cards.allInnerTexts(), all.slice(12, 24));
});

test("an answer that was asked for before the last one does not put back what it says", async () => {
  const ann = await putUser();
  const id = await putOrder(ann, (await putProduct(unique("Desk"), 7, { oak: 9 })).skus.oak);
  const page = await visitAs(ann, "/account");
  const first = await hold(page, "classes/Order", "GET");
  await page.evaluate((to) => history.pushState(null, "", to), `/shop/orders/${id}`);
  await first.made;
  await page.waitForTimeout(400); // it is followed
  await ask("PUT", `classes/Order/${id}`, { status: "paid" });
  const step = page.locator(".step[aria-current]");
  await step.getByText("Paid").waitFor();
  await first.tell();
  await page.getByLabel("Language").selectOption("de"); // drawn again
  await heading(page, new RegExp(id)).waitFor();
  await step.getByText("Bezahlt").waitFor({ timeout: 2000 });
});

test("a change that is refused does not go along with the next one", async () => {
  const [ann, bob] = [await putUser(), await putUser()];
  const page = await visitAs(ann, "/account");
  expect(REFUSED);
  const first = await hold(page, `classes/_User/${ann.id}`);
  await page.getByLabel("E-mail address").fill(bob.email);
  await button(page, "Save").click();
  await first.made;
  await page.getByLabel("New password").fill("another horse");
  await button(page.getByRole("main"), "Change the password").click();
  await first.tell();
  await page.getByText("Saved.").waitFor();
  await page.getByText(/already exists|taken/).waitFor();
  await ask("POST", "login", { username: ann.username, password: "another horse" });
});

test("a form sends what was changed in it, and not what others have changed meanwhile", async () => {
  const { id } = await putProduct(unique("Clock"), 10);
  const page = await visitAs(await putUser("staff"), `/admin/products?open=${id}`);
  await page.getByLabel("Description").fill("ticks");
  await ask("PUT", `classes/Product/${id}`, { price: 12 });
  await button(dialog(page), "Save").click();
  await page.getByText("Saved.").waitFor();
  const { price, description } = await ask("GET", `classes/Product/${id}`);
  assert.deepEqual({ price, description }, { price: 12, description: "ticks" });
});

test("a save that is answered after something else was opened closes nothing, and leads nowhere", async () => {
  const [one, two] = [unique("ONE-"), unique("TWO-")];
  const ids = [];
  for (const code of [one, two]) ids.push(await put("DiscountCode", { code, percentage: 5, validUntil: date(3600) }));
  const page = await visitAs(await putUser("staff"), "/admin/codes");
  const first = await hold(page, `classes/DiscountCode/${ids[0]}`);
  await button(page, one).click();
  await page.getByLabel("Per cent off").fill("6");
  await button(dialog(page), "Save").click();
  await first.made;
  await page.keyboard.press("Escape");
  await page.getByRole("searchbox", { name: /code/i }).fill("TWO-");
  await button(page, two).click();
  await first.tell();
  assert.equal(await dialog(page).getByLabel("Code").inputValue(), two);
  assert.equal(new URL(page.url()).searchParams.get("q"), "TWO-");
  await page.keyboard.press("Escape");

  await page.getByRole("link", { name: "Products" }).click();
  await button(page, "New").click();
  await page.getByLabel("Name", { exact: true }).fill(unique("Clock"));
  await page.getByLabel("Price", { exact: true }).fill("5");
  const second = await hold(page, "classes/Product", "POST");
  await button(dialog(page), "Save").click();
  await second.made;
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Codes" }).click();
  await heading(page, "Discount codes").waitFor();
  await second.tell();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/shop/admin/codes");
});

test("a product is not saved while its picture is under way, and of what another customer is nothing is shown", async () => {
  const [ann, bob] = [await putUser(null, { address: "1 Ann Street" }), await putUser(null, { address: "2 Bob Street" })];
  const { id, skus } = await putProduct(unique("Clock"), 10, { big: 9 });
  for (const user of [ann, bob]) await putOrder(user, skus.big);
  const page = await visitAs(await putUser("staff"), `/admin/products?open=${id}`);
  const upload = await hold(page, "files/**", "POST");
  const png = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64") };
  await page.getByLabel("Picture").setInputFiles(png);
  await upload.made;
  assert.ok(await button(dialog(page), "Save").isDisabled());
  await upload.tell();
  await button(dialog(page), "Save").click();
  await page.getByText("Saved.").waitFor();
  assert.match((await ask("GET", `classes/Product/${id}`)).imageUrl, /product\.png/);

  await page.goto(`${BASE}/admin/customers?open=${ann.id}`);
  await page.getByText("1 Ann Street").waitFor();
  const profile = await hold(page, "functions/customerProfile", "POST");
  await page.evaluate((to) => history.pushState(null, "", to), `/shop/admin/customers?open=${bob.id}`);
  await profile.made;
  assert.equal(await page.getByText("1 Ann Street").count(), 0);
  await profile.tell();
  await page.getByText("2 Bob Street").waitFor();
});

test("windows of one browser are one person's: who goes in one is gone in the other, and no late answer brings them back", async () => {
  const [ann, bob] = [await putUser(), await putUser()];
  const page = await visitAs(ann, "/account");
  const other = await page.context().newPage();
  await other.goto(`${BASE}/account`);
  await heading(other, ann.username).waitFor();
  const saving = await hold(other, `classes/_User/${ann.id}`);
  await other.getByLabel("Address", { exact: true }).fill("1 Main Street");
  await button(other, "Save").click();
  await saving.made;
  await button(page, "Log out").click();
  await other.getByText("You are here as a guest.").waitFor({ timeout: 3000 });
  await other.getByLabel("User name").fill("half a na");
  await logIn(page, bob);
  await heading(other, bob.username).waitFor({ timeout: 3000 });
  await saving.tell();
  for (const window of [other, page]) {
    await window.reload();
    await heading(window, bob.username).waitFor();
  }
});

test("who logs in is there, even if the cart of the guest could not be taken along", async () => {
  const [jar, bob] = [await putProduct(unique("Jar"), 3), await putUser()];
  const page = await visit(`/product/${jar.id}`);
  await button(page, "Add to cart").click();
  await page.getByRole("button", { name: "Cart, 1 items" }).waitFor();
  expect(REFUSED);
  await page.route("**/classes/Cart", (route) => (route.request().postDataJSON()._method ? route.fallback() : route.fulfill({ status: 400, json: { code: 142, error: "items: not now" } })));
  await page.getByRole("link", { name: "Log in" }).click();
  await page.getByLabel("User name").fill(bob.username);
  await page.getByLabel("Password").fill(PASSWORD);
  await button(page.getByRole("main"), "Log in").click();
  await heading(page, bob.username).waitFor({ timeout: 5000 });
});

test("what the staff have open stays open, though it leaves the list meanwhile", async () => {
  const { id } = await putProduct(unique("Lamp"), 80);
  const sale = await put("FlashSale", { product: pointer("Product", id), discountPrice: 60, startTime: date(3000), endTime: date(6000) });
  const page = await visitAs(await putUser("staff"), `/admin/sales?state=coming&open=${sale}`);
  await dialog(page).getByLabel("Price").fill("55");
  await page.waitForTimeout(400); // it is followed
  await ask("PUT", `classes/FlashSale/${sale}`, { startTime: date(-10) });
  await page.locator(`[data-row="${sale}"]`).waitFor({ state: "detached" });
  await button(dialog(page), "Save").click();
  await dialog(page).waitFor({ state: "detached" });
  assert.equal((await ask("GET", `classes/FlashSale/${sale}`)).discountPrice, 55);
});

test("what was ordered is bought again once, by two clicks too", async () => {
  const ann = await putUser();
  const page = await visitAs(ann, `/orders/${await putOrder(ann, (await putProduct(unique("Desk"), 7, { oak: 9 })).skus.oak)}`);
  await button(page, "Buy again").dblclick();
  await cart(page).locator("output").waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(await items(ann), [1]);
});

test("a selection of orders keeps what is ticked while a step is taken", async () => {
  const [ann, { skus }] = [await putUser(), await putProduct(unique("Desk"), 7, { oak: 9 })];
  const ids = [await putOrder(ann, skus.oak), await putOrder(ann, skus.oak)];
  const staff = await visitAs(await putUser("staff"), "/admin/orders");
  const tick = (id) => staff.getByRole("checkbox", { name: new RegExp(id) });
  await tick(ids[0]).check();
  const step = await hold(staff, `classes/Order/${ids[0]}`);
  await button(staff, "Paid").click();
  await step.made;
  await tick(ids[1]).check();
  await step.tell();
  assert.deepEqual([await tick(ids[0]).isChecked(), await tick(ids[1]).isChecked()], [false, true]);
});
