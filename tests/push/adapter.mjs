// What Parse Server's push adapter makes of pushes: JSON cases on stdin, JSON answers on stdout.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const home = join(process.argv[2], "node_modules", "@parse", "push-adapter", "src");
const load = async (name) => (await import(pathToFileURL(join(home, name)).href)).default;
const APNS = await load("APNS.js");
const FCM = await load("FCM.js");

let text = "";
for await (const piece of process.stdin) text += piece;

const answers = JSON.parse(text).map(({ body, topic, time, id }) => {
  const data = body.data;
  const setting = (name) => body[name] || data[name];
  const notification = APNS._generateNotification(structuredClone(data), {
    expirationTime: setting("expiration_time"),
    topic,
    collapseId: setting("collapse_id"),
    pushType: setting("push_type"),
    priority: setting("priority"),
  });
  const firebase = (kind) =>
    FCM.generateFCMPayload(structuredClone(body), id, time, ["token"], kind).data;
  return {
    payload: JSON.parse(notification.compile()),
    headers: notification.headers(),
    android: firebase("android"),
    apple: firebase("apple"),
  };
});
process.stdout.write(JSON.stringify(answers));
