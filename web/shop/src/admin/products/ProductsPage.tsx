import Parse from "parse";
import { Price } from "../../catalogue/Price";
import { Picture } from "../../catalogue/Picture";
import { useFormat } from "../../i18n/useFormat";
import { Product, SKU } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { useStorefront } from "../../Storefront";
import { useAdminText } from "../texts/useAdminText";
import { ListPage } from "../ui/ListPage";
import type { Column } from "../ui/Table";
import { containing } from "../ui/inputs";
import { useList } from "../ui/useList";
import type { View } from "../ui/useView";
import { ProductDrawer } from "./ProductDrawer";

function productsQuery({ q = "" }: View): Parse.Query<Product> {
  const query = new Parse.Query(Product);
  if (q.trim()) query.matches("name", containing(q));
  return query;
}

export function ProductsPage() {
  const t = useAdminText();
  const { date, number } = useFormat();
  const { has } = useStorefront();
  const list = useList({ usual: { sort: "name" }, query: productsQuery });
  const rows = list.rows ?? [];
  const skus = useLiveQuery(has.skus && rows.length > 0 ? new Parse.Query(SKU).containedIn("product", rows).limit(1000) : null);
  const stockOf = (product: Product) => {
    const own = skus.data?.rows.filter((sku) => sku.get("product")?.id === product.id) ?? [];
    return own.length === 0 ? "∞" : number(own.reduce((sum, sku) => sum + sku.get("stock"), 0));
  };
  const columns: Column<Product>[] = [
    {
      title: t("field.name"),
      field: "name",
      cell: (product) => (
        <span className="with-picture">
          <Picture product={product} /> {product.get("name")}
        </span>
      ),
    },
    { title: t("field.price"), field: "price", isNumber: true, cell: (product) => <Price product={product} /> },
    ...(has.skus ? [{ title: t("field.stock"), isNumber: true, cell: stockOf }] : []),
    { title: t("field.created"), field: "createdAt", cell: (product) => date(product.createdAt) },
  ];
  return (
    <ListPage title={t("products")} kind="products" list={list} columns={columns} nameOf={(product) => product.get("name")} searchLabel={t("products.search")} canAdd>
      <ProductDrawer id={list.view.open ?? ""} onLeave={list.leave} onChanged={list.reload} />
    </ListPage>
  );
}
