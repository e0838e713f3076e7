import Parse from "parse";
import { useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { useText } from "../../i18n/LanguageContext";
import type { Key } from "../../i18n/en";
import { StatusBadge } from "../../orders/OrderSteps";
import { attentionOf, linesOf, STATUSES, statusOf, stepsOf, type Status } from "../../parse/model";
import { saveFields } from "../../parse/save";
import { Order } from "../../parse/types";
import { useStorefront } from "../../Storefront";
import { Choice } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";
import { ListPage } from "../ui/ListPage";
import type { Column } from "../ui/Table";
import { useList } from "../ui/useList";
import type { View } from "../ui/useView";
import { OrderDrawer } from "./OrderDrawer";

function ordersQuery({ q = "", status, attention }: View): Parse.Query<Order> {
  const query = new Parse.Query(Order);
  if (q) query.startsWith("objectId" as "status", q.trim());
  if (attention) query.exists("attention" as "status");
  if (status) query.equalTo("status", status);
  return query;
}

export function OrdersPage() {
  const t = useAdminText();
  const shopText = useText();
  const { moment, money } = useFormat();
  const list = useList({ usual: { status: "", attention: "", sort: "-createdAt" }, query: ordersQuery });
  const { view, change } = list;
  const { has } = useStorefront();
  const [selected, setSelected] = useState<string[]>([]);
  const columns: Column<Order>[] = [
    { title: t("field.number"), cell: (order) => order.id },
    { title: t("field.created"), field: "createdAt", cell: (order) => moment(order.createdAt) },
    { title: t("field.items"), cell: (order) => linesOf(order.get("products")).map((line) => `${line.quantity} × ${line.name}`).join(", ") },
    {
      title: t("field.status"),
      field: "status",
      cell: (order) => (
        <>
          <StatusBadge status={statusOf(order)} /> {attentionOf(order).length > 0 && <span className="status status-attention">{t("orders.attention")}</span>}
        </>
      ),
    },
    { title: t("field.total"), field: "total", isNumber: true, cell: (order) => money(order.get("total")) },
  ];
  const statusText = (status: string) => shopText(`status.${status}` as Key);
  return (
    <ListPage
      title={t("orders")}
      kind="orders"
      list={list}
      columns={columns}
      nameOf={(order) => order.id ?? ""}
      presets={[
        { name: t("orders.pending"), search: "status=pending&sort=createdAt" },
        { name: t("orders.toship"), search: "status=paid&sort=createdAt" },
        { name: t("orders.sent"), search: "status=shipped" },
        ...(has.payments ? [{ name: t("orders.attention"), search: "attention=1" }] : []),
      ]}
      searchLabel={t("orders.search")}
      actions={
        <Choice
          label={t("field.status")}
          value={view.status ?? ""}
          onChoose={(status) => change({ status })}
          options={[{ value: "", label: t("views.all") }, ...STATUSES.map((value) => ({ value: value as string, label: statusText(value) }))]}
        />
      }
      above={<BulkSteps orders={list.rows?.filter((order) => selected.includes(order.id ?? "")) ?? []} onDone={(ids) => setSelected((now) => now.filter((id) => !ids.includes(id)))} />}
      selected={selected}
      onSelect={setSelected}
    >
      <OrderDrawer id={view.open ?? ""} onClose={() => change({ open: "" })} />
    </ListPage>
  );
}

/** The steps that all of the selected orders may take. */
function BulkSteps({ orders, onDone }: { orders: Order[]; onDone: (ids: (string | undefined)[]) => void }) {
  const t = useAdminText();
  const shopText = useText();
  const { steps } = useStorefront();
  const { isBusy, problem, run } = useAction();
  if (orders.length === 0) return null;
  const legal = orders.map((order) => stepsOf(order, steps));
  const common = STATUSES.filter((status) => legal.every((list) => list.includes(status)));
  const take = async (status: Status) => {
    const work = async () => {
      for (const order of orders) await saveFields(order, { status });
    };
    if (await run(work)) onDone(orders.map((order) => order.id));
  };
  return (
    <div className="form-row bulk" role="group" aria-label={t("table.selected", { n: orders.length })}>
      <span>{t("table.selected", { n: orders.length })}</span>
      {common.length > 0 ? <span className="quiet">{t("orders.step")}</span> : <span className="quiet">{t("orders.none")}</span>}
      {common.map((status) => (
        <button key={status} type="button" className="button" disabled={isBusy} onClick={() => take(status)}>
          {shopText(`status.${status}` as Key)}
        </button>
      ))}
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
