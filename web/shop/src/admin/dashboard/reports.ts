// The reports of the server's cloud code, asked again when an order changes.
import Parse from "parse";
import { useCallback } from "react";
import { Order } from "../../parse/types";
import { useChanges } from "../../parse/useLiveQuery";
import { useLoad, type Loaded } from "../../parse/useLoad";
import type { Status } from "../../parse/model";

export const RANGES = [7, 30, 90, 365];
const DAY = 86_400_000;

export interface Sales {
  orders: number;
  revenue: number;
  byProduct: { product: string; name: string | null; units: number; revenue: number }[];
  byStatus: Partial<Record<Status, number>>;
  byDay: { date: string; orders: number; revenue: number }[];
}

export interface Customer {
  customer: string;
  username: string | null;
  orders: number;
  value: number;
  firstOrder: Date;
  lastOrder: Date;
}

export interface Customers {
  count: number;
  customers: Customer[];
  byDay: { date: string; new: number; returning: number }[];
}

function useReport<T>(name: string, days: number, more?: Record<string, unknown>): Loaded<T> {
  const key = JSON.stringify(more ?? {});
  const load = useCallback(
    (): Promise<T> => Parse.Cloud.run(name, { from: new Date(lastDays(days)[0] ?? 0), ...JSON.parse(key) }),
    [name, days, key],
  );
  const report = useLoad(load);
  useChanges(new Parse.Query(Order), report.reload);
  return report;
}

export const useSalesReport = (days: number) => useReport<Sales>("salesReport", days);
export const useCustomerReport = (days: number) => useReport<Customers>("customerReport", days, { limit: 1000 });

/** The last days, the oldest first, as "2026-11-30" (UTC, as the reports count). */
export const lastDays = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => new Date(Date.now() - (count - 1 - index) * DAY).toISOString().slice(0, 10));
