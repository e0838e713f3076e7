// What the server's cloud code adds to the classes of the template (src/parse/types.ts).
import Parse from "parse";
import type { Cart, Order, Product, SKU } from "./types";

/** A line of a cart or an order; price, name and variation are the server's. */
export interface Line {
  sku?: SKU;
  product?: Product;
  quantity: number;
  price?: number;
  name?: string;
  variation?: string;
}

export type Status = "pending" | "paid" | "shipped" | "delivered" | "cancelled" | "refunded";

/** In the order in which they usually follow. */
export const STATUSES: Status[] = ["pending", "paid", "shipped", "delivered", "cancelled", "refunded"];

/** What lines come to, by the server's reckoning. */
export interface Totals {
  subtotal: number;
  discount: number;
  total: number;
  code?: string;
}

const added = (object: Parse.Object, name: string): unknown => object.get(name);

export const totalsOf = (object: Cart | Order): Totals => ({
  subtotal: Number(added(object, "subtotal") ?? added(object, "total") ?? 0),
  discount: Number(added(object, "discount") ?? 0),
  total: Number(added(object, "total") ?? 0),
  code: added(object, "code") as string | undefined,
});

/** The lines of an array; a pointer alone is a line of one. */
export const linesOf = (array: unknown): Line[] =>
  (Array.isArray(array) ? array : []).map((item: Line | SKU | Product) => {
    if (!(item instanceof Parse.Object)) return item;
    return item.className === "SKU"
      ? { sku: item as SKU, quantity: 1 }
      : { product: item as Product, quantity: 1 };
  });

/** What is bought in a line: two lines of the same belong together. */
export const itemOf = (line: Line): string => line.sku?.id ?? line.product?.id ?? "";

export const statusOf = (order: Order): Status => order.get("status") as Status;

/** When an order took a step, as far as the server has noted it. */
export const momentOf = (order: Order, status: Status): Date | undefined =>
  status === "pending" ? order.createdAt : (added(order, `${status}At`) as Date | undefined);

/** What the staff have to see to: money that does not fit the order. */
export const attentionOf = (order: Order): string[] => (added(order, "attention") as string[] | undefined) ?? [];

/** The statuses that may follow: the shop's, and for one that was paid after it was cancelled, refunded. */
export function stepsOf(order: Order, steps: Partial<Record<Status, Status[]>>): Status[] {
  const payment = added(order, "payment") as { state?: string } | undefined;
  if (statusOf(order) === "cancelled" && payment?.state === "received") return ["refunded"];
  const legal = steps[statusOf(order)] ?? [];
  return STATUSES.filter((status) => legal.includes(status));
}
