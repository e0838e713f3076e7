import Parse from "parse";
import { useCallback, useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { useText } from "../../i18n/LanguageContext";
import { SKU, type Product } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { useLoad } from "../../parse/useLoad";
import { Field } from "../../ui/Field";
import { Skeleton } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";
import { DeleteButton } from "../ui/DeleteButton";

/** The variations of a product: added, taken away, and their stock changed with a reason. */
export function Skus({ product }: { product: Product }) {
  const t = useAdminText();
  const { number } = useFormat();
  const { data, reload } = useLiveQuery(new Parse.Query(SKU).equalTo("product", product).ascending("variation"));
  const [openId, setOpenId] = useState<string>();
  if (!data) return <Skeleton />;
  return (
    <section aria-label={t("skus")}>
      <h3>{t("skus")}</h3>
      {data.rows.length === 0 && <p className="quiet">{t("skus.none")}</p>}
      <ul className="rows">
        {data.rows.map((sku) => {
          const name = sku.get("variation");
          return (
            <li key={sku.id}>
              <span className="sku-name">{name}</span>
              <b aria-label={t("field.stock")}>{number(sku.get("stock"))}</b>
              <button type="button" className="button" aria-label={t("skus.change.of", { name })} aria-expanded={openId === sku.id} onClick={() => setOpenId(openId === sku.id ? undefined : sku.id)}>
                {t("skus.change")}
              </button>
              {openId === sku.id && (
                <div className="stock-form">
                  <StockForm id={sku.id ?? ""} onDone={reload} />
                  <DeleteButton object={sku} name={name} onDone={reload} />
                </div>
              )}
            </li>
          );
        })}
      </ul>
      <NewSku product={product} onDone={reload} />
    </section>
  );
}

interface Change {
  by: number;
  reason: string;
  at: Date;
  username: string | null;
}

function StockForm({ id, onDone }: { id: string; onDone: () => void }) {
  const t = useAdminText();
  const shopText = useText();
  const { moment } = useFormat();
  const [by, setBy] = useState("");
  const [reason, setReason] = useState("");
  const { isBusy, problem, run } = useAction();
  const history = useLoad(useCallback((): Promise<Change[]> => Parse.Cloud.run("stockChanges", { sku: id }), [id]));
  const save = async () => {
    if (!(await run(() => Parse.Cloud.run("adjustStock", { sku: id, by: Number(by), reason })))) return;
    setBy("");
    setReason("");
    onDone();
    history.reload();
  };
  return (
    <form
      className="drawer-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <fieldset disabled={isBusy}>
        <Field label={t("field.by")} hint={t("skus.by.hint")} type="number" step="1" required value={by} onChange={(event) => setBy(event.target.value)} />
        <Field label={t("field.reason")} required maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </fieldset>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="button" disabled={isBusy}>
        {shopText("state.save")}
      </button>
      {history.data && history.data.length > 0 && (
        <>
          <h4>{t("skus.history")}</h4>
          <ul className="changes">
            {history.data.slice(0, 10).map((change) => (
              <li key={`${change.at.getTime()} ${change.by}`}>
                <b>{change.by > 0 ? `+${change.by}` : change.by}</b> {change.reason}
                <small className="quiet">
                  {change.username}, {moment(change.at)}
                </small>
              </li>
            ))}
          </ul>
        </>
      )}
    </form>
  );
}

function NewSku({ product, onDone }: { product: Product; onDone: () => void }) {
  const t = useAdminText();
  const [variation, setVariation] = useState("");
  const [stock, setStock] = useState("0");
  const { isBusy, problem, run } = useAction();
  const save = async () => {
    const added = new SKU({ product, variation: variation.trim(), stock: Number(stock) });
    if (!(await run(() => added.save()))) return;
    setVariation("");
    setStock("0");
    onDone();
  };
  return (
    <form
      className="add-sku"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field label={t("field.variation")} required maxLength={100} value={variation} onChange={(event) => setVariation(event.target.value)} />
      <Field label={t("field.stock")} type="number" min={0} step="1" required value={stock} onChange={(event) => setStock(event.target.value)} />
      <button type="submit" className="button" disabled={isBusy}>
        {t("skus.add")}
      </button>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
