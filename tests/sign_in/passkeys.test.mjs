// Passkeys on a page in Chromium, with the real JavaScript SDK and the browser's virtual authenticator.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "../browser/browser.mjs";

const { PAGE_PORT, PASSKEY_BLOCK } = process.env;
const { SHOP_SDK_HOME, SHOP_URL, SHOP_APP_ID } = process.env;
const FILES = {
  "/": ["text/html", () => "<!doctype html><script src=parse.js></script>"],
  "/parse.js": ["text/javascript", () => readFile(join(SHOP_SDK_HOME, "node_modules/parse/dist/parse.min.js"))],
  // The block of docs/accounts.md, as it stands there.
  "/passkeys.mjs": ["text/javascript", () => readFile(PASSKEY_BLOCK)],
};

let server, browser, page, devices, authenticatorId;

before(async () => {
  server = createServer(async (request, response) => {
    const [type, content] = FILES[request.url] ?? ["text/plain", () => ""];
    response.writeHead(200, { "Content-Type": type }).end(await content());
  });
  await new Promise((resolve) => server.listen(Number(PAGE_PORT), "127.0.0.1", resolve));
  browser = await launch();
  page = await browser.newPage();
  devices = await page.context().newCDPSession(page);
  await devices.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  ({ authenticatorId } = await devices.send("WebAuthn.addVirtualAuthenticator", { options }));
  await page.goto(`http://localhost:${PAGE_PORT}/`);
  await page.evaluate(
    async ([id, url]) => {
      Parse.initialize(id);
      Parse.serverURL = url;
      window.passkeys = await import("/passkeys.mjs");
    },
    [SHOP_APP_ID, SHOP_URL],
  );
});

after(async () => {
  await browser?.close();
  server?.close();
});

const keys = async () => (await devices.send("WebAuthn.getCredentials", { authenticatorId })).credentials;

test("a user signs up with a password and adds a passkey", async () => {
  const authData = await page.evaluate(async () => {
    const user = await Parse.User.signUp("passkey-anna", "a good password");
    await passkeys.add(user);
    await user.fetch();
    return user.get("authData");
  });
  assert.equal(authData.passkey.credentials.length, 1);
  assert.equal((await keys()).length, 1);
});

test("and logs in by it", async () => {
  const name = await page.evaluate(async () => {
    await Parse.User.logOut();
    const user = await passkeys.logIn();
    return user.get("username");
  });
  assert.equal(name, "passkey-anna");
});

test("a passkey that nobody verifies opens nothing", async () => {
  await devices.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  const refusal = await page.evaluate(async () => {
    await Parse.User.logOut();
    return passkeys.logIn().then(() => "logged in", ({ name }) => name);
  });
  assert.equal(refusal, "NotAllowedError");
  await devices.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
});

test("a user signs up by a passkey alone", async () => {
  await devices.send("WebAuthn.clearCredentials", { authenticatorId });
  const [made, found] = await page.evaluate(async () => {
    const made = await passkeys.signUp("bert");
    const { id } = made;
    await Parse.User.logOut();
    return [id, (await passkeys.logIn()).id];
  });
  assert.equal(found, made);
  const [{ userName }] = await keys();
  assert.equal(userName, "bert");
});

test("an answer of the browser counts once", async () => {
  const refusal = await page.evaluate(async () => {
    const user = Parse.User.current();
    const sent = [];
    const controller = Parse.CoreManager.getRESTController();
    const { request } = controller;
    controller.request = (method, path, data, options) => {
      sent.push([method, path, structuredClone(data)]);
      return request.call(controller, method, path, data, options);
    };
    await Parse.User.logOut();
    await passkeys.logIn();
    controller.request = request;
    const [method, path, data] = sent.findLast(([, , data]) => data?.authData);
    return request.call(controller, method, path, data, {}).then(() => "twice", ({ message }) => message);
  });
  assert.match(refusal, /not valid any more/);
});
