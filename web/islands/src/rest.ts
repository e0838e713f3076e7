// A request of the REST API: method, path, body; its answer, and the same as code.
import { LANGUAGES } from "./code";
import { button, copyButton, labelled, listing, make, recall, remember } from "./dom";
import { ask, pretty, server, shownHeaders, watch } from "./server";

export interface Tried {
  method: string;
  path: string;
  body: string;
}

const METHODS = ["GET", "POST", "PUT", "DELETE"];
const MOST = 12;
const LANGUAGE = "language";
const NONE = "What you send is listed here, to be sent again.";

/** A place that shows an answer until something else, or somebody else to ask as, is chosen. */
export function answerPlace() {
  const figures = make("p", { class: "figures", role: "status" });
  const text = listing("Answer");
  let turn = 0; // what comes when something else has been chosen is not shown
  const say = (told: string, isError: boolean, answer: string) => {
    figures.textContent = told;
    figures.classList.toggle("error", isError);
    text.textContent = answer;
  };
  const clear = () => {
    turn += 1;
    say("No request yet.", false, "");
  };
  /** Send a request and show its answer: status, time, size, text. Was there one? */
  const send = async ({ method, path, body }: Tried): Promise<boolean> => {
    clear();
    say("Asking…", false, "");
    const [mine, what] = [turn, `${method} ${path}`];
    try {
      const answer = await ask(method, path, body);
      const size = `${Math.round(answer.milliseconds)} ms, ${(answer.bytes / 1024).toFixed(1)} KB`;
      if (mine === turn) say(`${answer.status}, ${size}, to ${what}`, answer.status >= 400, pretty(answer.text));
      return true;
    } catch (error) {
      if (mine === turn) say(`The server can't be reached: ${error}`, true, "");
      return false;
    }
  };
  watch(clear);
  return { element: make("div", { class: "answer" }, figures, text), clear, send };
}

export function restConsole(first: Tried, paths: string[]): HTMLElement {
  const method = make("select");
  method.append(...METHODS.map((name) => make("option", { value: name }, name)));
  const path = make("input", { spellcheck: "false", autocapitalize: "none", list: "paths" });
  const known = make("datalist", { id: "paths" }, ...paths.map((one) => make("option", { value: one })));
  const body = make("textarea", { spellcheck: "false" });
  const bodyPlace = labelled("Body, as JSON", body);
  const answer = answerPlace();
  const history = make("div", { class: "history row" }, NONE);
  const past: Tried[] = [];

  const now = (): Tried => ({ method: method.value, path: path.value, body: body.value });
  const code = codePlace(now);
  const fill = (tried: Tried) => {
    method.value = tried.method;
    path.value = tried.path;
    body.value = tried.body && pretty(tried.body);
    answer.clear();
    changed();
  };
  const changed = () => {
    bodyPlace.hidden = method.value === "GET" || method.value === "DELETE";
    code.update();
  };
  const keep = (tried: Tried) => {
    const known = past.findIndex((one) => JSON.stringify(one) === JSON.stringify(tried));
    if (known >= 0) past.splice(known, 1);
    past.unshift(tried);
    past.splice(MOST);
    history.replaceChildren(
      ...past.map((one) => button(`${one.method} ${one.path}`, () => fill(one))),
    );
  };
  const send = async () => {
    const tried = now();
    go.disabled = true;
    if (await answer.send(tried)) keep(tried);
    go.disabled = false;
  };
  const go = button("Send", send, { class: "primary" });
  for (const field of [method, path, body]) field.addEventListener("input", changed);
  method.addEventListener("change", answer.clear);
  // Who types may need what the last answer says, an id for example; who picks a path does not.
  path.addEventListener("input", (event) => {
    if (!(event instanceof InputEvent) || event.inputType === "insertReplacementText") answer.clear();
  });
  path.addEventListener("keydown", ({ key }) => key === "Enter" && void send());
  fill(first);
  const made = make(
    "div",
    {},
    make("div", { class: "row" }, labelled("Method", method), labelled("Path", path, true), known, go),
    make("div", { class: "row" }, bodyPlace),
    answer.element,
    code.element,
    make("details", {}, make("summary", {}, "History"), history),
  );
  bodyPlace.classList.add("wide");
  made.addEventListener("try", (event) => fill((event as CustomEvent<Tried>).detail));
  return made;
}

/** The request as it is now, in a language that one chooses; the secrets of who asks are left out. */
export function codePlace(now: () => Tried) {
  const code = listing("As code");
  const language = make("select", { "aria-label": "Language" });
  language.append(...Object.keys(LANGUAGES).map((name) => make("option", { value: name }, name)));
  const known = recall(LANGUAGE);
  if (known in LANGUAGES) language.value = known;
  const update = () => {
    const { method, path, body } = now();
    const hasBody = method !== "GET" && method !== "DELETE";
    code.textContent = LANGUAGES[language.value]({
      method,
      url: spelled(server.url + path),
      headers: { ...shownHeaders(), ...(hasBody ? { "Content-Type": "application/json" } : {}) },
      body: hasBody ? oneLine(body) : "",
    });
  };
  language.addEventListener("change", () => {
    remember(LANGUAGE, language.value);
    update();
  });
  watch(update);
  const bar = make("div", { class: "row" }, language, copyButton("Copy", () => code.textContent ?? ""));
  const element = make("details", {}, make("summary", {}, "As code"), bar, code);
  return { element, update };
}

/** An address as every program takes it: what browsers encode by themselves, and what shells read. */
function spelled(address: string): string {
  const signs = /[{}[\]|\\^`']/g;
  const { href } = new URL(address);
  return href.replace(signs, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function oneLine(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text || "{}"));
  } catch {
    return text;
  }
}
