// The JavaScript SDK with a second factor on: set up, log in, link and unlink, turn off.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import * as shop from "../sdk/shop.mjs";

const { Parse, password, refused } = shop;
const { TOTP } = createRequire(join(process.env.SHOP_SDK_HOME, "package.json"))("otpauth");
// The block of docs/accounts.md, as it stands there.
const { setUp, logIn, turnOff } = await import(process.env.MFA_BLOCK);
const make = (parse) => setUp(Parse, parse.user, parse.askForCode);

const STEP = 30_000;

/** A customer who has set up an authenticator app; `code(n)` is its code n steps from now. */
async function enrolled() {
  const user = await shop.signUp();
  let totp;
  const recovery = await make({
    user,
    askForCode: async (uri) => {
      totp = new TOTP({ secret: new URL(uri).searchParams.get("secret") });
      return totp.generate();
    },
  });
  return { user, recovery: recovery.split(", "), code: (n) => totp.generate({ timestamp: Date.now() + n * STEP }) };
}

afterEach(() => shop.forgetCurrentUser());

test("the second factor is set up and asked for", async () => {
  const { user, recovery, code } = await enrolled();
  assert.equal(recovery.length, 2);
  await shop.forgetCurrentUser();
  const message = "Missing additional authData mfa";
  await refused(Parse.Error.OTHER_CAUSE, Parse.User.logIn(user.getUsername(), password), message);
  const again = await logIn(Parse, user.getUsername(), password, code(1));
  assert.equal(again.id, user.id);
  assert.deepEqual(again.get("authData"), { mfa: { status: "enabled" } });
});

test("a code and a recovery code count once", async () => {
  const { user, recovery, code } = await enrolled();
  for (const token of [code(1), recovery[0]]) {
    await logIn(Parse, user.getUsername(), password, token);
    await refused(Parse.Error.SCRIPT_FAILED, logIn(Parse, user.getUsername(), password, token), "Invalid MFA token");
  }
});

test("another provider is linked, used and unlinked while it is on", async () => {
  const { user, code } = await enrolled();
  const id = shop.fresh("badge");
  // twice: what the SDK has sent itself goes along, and after a fetch what it was shown
  await user.linkWith("badge", { authData: { id, pin: "right" } });
  await user.fetch();
  assert.deepEqual(user.get("authData"), { mfa: { status: "enabled" }, badge: { id } });
  await user.linkWith("badge", { authData: { id, pin: "right" } });
  await shop.forgetCurrentUser();
  const badge = { id, pin: "right" };
  await refused(Parse.Error.OTHER_CAUSE, Parse.User.logInWith("badge", { authData: badge }), "Missing additional authData mfa");
  const both = new Parse.User();
  both.set("authData", { badge, mfa: { token: code(1) } });
  await both.save();
  assert.equal(both.id, user.id);
  await user.fetch({ sessionToken: both.getSessionToken() });
  await user._unlinkFrom("badge", { sessionToken: both.getSessionToken() });
  await user.fetch({ sessionToken: both.getSessionToken() });
  assert.deepEqual(user.get("authData"), { mfa: { status: "enabled" } });
});

test("it is turned off only with a code", async () => {
  const { user, recovery } = await enrolled();
  await refused(Parse.Error.SCRIPT_FAILED, user._unlinkFrom("mfa"), "Invalid MFA token");
  await user.fetch();
  await turnOff(user, recovery[1]);
  await shop.forgetCurrentUser();
  await Parse.User.logIn(user.getUsername(), password);
});

test("log-in with additional authData of a provider beside the password", async () => {
  const user = await shop.signUp();
  const badge = { id: shop.fresh("badge"), pin: "right" };
  await shop.forgetCurrentUser();
  const found = await Parse.User.logInWithAdditionalAuth(user.getUsername(), password, { badge });
  assert.equal(found.id, user.id);
  await shop.forgetCurrentUser();
  const again = await Parse.User.logInWith("badge", { authData: badge });
  assert.equal(again.id, user.id);
});
