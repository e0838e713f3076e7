// Runs a block of the manual: the code is in BLOCK, what it may name is in GIVEN; prints what `user` is
// at its end.
import { createRequire } from "node:module";
import { join } from "node:path";

const { SHOP_URL, SHOP_APP_ID, SHOP_SDK_HOME, BLOCK, GIVEN } = process.env;
const require = createRequire(join(SHOP_SDK_HOME, "package.json"));
const Parse = require("parse/node");

Parse.initialize(SHOP_APP_ID);
Parse.serverURL = SHOP_URL;
Parse.User.enableUnsafeCurrentUser();

const given = JSON.parse(GIVEN);
const names = Object.keys(given);
const Block = Object.getPrototypeOf(async () => {}).constructor;
const block = new Block("Parse", ...names, `${BLOCK}\nreturn user;`);
const user = await block(Parse, ...names.map((name) => given[name]));
console.log(JSON.stringify({ id: user.id, token: user.getSessionToken(), authData: user.get("authData") }));
