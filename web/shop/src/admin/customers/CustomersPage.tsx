import Parse from "parse";
import { Link } from "wouter";
import { useFormat } from "../../i18n/useFormat";
import { StatusBadge } from "../../orders/OrderSteps";
import { statusOf } from "../../parse/model";
import { Order, User } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { Dialog } from "../../ui/Dialog";
import { Choice } from "../../ui/Field";
import { Skeleton } from "../../ui/States";
import { RANGES, useCustomerReport, type Customer } from "../dashboard/reports";
import { useAdminText } from "../texts/useAdminText";
import { Table, type Column } from "../ui/Table";
import { TablePage } from "../ui/TablePage";
import { useView } from "../ui/useView";
import { Profile } from "./Profile";

const PAGE_SIZE = 25;
type Field = "username" | "orders" | "value" | "firstOrder" | "lastOrder";

/** Rows by a field; "-" before it: the greatest first. */
function sorted(rows: Customer[], sort: string): Customer[] {
  const field = sort.replace("-", "") as Field;
  const sign = sort.startsWith("-") ? -1 : 1;
  const key = (row: Customer) => row[field] ?? "";
  return [...rows].sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

export function CustomersPage() {
  const t = useAdminText();
  const { date, money, number } = useFormat();
  const [view, change] = useView({ q: "", days: "90", sort: "-value", at: "", open: "" });
  const { data, error, reload } = useCustomerReport(Number(view.days));
  const wanted = (view.q ?? "").toLowerCase();
  const found = data && sorted(data.customers, view.sort ?? "").filter((row) => (row.username ?? "").toLowerCase().includes(wanted));
  // The report is there as a whole: its pages are parts of it.
  const start = Number(view.at) || 0;
  const end = start + PAGE_SIZE;
  const columns: Column<Customer>[] = [
    { title: t("field.customer"), field: "username", cell: (row) => row.username ?? row.customer },
    { title: t("field.orders"), field: "orders", isNumber: true, cell: (row) => row.orders },
    { title: t("field.value"), field: "value", isNumber: true, cell: (row) => money(row.value) },
    { title: t("field.first"), field: "firstOrder", cell: (row) => date(row.firstOrder) },
    { title: t("field.last"), field: "lastOrder", cell: (row) => date(row.lastOrder) },
  ];
  const opened = data?.customers.find((row) => row.customer === view.open);
  return (
    <TablePage
      title={t("customers")}
      kind="customers"
      count={found?.length}
      presets={[]}
      search={{ value: view.q ?? "", label: t("customers.search"), onSearch: (q) => change({ q }) }}
      actions={<Choice label={t("range")} value={view.days ?? ""} onChoose={(days) => change({ days })} options={RANGES.map((n) => ({ value: String(n), label: t("range.days", { n }) }))} />}
    >
      <Table
        label={t("customers")}
        columns={columns}
        rows={found?.slice(start, end)}
        error={error}
        onRetry={reload}
        idOf={(row) => row.customer}
        nameOf={(row) => row.username ?? row.customer}
        sort={view.sort ?? ""}
        onSort={(sort) => change({ sort })}
        onOpen={(open) => change({ open })}
        previous={start > 0 ? String(Math.max(0, start - PAGE_SIZE)) : undefined}
        next={end < (found?.length ?? 0) ? String(end) : undefined}
        onPage={(at) => change({ at })}
      />
      <Dialog title={opened?.username ?? t("field.customer")} kind="side" isOpen={view.open !== ""} onClose={() => change({ open: "" })}>
        <Profile key={`profile ${view.open}`} id={view.open ?? ""} />
        {opened && (
          <dl className="figures">
            <div className="figure">
              <dt>{t("field.orders")}</dt>
              <dd>{number(opened.orders)}</dd>
            </div>
            <div className="figure">
              <dt>{t("field.value")}</dt>
              <dd>{money(opened.value)}</dd>
            </div>
          </dl>
        )}
        <OrdersOf key={`orders ${view.open}`} id={view.open ?? ""} />
      </Dialog>
    </TablePage>
  );
}

function OrdersOf({ id }: { id: string }) {
  const t = useAdminText();
  const { date, money } = useFormat();
  const { data } = useLiveQuery(new Parse.Query(Order).equalTo("user", User.createWithoutData(id) as User).descending("createdAt").limit(50));
  return (
    <section>
      <h3>{t("orders")}</h3>
      {!data && <Skeleton />}
      <ul className="rows rows-links">
        {data?.rows.map((order) => (
          <li key={order.id}>
            <Link href={`/orders?open=${order.id}`}>
              <span>{date(order.createdAt)}</span>
              <StatusBadge status={statusOf(order)} />
              <span className="line-sum">{money(order.get("total"))}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
