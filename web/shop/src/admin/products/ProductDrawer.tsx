import Parse from "parse";
import { useState } from "react";
import { useText } from "../../i18n/LanguageContext";
import { changed, saveFields } from "../../parse/save";
import { Product } from "../../parse/types";
import { useQuery } from "../../parse/useQuery";
import { useStorefront } from "../../Storefront";
import { Dialog } from "../../ui/Dialog";
import { Field, TextField } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { Failure, Skeleton } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";
import { DeleteButton } from "../ui/DeleteButton";
import { NEW } from "../ui/ListPage";
import { PictureField } from "./PictureField";
import { Skus } from "./Skus";

interface Props {
  /** A product's id, `NEW`, or nothing. */
  id: string;
  /** Leave what was open, for another or for none. */
  onLeave: (from: string, to?: string) => void;
  onChanged: () => void;
}

export function ProductDrawer({ id, onLeave, onChanged }: Props) {
  const t = useAdminText();
  const { has } = useStorefront();
  const isOld = id !== "" && id !== NEW;
  const { data, error, reload } = useQuery(isOld ? new Parse.Query(Product).equalTo("objectId", id) : null);
  const product = isOld ? data?.rows.find((row) => row.id === id) : undefined;
  const close = () => onLeave(id);
  return (
    <Dialog title={product?.get("name") ?? t("edit.new")} kind="side" isOpen={id !== ""} onClose={close}>
      {error && <Failure error={error} onRetry={reload} />}
      {isOld && !product && !error && <Skeleton />}
      {(product || id === NEW) && (
        <ProductForm
          key={id}
          product={product}
          onSaved={(saved) => {
            if (id === NEW) onLeave(id, saved.id); // variations come next
            else onChanged();
          }}
        />
      )}
      {product && has.skus && <Skus product={product} />}
      {product && (
        <DeleteButton key={`delete ${id}`} object={product} name={product.get("name")} onDone={close} />
      )}
    </Dialog>
  );
}

function ProductForm({ product, onSaved }: { product: Product | undefined; onSaved: (product: Product) => void }) {
  const t = useAdminText();
  const shopText = useText();
  const notify = useNotify();
  const { has } = useStorefront();
  const [name, setName] = useState(product?.get("name") ?? "");
  const [description, setDescription] = useState(product?.get("description") ?? "");
  const [price, setPrice] = useState(product ? String(product.get("price")) : "");
  const [imageUrl, setImageUrl] = useState(product?.get("imageUrl"));
  const fields = { name, description, price: Number(price), imageUrl: imageUrl ?? "" };
  const [before, setBefore] = useState(product ? fields : { imageUrl: "" });
  const upload = useAction();
  const { isBusy, problem, about, run } = useAction();
  const save = async () => {
    const saved = product ?? new Product();
    if (await run(() => saveFields(saved, changed(before, fields)))) {
      setBefore(fields);
      notify(shopText("state.saved"));
      onSaved(saved);
    }
  };
  const isElsewhere = !about("name") && !about("price");
  return (
    <form
      className="drawer-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <fieldset disabled={isBusy}>
        <Field label={t("field.name")} required maxLength={200} value={name} error={about("name")} onChange={(event) => setName(event.target.value)} />
        <TextField label={t("field.description")} maxLength={5000} value={description} onChange={(event) => setDescription(event.target.value)} />
        <Field label={t("field.price")} type="number" min={0} step="0.01" required value={price} error={about("price")} onChange={(event) => setPrice(event.target.value)} />
        {has.pictures && <PictureField value={imageUrl} onChange={setImageUrl} upload={upload} />}
      </fieldset>
      {problem && isElsewhere && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="button button-main" disabled={isBusy || upload.isBusy}>
        {shopText("state.save")}
      </button>
    </form>
  );
}
