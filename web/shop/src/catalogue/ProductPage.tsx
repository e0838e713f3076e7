import Parse from "parse";
import { useState } from "react";
import { Link } from "wouter";
import { useCart } from "../cart/CartContext";
import { useText } from "../i18n/LanguageContext";
import { Product, SKU } from "../parse/types";
import { useLiveQuery } from "../parse/useLiveQuery";
import { Countdown } from "../sales/Countdown";
import { useSales } from "../sales/SalesContext";
import { useStorefront } from "../Storefront";
import { Field } from "../ui/Field";
import { useNotify } from "../ui/Notices";
import { Empty, Failure, Skeleton } from "../ui/States";
import { usePage } from "../ui/usePage";
import { Picture } from "./Picture";
import { Price } from "./Price";
import { stockText } from "./stock";

export function ProductPage({ id }: { id: string }) {
  const t = useText();
  const { data, error, reload } = useLiveQuery(new Parse.Query(Product).equalTo("objectId", id));
  const product = data?.rows[0];
  return (
    <>
      <p>
        <Link href="/">← {t("product.back")}</Link>
      </p>
      {error && !product && <Failure error={error} onRetry={reload} />}
      {!data && !error && <Skeleton kind="card" count={1} />}
      {data && !product && (
        <Empty>
          <h1>{t("product.gone")}</h1>
        </Empty>
      )}
      {product && <Shown key={product.id} product={product} />}
    </>
  );
}

function Shown({ product }: { product: Product }) {
  const heading = usePage(product.get("name"));
  const sale = useSales().of(product.id);
  return (
    <article className="product">
      <Picture product={product} isLarge />
      <div className="product-text">
        <h1 {...heading}>{product.get("name")}</h1>
        <p className="product-price" aria-live="polite">
          <Price product={product} /> {sale && <Countdown to={sale.get("endTime")} />}
        </p>
        {product.get("description") && <p className="prose">{product.get("description")}</p>}
        <AddToCart product={product} />
      </div>
    </article>
  );
}

function AddToCart({ product }: { product: Product }) {
  const t = useText();
  const notify = useNotify();
  const cart = useCart();
  const { has } = useStorefront();
  const { data, error, reload } = useLiveQuery(has.skus ? new Parse.Query(SKU).equalTo("product", product).ascending("variation") : null);
  const [chosenId, setChosenId] = useState<string>();
  const [quantity, setQuantity] = useState(1);
  if (error && !data) return <Failure error={error} onRetry={reload} />;
  if (!data) return <Skeleton count={2} />;
  const skus = data.rows;
  const chosen = skus.length === 1 ? skus[0] : skus.find((sku) => sku.id === chosenId);
  const stock = stockText(chosen ? [chosen] : skus);
  const most = Math.min(999, chosen ? chosen.get("stock") : 999);
  const isOut = stock?.kind === "out";

  const add = async () => {
    if (skus.length > 0 && !chosen) {
      notify(t("product.choose"));
      return;
    }
    const item = chosen ? { sku: chosen, variation: chosen.get("variation") } : { product };
    const name = product.get("name");
    if (await cart.add({ ...item, quantity: Math.min(quantity, most), name })) notify(t("product.added", { name }));
  };
  return (
    <form
      className="add"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      {skus.length > 0 && (
        <fieldset className="variations">
          <legend>{t("product.variation")}</legend>
          {skus.map((sku) => {
            const left = stockText([sku]);
            return (
              <label key={sku.id} className="variation">
                <input type="radio" name="sku" value={sku.id} checked={sku === chosen || sku.id === chosen?.id} disabled={left?.kind === "out"} onChange={() => setChosenId(sku.id)} />
                <span>{sku.get("variation")}</span>
                {left && left.kind !== "in" && <small>{t(left.key, { n: left.n })}</small>}
              </label>
            );
          })}
        </fieldset>
      )}
      <p className={stock ? `stock stock-${stock.kind}` : "stock"} role="status">
        {stock && t(stock.key, { n: stock.n })}
      </p>
      <div className="add-row">
        <Field label={t("product.quantity")} type="number" min={1} max={Math.max(1, most)} required value={quantity || ""} onChange={(event) => setQuantity(event.target.valueAsNumber)} />
        <button type="submit" className="button button-main" disabled={isOut}>
          {t("product.add")}
        </button>
      </div>
    </form>
  );
}
