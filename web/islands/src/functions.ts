// Cloud functions with the parameters that they declare.
import { button, labelled, make } from "./dom";
import { answerPlace, codePlace } from "./rest";

/** A function as the page's table tells it: its parameters by name, with type and whether needed. */
export interface Declared {
  name: string;
  text: string;
  parameters: Record<string, [type: string, isNeeded: boolean]>;
}

const SAMPLES: Record<string, unknown> = { Number: 1, Boolean: true, Array: [], Object: {} };

/** Parameters to begin with: the needed ones, or all where none is. */
function sample({ parameters }: Declared): string {
  const all = Object.entries(parameters);
  const needed = all.filter(([, [, isNeeded]]) => isNeeded);
  const shown = (needed.length ? needed : all).map(([name, [type]]) => [name, SAMPLES[type] ?? ""]);
  return JSON.stringify(Object.fromEntries(shown), null, 2);
}

export function functionsConsole(functions: Declared[]): HTMLElement {
  if (functions.length === 0) return make("p", { class: "note" }, "This app has no cloud functions.");
  const name = make("select");
  name.append(...functions.map((one) => make("option", { value: one.name }, one.name)));
  const params = make("textarea", { spellcheck: "false" });
  const text = make("p", { class: "hint" });
  const declared = make("ul", { class: "declared" });
  const typed = new Map<string, string>();
  const answer = answerPlace();
  const path = () => `/functions/${encodeURIComponent(name.value)}`;
  const now = () => ({ method: "POST", path: path(), body: params.value });
  const code = codePlace(now);
  const choose = () => {
    const chosen = functions.find((one) => one.name === name.value) ?? functions[0];
    text.textContent = chosen.text || "It says nothing of itself.";
    const parameters = Object.entries(chosen.parameters);
    declared.replaceChildren(
      ...parameters.map(([key, [type, isNeeded]]) =>
        make("li", {}, make("code", {}, key), ` ${type}${isNeeded ? ", required" : ""}`),
      ),
      ...(parameters.length ? [] : [make("li", {}, "It declares no parameters, and takes what you send.")]),
    );
    params.value = typed.get(chosen.name) ?? sample(chosen);
    answer.clear();
    code.update();
  };
  const call = async () => {
    go.disabled = true;
    await answer.send(now());
    go.disabled = false;
  };
  const go = button("Call", call, { class: "primary" });
  name.addEventListener("change", choose);
  params.addEventListener("input", () => {
    typed.set(name.value, params.value);
    code.update();
  });
  choose();
  return make(
    "div",
    {},
    make("div", { class: "row" }, labelled("Function", name), go),
    text,
    declared,
    make("div", { class: "row" }, labelled("Parameters, as JSON", params, true)),
    answer.element,
    code.element,
  );
}
