// Live Query with the SDK itself: subscribe to a class, see its events.
import { button, labelled, make } from "./dom";
import { server, watch, who } from "./server";

const EVENTS = ["create", "enter", "update", "leave", "delete"] as const;
const MOST = 200;

export function liveConsole(classes: string[]): HTMLElement {
  if (classes.length === 0) {
    return make("p", { class: "note" }, "No class of this app is live: a template says so by \"liveQuery\": true.");
  }
  const name = make("select");
  name.append(...classes.map((one) => make("option", { value: one }, one)));
  const told = make("p", { class: "figures", role: "status" }, "Not following anything.");
  const events = make("ol", { class: "events", reversed: "", "aria-live": "polite" });
  let stop: (() => Promise<void>) | null = null;

  const show = (kind: string, text: string) => {
    events.prepend(make("li", {}, `${new Date().toLocaleTimeString()} ${kind} ${text}`));
    while (events.children.length > MOST) events.lastElementChild?.remove();
  };
  const end = async () => {
    const ending = stop;
    stop = null;
    go.textContent = "Follow";
    told.textContent = "Not following anything.";
    await ending?.();
  };
  const toggle = async () => {
    if (stop) return end();
    go.disabled = true;
    name.disabled = true; // until it is followed
    try {
      stop = await follow(name.value, show);
      go.textContent = "Stop";
      told.textContent = `Following ${name.value}. Change an object in the REST tab, or anywhere else.`;
    } catch (error) {
      told.textContent = `Refused: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      go.disabled = false;
      name.disabled = false;
    }
  };
  /** What was told of another class, or to another one who asked, does not stay. */
  const leave = () => {
    events.replaceChildren();
    if (stop) void end();
  };
  name.addEventListener("change", leave);
  const go = button("Follow", toggle, { class: "primary" });
  watch(leave);
  return make("div", {}, make("div", { class: "row" }, labelled("Class", name), go), told, events);
}

async function follow(className: string, show: (kind: string, text: string) => void) {
  const { default: Parse } = await import("parse");
  const identity = who();
  Parse.initialize(server.app, server.key);
  Parse.serverURL = server.url;
  // of this page alone: it is taken away again below
  Parse.CoreManager.set("MASTER_KEY", identity.kind === "master" ? identity.key : null);
  const token = identity.kind === "user" ? identity.token : "";
  const subscribed = new Parse.Query(className).subscribe(token);
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("no answer in 10 s")), 10_000);
  });
  const subscription = await Promise.race([subscribed, late]);
  show("open", className);
  for (const event of EVENTS) {
    subscription.on(event, (object: { toJSON(): unknown }) => show(event, JSON.stringify(object.toJSON())));
  }
  return async () => {
    Parse.CoreManager.set("MASTER_KEY", null);
    await subscription.unsubscribe();
    await Parse.LiveQuery.close();
  };
}
