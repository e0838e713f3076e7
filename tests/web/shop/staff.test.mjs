// A staff member's whole way: goods, stock, orders, codes, sales, customers, figures.
import assert from "node:assert/strict";
import { REFUSED, ask, button, dialog, expect, heading, putOrder, putProduct, putUser, test, unique, visit, visitAs } from "./browser.mjs";

const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const row = (page, name) => page.getByRole("row").filter({ hasText: name });
const open = (page, name) => row(page, name).locator("[data-row]").click();

test("a product is made with a picture and variations, and changed", async () => {
  const name = unique("Vase");
  const page = await visitAs(await putUser("staff"), `/admin/products?q=${name}`);
  await button(page, "New").click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Price").fill("20.5");
  // Let go over its field, as a file that was dragged there.
  const files = await page.evaluateHandle((bytes) => {
    const dragged = new DataTransfer();
    dragged.items.add(new File([new Uint8Array(bytes)], "vase.png", { type: "image/png" }));
    return dragged;
  }, [...PNG]);
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: files });
  await dialog(page).locator("img.picture").waitFor();
  await dialog(page).getByLabel("Picture").dispatchEvent("cancel"); // another is not chosen after all
  await button(dialog(page), "Save").click();
  await heading(page, "Products").waitFor();
  await dialog(page).getByLabel("Variation", { exact: true }).fill("tall");
  await dialog(page).getByRole("spinbutton", { name: "Stock" }).fill("4");
  await button(dialog(page), "Add a variation").click();
  await dialog(page).getByRole("listitem").filter({ hasText: "tall" }).waitFor();
  const [product] = (await ask("GET", `classes/Product?where=${JSON.stringify({ name })}`)).results;
  assert.equal(product.price, 20.5);
  assert.match(product.imageUrl, /\/files\//);
  expect(REFUSED);
  await page.getByLabel("Price").fill("20.555");
  await dialog(page).getByLabel("Price").evaluate((input) => {
    input.step = "any"; // the browser would not let it out otherwise
  });
  await button(dialog(page), "Save").click();
  await dialog(page).getByText("a number of at least 0 with at most two decimals").waitFor();
  await page.getByLabel("Price").fill("21");
  await button(dialog(page), "Save").click();
  await row(page, name).getByText("$21.00").waitFor();
});

test("stock is changed by a number and a reason, which are kept", async () => {
  const tin = await putProduct(unique("Tin"), 3, { big: 2 });
  const staff = await putUser("staff");
  const page = await visitAs(staff, `/admin/products?open=${tin.id}`);
  await button(page, "Change the stock of big").click();
  await page.getByLabel("By how many").fill("-5");
  await page.getByLabel("Reason").fill("broken");
  expect(REFUSED);
  await button(dialog(page).locator(".stock-form"), "Save").click();
  await dialog(page).getByText("stock: an integer of at least 0").waitFor();
  await page.getByLabel("By how many").fill("10");
  await page.getByLabel("Reason").fill("delivery");
  await button(dialog(page).locator(".stock-form"), "Save").click();
  await dialog(page).getByText(`${staff.username}, `).waitFor();
  await dialog(page).getByLabel("Stock", { exact: true }).first().getByText("12").waitFor();
});

test("an order takes legal steps only, and the staff see where it goes", async () => {
  const ann = await putUser(null, { address: "5 Hill Road" });
  const sku = (await putProduct(unique("Rug"), 40, { red: 9 })).skus.red;
  const id = await putOrder(ann, sku, 2);
  const page = await visitAs(await putUser("staff"), `/admin/orders?open=${id}`);
  const steps = dialog(page).getByRole("group", { name: "Mark as" });
  await dialog(page).getByText("5 Hill Road").waitFor();
  assert.equal(await dialog(page).getByText("@example.com").count(), 0, "the address of mails is for admins");
  const offered = () => steps.getByRole("button").allInnerTexts();
  assert.deepEqual(await offered(), ["Paid", "Cancelled"]);
  await button(steps, "Paid").click();
  await button(steps, "Shipped").waitFor();
  assert.deepEqual(await offered(), ["Shipped", "Cancelled", "Refunded"]);
  await button(steps, "Shipped").click();
  await button(steps, "Delivered").click();
  await steps.getByText("No further step.").waitFor();
  const history = dialog(page).getByRole("region", { name: "History" });
  await history.getByText("Delivered").waitFor();
  assert.deepEqual(await history.getByRole("term").allInnerTexts(), ["Pending", "Paid", "Shipped", "Delivered"]);
  assert.equal((await ask("GET", `classes/Order/${id}`)).status, "delivered");
});

test("several orders take a step together, found by a view that the address keeps", async () => {
  const ann = await putUser();
  const sku = (await putProduct(unique("Cap"), 12, { one: 9 })).skus.one;
  const ids = [await putOrder(ann, sku), await putOrder(ann, sku)];
  const page = await visitAs(await putUser("staff"), "/admin/orders");
  await button(page, "Open").click();
  assert.equal(new URL(page.url()).search, "?status=pending&sort=createdAt");
  for (const id of ids) await page.getByLabel(`Select ${id}`).check();
  await button(page.getByRole("group", { name: "2 selected" }), "Paid").click();
  await page.getByLabel(`Select ${ids[1]}`).waitFor({ state: "detached" });
  for (const id of ids) assert.equal((await ask("GET", `classes/Order/${id}`)).status, "paid");
  await button(page, "+ Save this view").click();
  await page.getByLabel("Name of the view").fill("mine");
  await page.keyboard.press("Enter");
  await button(page, "To ship").click();
  await page.getByLabel(`Select ${ids[0]}`).waitFor();
  await button(page, "mine").click();
  await page.waitForURL("**/admin/orders?status=pending&sort=createdAt");
});

