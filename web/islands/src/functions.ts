// Cloud functions with the parameters that they declare.
import { button, labelled, make } from "./dom";
import { answerPlace } from "./rest";
import { ask } from "./server";

export function functionsConsole(names: string[]): HTMLElement {
  if (names.length === 0) return make("p", { class: "note" }, "This app has no cloud functions.");
  const name = make("select");
  name.append(...names.map((one) => make("option", { value: one }, one)));
  const params = make("textarea", { spellcheck: "false" });
  params.value = "{}";
  const answer = answerPlace();
  const call = async () => {
    go.disabled = true;
    try {
      answer.show(await ask("POST", `/functions/${encodeURIComponent(name.value)}`, params.value));
    } catch (error) {
      answer.fail(error);
    } finally {
      go.disabled = false;
    }
  };
  const go = button("Call", call, { class: "primary" });
  return make(
    "div",
    {},
    make("div", { class: "row" }, labelled("Function", name), go),
    make("div", { class: "row" }, labelled("Parameters, as JSON", params, true)),
    answer.element,
  );
}
