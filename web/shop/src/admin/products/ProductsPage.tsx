import Parse from "parse";
import { Price } from "../../catalogue/Price";
import { Picture } from "../../catalogue/Picture";
import { useFormat } from "../../i18n/useFormat";
import { Product, SKU } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { useStorefront } from "../../Storefront";
import { useAdminText } from "../texts/useAdminText";
import { Table, type Column } from "../ui/Table";
import { TablePage } from "../ui/TablePage";
import { containing } from "../ui/save";
import { useView, type View } from "../ui/useView";
import { NEW, ProductDrawer } from "./ProductDrawer";

const PAGE_SIZE = 25;

function productsQuery({ q = "", sort = "", page }: View): Parse.Query<Product> {
  const query = new Parse.Query(Product);
  if (q.trim()) query.matches("name", containing(q));
  if (sort.startsWith("-")) query.descending(sort.slice(1) as "price");
  else query.ascending(sort as "price");
  return query.skip((Number(page) - 1) * PAGE_SIZE).limit(PAGE_SIZE).withCount();
}

export function ProductsPage() {
  const t = useAdminText();
  const { date, number } = useFormat();
  const { has } = useStorefront();
  const [view, change] = useView({ q: "", sort: "name", page: "1", open: "" });
  const { data, error, reload } = useLiveQuery(productsQuery(view));
  const rows = data?.rows ?? [];
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
    <TablePage
      title={t("products")}
      kind="products"
      count={data?.count}
      presets={[]}
      search={{ value: view.q ?? "", onSearch: (q) => change({ q }) }}
      actions={
        <button type="button" className="button button-main" onClick={() => change({ open: NEW })}>
          {t("edit.new")}
        </button>
      }
    >
      <Table
        label={t("products")}
        columns={columns}
        rows={data?.rows}
        error={error}
        onRetry={reload}
        idOf={(product) => product.id ?? ""}
        nameOf={(product) => product.get("name")}
        sort={view.sort ?? ""}
        onSort={(sort) => change({ sort })}
        onOpen={(open) => change({ open })}
        page={Number(view.page)}
        pages={Math.ceil((data?.count ?? 0) / PAGE_SIZE)}
        onPage={(page) => change({ page: String(page) })}
      />
      <ProductDrawer id={view.open ?? ""} onOpen={(open) => change({ open })} onChanged={reload} />
    </TablePage>
  );
}