test("tables are worked by keyboard", async () => {
  await putProduct(unique("Aaa"), 1);
  await putProduct(unique("Aaa"), 2);
  const page = await visitAs(await putUser("staff"), "/admin/products");
  await row(page, "Aaa").nth(1).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const focused = await page.evaluate(() => document.activeElement.dataset.row);
  assert.equal(focused, await page.locator("[data-row]").first().getAttribute("data-row"));
  await page.keyboard.press("Enter");
  await dialog(page).waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await page.keyboard.press("/");
  await page.keyboard.type("Aaa");
  await page.waitForURL("**/admin/products?q=Aaa");
  await page.getByRole("button", { name: "Price" }).click();
  assert.equal(await page.getByRole("columnheader", { name: "Price" }).getAttribute("aria-sort"), "ascending");
});

test("a code and a sale are made, and a rule that is broken is said at the field", async () => {
  const hat = await putProduct(unique("Hat"), 30);
  const page = await visitAs(await putUser("staff"), "/admin/codes");
  const code = unique("FALL-");
  await button(page, "New").click();
  await page.getByLabel("Code", { exact: true }).fill(code);
  await page.getByLabel("Per cent off").fill("25");
  await button(dialog(page), "Save").click();
  await row(page, code).getByText("Valid", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Flash sales" }).click();
  await button(page, "New").click();
  await dialog(page).getByLabel("Product").selectOption(hat.id);
  await page.getByLabel("Sale price").fill("30");
  expect(REFUSED);
  await button(dialog(page), "Save").click();
  await dialog(page).getByText("at least 0, below the price, at most two decimals").waitFor();
  await page.getByLabel("Sale price").fill("19");
  await button(dialog(page), "Save").click();
  await page.getByRole("cell", { name: "$19.00" }).waitFor();
});

test("the dashboard counts orders and customers, and each figure opens its list", async () => {
  const bea = await putUser();
  const sku = (await putProduct(unique("Globe"), 5000, { blue: 2 })).skus.blue;
  const id = await putOrder(bea, sku);
  await ask("PUT", `classes/Order/${id}`, { status: "paid" });
  const page = await visitAs(await putUser("staff"), "/admin");
  const top = page.getByRole("region", { name: "Top customers" });
  await top.getByRole("link", { name: bea.username }).getByText("$5,000.00").waitFor();
  // Every figure, reckoned once more from the orders themselves.
  const { results } = await ask("GET", "classes/Order?limit=1000");
  const sold = results.filter(({ status }) => ["paid", "shipped", "delivered"].includes(status));
  const revenue = sold.reduce((sum, { total }) => sum + Math.round(total * 100), 0) / 100;
  const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
  const number = new Intl.NumberFormat("en-US");
  assert.deepEqual(await page.locator(".figure dd").allInnerTexts(), [
    money.format(revenue),
    number.format(results.length),
    number.format(new Set(results.map(({ user }) => user.objectId)).size),
    money.format(revenue / sold.length),
  ]);
  const statuses = page.getByRole("region", { name: "Orders by status" });
  for (const status of new Set(results.map((order) => order.status))) {
    const count = results.filter((order) => order.status === status).length;
    const name = status[0].toUpperCase() + status.slice(1);
    await statuses.getByRole("link", { name: `${name} ${count}` }).waitFor();
  }
  await page.getByRole("region", { name: "Best sellers" }).getByText(/^Globe/).waitFor();
  await page.getByRole("region", { name: "Low stock" }).getByText(/^Globe/).waitFor();
  await page.getByRole("img", { name: /^Revenue by day of payment, \$/ }).waitFor();
  await page.getByRole("img", { name: /^[1-9]\d* times a new customer, 0 times one who came back/ }).waitFor();
  // Pointed at, a day of the chart says what it stands for.
  const plot = page.locator(".u-over").first();
  await plot.hover({ position: { x: (await plot.boundingBox()).width - 8, y: 20 } });
  await page.locator(".legend").first().getByText(/^\$[1-9]/).waitFor();
  await top.getByRole("link", { name: bea.username }).click();
  await dialog(page).locator(".figure").getByText("$5,000.00").waitFor();
  await dialog(page).getByRole("link", { name: /\$5,000\.00/ }).click();
  await dialog(page).getByRole("heading", { name: `Order ${id}` }).waitFor();
});

test("who does not work here is offered nothing of it, and refused all the same", async () => {
  const ann = await putUser();
  const page = await visitAs(ann, "/admin/orders");
  await heading(page, "There is no such page.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Back office" }).count(), 0);
  const stranger = await visit("/admin");
  await heading(stranger, "The back office is for the staff.").waitFor();
  await stranger.getByRole("main").getByRole("link", { name: "Log in" }).click();
  await heading(stranger, "Your account").waitFor();
  for (const name of ["salesReport", "customerReport", "codeReport"]) await assert.rejects(ask("POST", `functions/${name}`, {}, ann.headers), /142/);
  const product = { name: "x", price: 1 };
  await assert.rejects(ask("POST", "classes/Product", product, ann.headers), /119/);
});

test("an admin sees the address of mails", async () => {
  const ann = await putUser();
  const id = await putOrder(ann, (await putProduct(unique("Rod"), 1, { one: 1 })).skus.one);
  const page = await visitAs(await putUser("admin"), `/admin/orders?open=${id}`);
  await dialog(page).getByText(`${ann.username}@example.com`).waitFor();
});
