// Paying on the gateway's own page: there and back, told before and after, not at all.
import assert from "node:assert/strict";
import { REFUSED, ask, button, cart, dialog, expect, heading, openCart, putOrder, putProduct, putUser, test, unique, visitAs } from "./browser.mjs";

const STRIPE = process.env.STRIPE;
const step = (page, name) => page.locator(".step[aria-current]").getByText(name);

/** A shopper before an order of 40, and the page that shows it. */
async function ordered() {
  const ann = await putUser();
  const id = await putOrder(ann, (await putProduct(unique("Rug"), 20, { red: 9 })).skus.red, 2);
  return { ann, id, page: await visitAs(ann, `/orders/${id}`) };
}

/** To the gateway's page; its address. */
async function leave(page) {
  await button(page, "Pay now").click();
  await heading(page, "Payment").waitFor();
  return page.url();
}

test("from the cart to the gateway's page and back, and the order is paid", async () => {
  const mug = await putProduct(unique("Mug"), 9.5, { blue: 3 });
  const page = await visitAs(await putUser(), `/product/${mug.id}`);
  await button(page, "Add to cart").click();
  await openCart(page);
  await button(cart(page), "Place the order").click();
  await page.getByText("Your order is placed.").waitFor();
  await leave(page);
  await page.getByRole("link", { name: "Pay", exact: true }).click(); // the shop is told at once
  await page.getByText("Your payment has arrived.").waitFor();
  await step(page, "Paid").waitFor();
  assert.equal(await button(page, "Pay now").count(), 0);
  assert.equal(await button(page, "Cancel the order").count(), 0);
});

test("who is back before the money is told so, and sees it come without a reload", async () => {
  const { id, page } = await ordered();
  const address = await leave(page);
  await page.getByRole("link", { name: "Pay by a slow bank" }).click();
  await page.getByText("Your payment is on its way.").waitFor();
  await step(page, "Pending").waitFor();
  assert.equal(await button(page, "Pay now").count(), 0);
  await fetch(`${address}/tell`);
  await page.getByText("Your payment has arrived.").waitFor();
  await step(page, "Paid").waitFor();
  await fetch(`${address}/tell`); // again, as gateways do
  const order = await ask("GET", `classes/Order/${id}`);
  assert.deepEqual([order.status, order.payment.amount, order.attention], ["paid", 4000, undefined]);
});

test("who comes back without having paid is told so, and pays later on the same page", async () => {
  const { page } = await ordered();
  const address = await leave(page);
  await page.getByRole("link", { name: "Back" }).click();
  await page.getByText("Nothing was paid.").waitFor();
  await button(page, "Pay now").click();
  await heading(page, "Payment").waitFor();
  await page.goBack(); // the browser's own way
  await button(page, "Pay now").click();
  await heading(page, "Payment").waitFor();
  assert.match(address, /\/pay\/\d+$/);
  await page.getByRole("link", { name: "Pay", exact: true }).click();
  await step(page, "Paid").waitFor();
});

test("an order that is cancelled can't be paid on the gateway's page that is still open", async () => {
  const { id, page } = await ordered();
  const address = await leave(page);
  await ask("PUT", `classes/Order/${id}`, { status: "cancelled" });
  await page.goto(address);
  await heading(page, "This page has expired.").waitFor();
});

test("money for an order that was cancelled meanwhile is shown to the staff until one has seen to it", async () => {
  const { id, page } = await ordered();
  const address = await leave(page);
  const other = await page.context().newPage();
  await other.goto(`${process.env.SHOP_PAGES}/shop/orders/${id}`);
  await button(other, "Cancel the order").click();
  await button(other, "Cancel the order").last().click();
  await step(other, "Cancelled").waitFor();
  assert.equal(await button(other, "Pay now").count(), 0);
  const staff = await visitAs(await putUser("staff"), "/admin/orders?attention=1");
  await fetch(`${address}/tell`); // who had just paid there
  await button(staff, id).click(); // it has appeared by itself
  await dialog(staff).getByText(/but it was cancelled already: refund it/).waitFor();
  await button(dialog(staff), "Refunded").click();
  await dialog(staff).getByText("No further step.").waitFor();
  const saved = staff.waitForResponse((answer) => answer.request().postData()?.includes("attention"));
  await button(dialog(staff), "It is seen to").click();
  await saved;
  await dialog(staff).getByText("refund it").waitFor({ state: "detached" });
  const order = await ask("GET", `classes/Order/${id}`);
  assert.deepEqual([order.status, order.attention], ["refunded", undefined]);
  assert.ok(address.startsWith(STRIPE));
});

test("a gateway that refuses is said in its words, and the order stays", async () => {
  const ann = await putUser();
  const id = await putOrder(ann, (await putProduct(unique("Pin"), 1, { one: 1 })).skus.one);
  const page = await visitAs(ann, `/orders/${id}`);
  await page.route("**/functions/createPaymentPage", (route) => route.fulfill({ status: 400, json: { code: 141, error: "The payment gateway can't be reached." } }));
  expect(REFUSED);
  await button(page, "Pay now").click();
  await page.getByText("The payment gateway can't be reached.").waitFor();
  await page.unroute("**/functions/createPaymentPage");
  await leave(page);
});
