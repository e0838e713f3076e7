import Parse from "parse";
import { useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { useText } from "../../i18n/LanguageContext";
import type { Key } from "../../i18n/en";
import { StatusBadge } from "../../orders/OrderSteps";
import { linesOf, STATUSES, statusOf, type Status } from "../../parse/model";
import { Order } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { useStorefront } from "../../Storefront";
import { Choice } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { useAdminText } from "../texts/useAdminText";
import { Table, type Column } from "../ui/Table";
import { TablePage } from "../ui/TablePage";
import { saveFields } from "../ui/save";
import { useView, type View } from "../ui/useView";
import { OrderDrawer } from "./OrderDrawer";

const PAGE_SIZE = 25;

function ordersQuery({ q = "", status, sort = "", page }: View): Parse.Query<Order> {
  const query = new Parse.Query(Order);
  if (q) query.startsWith("objectId" as "status", q.trim());
  if (status) query.equalTo("status", status);
  if (sort.startsWith("-")) query.descending(sort.slice(1) as "total");
  else query.ascending(sort as "total");
  return query.skip((Number(page) - 1) * PAGE_SIZE).limit(PAGE_SIZE).withCount();
}

export function OrdersPage() {
  const t = useAdminText();
  const shopText = useText();
  const { moment, money } = useFormat();
  const [view, change] = useView({ q: "", status: "", sort: "-createdAt", page: "1", open: "" });
  const { data, error, reload } = useLiveQuery(ordersQuery(view));
  const [selected, setSelected] = useState<string[]>([]);
  const columns: Column<Order>[] = [
    { title: t("field.number"), cell: (order) => order.id },
    { title: t("field.created"), field: "createdAt", cell: (order) => moment(order.createdAt) },
    { title: t("field.items"), cell: (order) => linesOf(order.get("products")).map((line) => `${line.quantity} × ${line.name}`).join(", ") },
    { title: t("field.status"), field: "status", cell: (order) => <StatusBadge status={statusOf(order)} /> },
    { title: t("field.total"), field: "total", isNumber: true, cell: (order) => money(order.get("total")) },
  ];
  const statusText = (status: string) => shopText(`status.${status}` as Key);
  return (
    <TablePage
      title={t("orders")}
      kind="orders"
      count={data?.count}
      presets={[
        { name: t("orders.pending"), search: "status=pending&sort=createdAt" },
        { name: t("orders.toship"), search: "status=paid&sort=createdAt" },
        { name: t("orders.sent"), search: "status=shipped" },
      ]}
      search={{ value: view.q ?? "", label: t("orders.search"), onSearch: (q) => change({ q }) }}
      actions={
        <Choice
          label={t("field.status")}
          value={view.status ?? ""}
          onChoose={(status) => change({ status })}
          options={[{ value: "", label: t("views.all") }, ...STATUSES.map((value) => ({ value: value as string, label: statusText(value) }))]}
        />
      }
    >
      <BulkSteps orders={data?.rows.filter((order) => selected.includes(order.id ?? "")) ?? []} onDone={() => setSelected([])} />
      <Table
        label={t("orders")}
        columns={columns}
        rows={data?.rows}
        error={error}
        onRetry={reload}
        idOf={(order) => order.id ?? ""}
        nameOf={(order) => order.id ?? ""}
        sort={view.sort ?? ""}
        onSort={(sort) => change({ sort })}
        onOpen={(open) => change({ open })}
        page={Number(view.page)}
        pages={Math.ceil((data?.count ?? 0) / PAGE_SIZE)}
        onPage={(page) => change({ page: String(page) })}
        selected={selected}
        onSelect={setSelected}
      />
      <OrderDrawer id={view.open ?? ""} onClose={() => change({ open: "" })} />
    </TablePage>
  );
}

/** The steps that all of the selected orders may take. */
function BulkSteps({ orders, onDone }: { orders: Order[]; onDone: () => void }) {
  const t = useAdminText();
  const shopText = useText();
  const { steps } = useStorefront();
  const { isBusy, problem, run } = useAction();
  if (orders.length === 0) return null;
  const legal = orders.map((order) => steps[statusOf(order)] ?? []);
  const common = STATUSES.filter((status) => legal.every((list) => list.includes(status)));
  const take = async (status: Status) => {
    const work = async () => {
      for (const order of orders) await saveFields(order, { status });
    };
    if (await run(work)) onDone();
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
