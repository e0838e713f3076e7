import Parse from "parse";
import { useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { FlashSale } from "../../parse/types";
import { useAdminText } from "../texts/useAdminText";
import { ListPage } from "../ui/ListPage";
import type { Column } from "../ui/Table";
import { useList } from "../ui/useList";
import type { View } from "../ui/useView";
import { SaleDrawer } from "./SaleDrawer";

type State = "live" | "coming" | "over";

/** The state that the server shows: it touches a sale at the very moment it begins and ends. */
function stateOf(sale: FlashSale, now: Date): State {
  if ((sale as Parse.Object).get("active")) return "live";
  return sale.get("endTime") <= now ? "over" : "coming";
}

function salesQuery({ state }: View, now: Date): Parse.Query<FlashSale> {
  const query = new Parse.Query(FlashSale);
  if (state === "live") query.equalTo("active" as "discountPrice", true as never);
  if (state === "over") query.lessThanOrEqualTo("endTime", now);
  if (state === "coming") query.greaterThan("startTime", now);
  return query;
}

export function SalesPage() {
  const t = useAdminText();
  const { moment, money } = useFormat();
  const [now] = useState(() => new Date());
  const list = useList({ usual: { state: "", sort: "-endTime" }, query: (view) => salesQuery(view, now), include: "product" });
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
    <ListPage
      title={t("sales")}
      kind="sales"
      list={list}
      columns={columns}
      nameOf={(sale) => sale.get("product")?.get("name") ?? ""}
      presets={[
        { name: t("sales.live"), search: "state=live" },
        { name: t("sales.coming"), search: "state=coming" },
        { name: t("sales.over"), search: "state=over" },
      ]}
      canAdd
    >
      <SaleDrawer id={list.view.open ?? ""} sale={list.opened} onClose={list.leave} />
    </ListPage>
  );
}
