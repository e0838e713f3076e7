import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import type { Key } from "../i18n/en";
import type { Product, SKU } from "../parse/types";
import { usePages } from "../parse/usePages";
import { useLiveQuery } from "../parse/useLiveQuery";
import { SalesRibbon } from "../sales/SalesRibbon";
import { useStorefront } from "../Storefront";
import { Choice } from "../ui/Field";
import { Pager } from "../ui/Pager";
import { Empty, Failure, Skeleton } from "../ui/States";
import { usePage } from "../ui/usePage";
import { boundsOf, catalogueQuery, FIELDS, PAGE_SIZE, PRICES, skusQuery, SORTS, useFilters, type PriceBand } from "./filters";
import { ProductCard } from "./ProductCard";

export function CataloguePage() {
  const t = useText();
  const { money } = useFormat();
  const heading = usePage(t("shop.catalogue"));
  const [filters, change] = useFilters();
  const { rows, count, error, reload, ...pages } = usePages(catalogueQuery(filters), { sort: FIELDS[filters.sort], at: filters.at, size: PAGE_SIZE });
  const skus = useSkusOf(rows);

  const bandText = (band: PriceBand): string => {
    const { over, upto } = boundsOf(band);
    if (over === undefined) return upto === undefined ? t("catalogue.price.all") : t("catalogue.price.upto", { price: money(upto) });
    return upto === undefined
      ? t("catalogue.price.from", { price: money(over) })
      : t("catalogue.price.between", { from: money(over), to: money(upto) });
  };
  return (
    <>
      <SalesRibbon />
      <div className="catalogue-head">
        <h1 {...heading}>{t("shop.catalogue")}</h1>
        <Choice label={t("catalogue.price")} value={filters.price} onChoose={(price) => change({ price })} options={PRICES.map((value) => ({ value, label: bandText(value) }))} />
        <Choice label={t("catalogue.sort")} value={filters.sort} onChoose={(sort) => change({ sort })} options={SORTS.map((value) => ({ value, label: t(`catalogue.sort.${value}` as Key) }))} />
        <p className="quiet" role="status">
          {count !== undefined && (count === 1 ? t("catalogue.count.one") : t("catalogue.count", { n: count }))}
        </p>
      </div>
      {error && <Failure error={error} onRetry={reload} />}
      {!rows && !error && <Skeleton kind="card" count={8} />}
      {rows?.length === 0 && (
        <Empty>
          <p>{t("catalogue.empty")}</p>
          <button type="button" className="button" onClick={() => change({ q: "", price: "all" })}>
            {t("catalogue.clear")}
          </button>
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <ul className="grid">
          {rows.map((product) => (
            <ProductCard key={product.id} product={product} skus={skus(product)} />
          ))}
        </ul>
      )}
      <Pager {...pages} onPage={(at) => change({ at })} />
    </>
  );
}

/** The SKUs of the products that are shown, kept up to date. */
function useSkusOf(products: Product[] | undefined): (product: Product) => SKU[] {
  const { has } = useStorefront();
  const isAsked = has.skus && products !== undefined && products.length > 0;
  const query = isAsked ? skusQuery(products) : null;
  const { data } = useLiveQuery(query);
  return (product) => data?.rows.filter((sku) => sku.get("product")?.id === product.id) ?? [];
}
