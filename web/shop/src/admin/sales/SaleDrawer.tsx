import Parse from "parse";
import { useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { useText } from "../../i18n/LanguageContext";
import { changed, saveFields } from "../../parse/save";
import { FlashSale, Product } from "../../parse/types";
import { useQuery } from "../../parse/useQuery";
import { Dialog } from "../../ui/Dialog";
import { Choice, Field } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";
import { DeleteButton } from "../ui/DeleteButton";
import { NEW } from "../ui/ListPage";
import { toInput } from "../ui/inputs";

const DAY = 86_400_000;

interface Props {
  id: string;
  sale: FlashSale | undefined;
  onClose: (id: string) => void;
}

export function SaleDrawer({ id, sale, onClose }: Props) {
  const t = useAdminText();
  const isOpen = id === NEW || sale !== undefined;
  const name = sale?.get("product")?.get("name") ?? t("edit.new");
  const close = () => onClose(id);
  return (
    <Dialog title={name} kind="side" isOpen={isOpen} onClose={close}>
      <SaleForm key={id} sale={sale} onSaved={close} />
      {sale && <DeleteButton key={`delete ${id}`} object={sale} name={name} onDone={close} />}
    </Dialog>
  );
}

function SaleForm({ sale, onSaved }: { sale: FlashSale | undefined; onSaved: () => void }) {
  const t = useAdminText();
  const shopText = useText();
  const { money } = useFormat();
  const products = useQuery(sale ? null : new Parse.Query(Product).ascending("name").limit(1000));
  const [productId, setProductId] = useState("");
  const [price, setPrice] = useState(sale ? String(sale.get("discountPrice")) : "");
  const [start, setStart] = useState(() => toInput(sale?.get("startTime") ?? new Date()));
  const [end, setEnd] = useState(() => toInput(sale?.get("endTime") ?? new Date(Date.now() + DAY)));
  const fields = { discountPrice: Number(price), startTime: new Date(start), endTime: new Date(end) };
  const [before] = useState(fields);
  const { isBusy, problem, about, run } = useAction();
  const save = async () => {
    const product = products.data?.rows.find((row) => row.id === productId);
    if (await run(() => saveFields(sale ?? new FlashSale(), sale ? changed(before, fields) : { ...fields, product }))) onSaved();
  };
  const isElsewhere = !["discountPrice", "startTime", "endTime"].some(about);
  const options = (products.data?.rows ?? []).map((row) => ({ value: row.id ?? "", label: `${row.get("name")} · ${money(row.get("price"))}` }));
  return (
    <form
      className="drawer-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <fieldset disabled={isBusy}>
        {!sale && <Choice label={t("field.product")} value={productId} onChoose={setProductId} options={[{ value: "", label: t("sales.choose") }, ...options]} />}
        <Field label={t("field.saleprice")} type="number" min={0} step="0.01" required value={price} error={about("discountPrice")} onChange={(event) => setPrice(event.target.value)} />
        <Field label={t("field.start")} type="datetime-local" required value={start} error={about("startTime")} onChange={(event) => setStart(event.target.value)} />
        <Field label={t("field.end")} type="datetime-local" required value={end} error={about("endTime")} onChange={(event) => setEnd(event.target.value)} />
      </fieldset>
      {problem && isElsewhere && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="button button-main" disabled={isBusy || (!sale && productId === "")}>
        {shopText("state.save")}
      </button>
    </form>
  );
}
