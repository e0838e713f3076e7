import Parse from "parse";
import { useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { FlashSale } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { useAdminText } from "../texts/useAdminText";
import { Table, type Column } from "../ui/Table";
import { TablePage } from "../ui/TablePage";
import { useView, type View } from "../ui/useView";
import { NEW, SaleDrawer } from "./SaleDrawer";

const PAGE_SIZE = 25;
type State = "live" | "coming" | "over";

/** The state that the server shows: it touches a sale at the very moment it begins and ends. */
function stateOf(sale: FlashSale, now: Date): State {
  if ((sale as Parse.Object).get("active")) return "live";
  return sale.get("endTime") <= now ? "over" : "coming";
}

function salesQuery({ state, sort = "", page }: View, now: Date): Parse.Query<FlashSale> {
  const query = new Parse.Query(FlashSale).include("product");
  if (state === "live") query.equalTo("active" as "discountPrice", true as never);
  if (state === "over") query.lessThanOrEqualTo("endTime", now);
  if (state === "coming") query.greaterThan("startTime", now);
  if (sort.startsWith("-")) query.descending(sort.slice(1) as "endTime");
  else query.ascending(sort as "endTime");
  return query.skip((Number(page) - 1) * PAGE_SIZE).limit(PAGE_SIZE).withCount();
}

export function SalesPage() {
  const t = useAdminText();
  const { moment, money } = useFormat();
  const [now] = useState(() => new Date());
  const [view, change] = useView({ state: "", sort: "-endTime", page: "1", open: "" });
  const { data, error, reload } = useLiveQuery(salesQuery(view, now));
  const columns: Column<FlashSale>[] = [
    { title: t("field.product"), cell: (sale) => sale.get("product")?.get("name") },
    {
      title: t("field.state"),
      cell: (sale) => {
        const state = stateOf(sale, new Date());
        return <span className={`status sale-${state}`}>{t(`sales.${state}`)}</span>;
      },
    },
    { title: t("field.saleprice"), field: "discountPrice", isNumber: true, cell: (sale) => money(sale.get("discountPrice")) },
    { title: t("field.start"), field: "startTime", cell: (sale) => moment(sale.get("startTime")) },
    { title: t("field.end"), field: "endTime", cell: (sale) => moment(sale.get("endTime")) },
  ];
  return (
    <TablePage
      title={t("sales")}
      kind="sales"
      count={data?.count}
      presets={[
        { name: t("sales.live"), search: "state=live" },
        { name: t("sales.coming"), search: "state=coming" },
        { name: t("sales.over"), search: "state=over" },
      ]}
      actions={
        <button type="button" className="button button-main" onClick={() => change({ open: NEW })}>
          {t("edit.new")}
        </button>
      }
    >
      <Table
        label={t("sales")}
        columns={columns}
        rows={data?.rows}
        error={error}
        onRetry={reload}
        idOf={(sale) => sale.id ?? ""}
        nameOf={(sale) => sale.get("product")?.get("name") ?? ""}
        sort={view.sort ?? ""}
        onSort={(sort) => change({ sort })}
        onOpen={(open) => change({ open })}
        page={Number(view.page)}
        pages={Math.ceil((data?.count ?? 0) / PAGE_SIZE)}
        onPage={(page) => change({ page: String(page) })}
      />
      <SaleDrawer
        id={view.open ?? ""}
        sale={data?.rows.find((sale) => sale.id === view.open)}
        onClose={() => {
          change({ open: "" });
          reload();
        }}
      />
    </TablePage>
  );
}
