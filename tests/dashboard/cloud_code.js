// The same as cloud_code.py, for Parse Server: PARSEPY_DASHBOARD=peer.
/* global Parse */
Parse.Cloud.beforeSave("Product", ({ object }) => {
  if (object.get("price") < 0) throw new Parse.Error(142, "The price is below zero.");
});

Parse.Cloud.define("greet", ({ log, params }) => {
  log.info(`greeted ${params.name}`);
  return `Hello ${params.name}`;
});

Parse.Cloud.define("crash", () => {
  throw new Error("no such shelf");
});

Parse.Cloud.job("countProducts", () => "counted");
