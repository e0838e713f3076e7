import { useState } from "react";
import { useText } from "../../i18n/LanguageContext";
import { changed, saveFields } from "../../parse/save";
import { DiscountCode } from "../../parse/types";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";
import { DeleteButton } from "../ui/DeleteButton";
import { NEW } from "../ui/ListPage";
import { toInput } from "../ui/inputs";

const MONTH = 30 * 86_400_000;

interface Props {
  id: string;
  code: DiscountCode | undefined;
  onClose: (id: string) => void;
}

export function CodeDrawer({ id, code, onClose }: Props) {
  const t = useAdminText();
  const name = code?.get("code") ?? t("edit.new");
  const close = () => onClose(id);
  return (
    <Dialog title={name} kind="side" isOpen={id === NEW || code !== undefined} onClose={close}>
      <CodeForm key={id} code={code} onSaved={close} />
      {code && <DeleteButton key={`delete ${id}`} object={code} name={name} onDone={close} />}
    </Dialog>
  );
}

function CodeForm({ code, onSaved }: { code: DiscountCode | undefined; onSaved: () => void }) {
  const t = useAdminText();
  const shopText = useText();
  const [text, setText] = useState(code?.get("code") ?? "");
  const [percentage, setPercentage] = useState(code ? String(code.get("percentage")) : "10");
  const [until, setUntil] = useState(() => toInput(code?.get("validUntil") ?? new Date(Date.now() + MONTH)));
  const fields = { code: text, percentage: Number(percentage), validUntil: new Date(until) };
  const [before] = useState(code ? fields : {});
  const { isBusy, problem, about, run } = useAction();
  const save = async () => {
    if (await run(() => saveFields(code ?? new DiscountCode(), changed(before, fields)))) onSaved();
  };
  const isElsewhere = !["code", "percentage", "validUntil"].some(about);
  return (
    <form
      className="drawer-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <fieldset disabled={isBusy}>
        <Field label={t("field.code")} hint={t("field.code.hint")} required maxLength={40} value={text} error={about("code")} onChange={(event) => setText(event.target.value.toUpperCase())} />
        <Field label={t("field.percentage")} type="number" min={0} max={100} step="any" required value={percentage} error={about("percentage")} onChange={(event) => setPercentage(event.target.value)} />
        <Field label={t("field.until")} type="datetime-local" required value={until} error={about("validUntil")} onChange={(event) => setUntil(event.target.value)} />
      </fieldset>
      {problem && isElsewhere && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="button button-main" disabled={isBusy}>
        {shopText("state.save")}
      </button>
    </form>
  );
}
