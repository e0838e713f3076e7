// Opens the component of a guide in Chromium, and changes what it shows from elsewhere.
import assert from "node:assert/strict";
import { launch } from "../browser/browser.mjs";

const { PAGE, URL_OF_API, APP_ID, MASTER_KEY } = process.env;
const headers = { "X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY };
const ask = async (method, path, body) => {
  const sent = { method, headers: { ...headers, "Content-Type": "application/json" }, body: body && JSON.stringify(body) };
  return (await fetch(`${URL_OF_API}${path}`, sent)).json();
};

const browser = await launch();
try {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (said) => said.type() === "error" && errors.push(`${said.text()} ${said.location().url}`));
  await page.goto(PAGE);
  await page.getByRole("listitem").first().waitFor({ timeout: 20_000 }).catch((late) => {
    throw new Error(`nothing is shown; ${errors.join("; ")}`, { cause: late });
  });
  const { results, count } = await ask("GET", "/classes/Product?limit=1&count=1");
  assert.equal(await page.getByRole("listitem").count(), count);
  await ask("PUT", `/classes/Product/${results[0].objectId}`, { name: "Seen live" });
  await page.getByText("Seen live").waitFor();
  await ask("POST", "/classes/Product", { name: "Added live", price: 5 });
  await page.getByText("Added live").waitFor();
  assert.deepEqual(errors, []);
  console.log(`shown: ${count}, changed and added live`);
} finally {
  await browser.close();
}
