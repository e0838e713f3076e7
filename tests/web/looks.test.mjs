// Pictures of the portal's sections, by light and dark, phone and desktop, for whoever wants to look.
import { after, before, test } from "node:test";
import { launch } from "../browser/browser.mjs";
import { IS_SHOP, look } from "./portal.mjs";

let browser;

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

test("light, on a desktop", () => look(browser, "light", "desktop"));
test("dark, on a phone", () => look(browser, "dark", "phone"));
test("light, on a phone", { skip: !IS_SHOP }, () => look(browser, "light", "phone"));
test("dark, on a desktop", { skip: !IS_SHOP }, () => look(browser, "dark", "desktop"));
