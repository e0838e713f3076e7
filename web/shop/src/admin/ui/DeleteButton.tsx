import { useState } from "react";
import { useAction } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";

/** Delete an object, when one is sure; what the server refuses is said here. */
export function DeleteButton({ object, name, onDone }: { object: Parse.Object; name: string; onDone: () => void }) {
  const t = useAdminText();
  const [isSure, setSure] = useState(false);
  const { isBusy, problem, run } = useAction();
  const remove = async () => {
    if (await run(() => object.destroy())) onDone();
  };
  return (
    <div className="form-row">
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {isSure ? (
        <>
          <span>{t("edit.sure", { name })}</span>
          <button type="button" className="button button-danger" disabled={isBusy} onClick={remove}>
            {t("edit.delete")}
          </button>
          <button type="button" className="button" onClick={() => setSure(false)}>
            {t("edit.keep")}
          </button>
        </>
      ) : (
        <button type="button" className="button" onClick={() => setSure(true)}>
          {t("edit.delete")}
        </button>
      )}
    </div>
  );
}
