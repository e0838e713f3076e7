// A request of the REST API: method, path, body; its answer, and the same as code.
import { button, labelled, listing, make } from "./dom";
import { ask, pretty, server, type Answer } from "./server";

export interface Tried {
  method: string;
  path: string;
  body: string;
}

const METHODS = ["GET", "POST", "PUT", "DELETE"];
const MOST = 12;

/** A place that shows an answer: status, time, size, and its text. */
export function answerPlace() {
  const figures = make("p", { class: "figures", role: "status" }, "No request yet.");
  const text = listing("Answer");
  const show = (answer: Answer) => {
    const kilobytes = (answer.bytes / 1024).toFixed(1);
    figures.textContent = `${answer.status}, ${Math.round(answer.milliseconds)} ms, ${kilobytes} KB`;
    figures.classList.toggle("error", answer.status >= 400);
    text.textContent = pretty(answer.text);
  };
  const fail = (error: unknown) => {
    figures.textContent = `The server can't be reached: ${error}`;
    figures.classList.add("error");
  };
  const element = make("div", { class: "answer" }, figures, text);
  return { element, show, fail };
}

export function restConsole(first: Tried): HTMLElement {
  const method = make("select");
  method.append(...METHODS.map((name) => make("option", { value: name }, name)));
  const path = make("input", { spellcheck: "false", autocapitalize: "none" });
  const body = make("textarea", { spellcheck: "false" });
  const bodyPlace = labelled("Body, as JSON", body);
  const answer = answerPlace();
  const code = listing("As code");
  const history = make("div", { class: "history row" });
  const past: Tried[] = [];

  const now = (): Tried => ({ method: method.value, path: path.value, body: body.value });
  const fill = (tried: Tried) => {
    method.value = tried.method;
    path.value = tried.path;
    body.value = tried.body && pretty(tried.body);
    changed();
  };
  const changed = () => {
    bodyPlace.hidden = method.value === "GET" || method.value === "DELETE";
    code.textContent = asCode(now());
  };
  const remember = (tried: Tried) => {
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
    try {
      answer.show(await ask(tried.method, tried.path, tried.body));
      remember(tried);
    } catch (error) {
      answer.fail(error);
    } finally {
      go.disabled = false;
    }
  };
  const go = button("Send", send, { class: "primary" });
  for (const field of [method, path, body]) field.addEventListener("input", changed);
  path.addEventListener("keydown", ({ key }) => key === "Enter" && void send());
  fill(first);
  const made = make(
    "div",
    {},
    make("div", { class: "row" }, labelled("Method", method), labelled("Path", path, true), go),
    make("div", { class: "row" }, bodyPlace),
    answer.element,
    make("details", {}, make("summary", {}, "As code"), code),
    make("details", {}, make("summary", {}, "History"), history),
  );
  bodyPlace.classList.add("wide");
  made.addEventListener("try", (event) => fill((event as CustomEvent<Tried>).detail));
  return made;
}

/** The request in JavaScript and for a shell; both say who asks where it matters. */
function asCode({ method, path, body }: Tried): string {
  const hasBody = method !== "GET" && method !== "DELETE";
  const shell = [
    `curl -X ${method} -H 'X-Parse-Application-Id: ${server.app}'`,
    ...(hasBody ? [`-H 'Content-Type: application/json'`, `-d '${oneLine(body)}'`] : []),
    `'${server.url}${path}'`,
  ].join(" \\\n  ");
  const options = [
    `  method: "${method}",`,
    `  headers: { "X-Parse-Application-Id": ${JSON.stringify(server.app)}${hasBody ? ', "Content-Type": "application/json"' : ""} },`,
    ...(hasBody ? [`  body: JSON.stringify(${oneLine(body)}),`] : []),
  ].join("\n");
  return `${shell}\n\nawait fetch(${JSON.stringify(server.url + path)}, {\n${options}\n});`;
}

function oneLine(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text || "{}")).replaceAll("'", "\\u0027");
  } catch {
    return text;
  }
}
