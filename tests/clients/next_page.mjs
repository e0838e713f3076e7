// Two visitors of the page of the guide for Next.js: one enters and buys, the other sees nothing of it.
import assert from "node:assert/strict";
import { launch } from "../browser/browser.mjs";

const { PAGE } = process.env;

const browser = await launch();
try {
  const page = await (await browser.newContext()).newPage();
  await page.goto(PAGE);
  await page.getByLabel("Name").fill(`visitor${Date.now()}`);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByLabel("Name").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Buy" }).first().click();
  await page.getByText(/^pending \d/).waitFor();
  const other = await (await browser.newContext()).newPage();
  await other.goto(PAGE);
  await other.getByRole("button", { name: "Buy" }).first().waitFor();
  assert.equal(await other.getByRole("listitem").count(), 0);
  console.log("bought by one, unseen by the other");
} finally {
  await browser.close();
}
