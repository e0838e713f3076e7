import Parse from "parse";
import { useId, useState, type DragEvent } from "react";
import { pictureOf } from "../../catalogue/Picture";
import type { Action } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";

const TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif", "image/gif"];

interface Props {
  value: string | undefined;
  onChange: (url: string | undefined) => void;
  /** Storing a picture: one after the other, and before the form is saved. */
  upload: Action;
}

/** A picture by drag and drop, or chosen: stored at once, and shown from where it is stored. */
export function PictureField({ value, onChange, upload }: Props) {
  const t = useAdminText();
  const id = useId();
  const [isOver, setOver] = useState(false);
  const { isBusy, problem, run } = upload;
  const shown = pictureOf(value);
  const store = (file: File | undefined) => {
    if (isBusy || !file || !TYPES.includes(file.type)) return;
    void run(async () => {
      const ending = file.type.split("/")[1];
      const stored = await new Parse.File(`product.${ending}`, file, file.type).save();
      onChange(stored?.url());
    });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    store(event.dataTransfer.files[0]);
  };
  return (
    <div
      className={isOver ? "field drop drop-over" : "field drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label htmlFor={id}>{t("field.picture")}</label>
      {shown && <img className="picture" src={shown} alt="" />}
      <input id={id} type="file" accept={TYPES.join(",")} disabled={isBusy} aria-describedby={`${id}-hint`} onChange={(event) => store(event.target.files?.[0])} />
      <small id={`${id}-hint`}>{t("field.picture.hint")}</small>
      {value && (
        <button type="button" className="button" disabled={isBusy} onClick={() => onChange(undefined)}>
          {t("field.picture.remove")}
        </button>
      )}
      {problem && (
        <small className="field-error" role="alert">
          {problem}
        </small>
      )}
    </div>
  );
}
