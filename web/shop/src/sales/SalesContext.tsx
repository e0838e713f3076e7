// The flash sales that are live at this moment: the server says which, at their very moment.
import Parse from "parse";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { FlashSale } from "../parse/types";
import { useChanges } from "../parse/useLiveQuery";
import { useLoad } from "../parse/useLoad";
import { useStorefront } from "../Storefront";

interface Sales {
  live: FlashSale[];
  /** The sale of a product, if there is one now. */
  of: (productId: string | undefined) => FlashSale | undefined;
}

const Context = createContext<Sales>({ live: [], of: () => undefined });

export const useSales = (): Sales => useContext(Context);

const none = async (): Promise<FlashSale[]> => [];
const ask = (): Promise<FlashSale[]> => Parse.Cloud.run("liveFlashSales");

export function SalesProvider({ children }: { children: ReactNode }) {
  const { has } = useStorefront();
  const { data, reload } = useLoad(has.sales ? ask : none);
  const [since] = useState(() => new Date());
  const notOver = has.sales ? new Parse.Query(FlashSale).greaterThan("endTime", since) : null;
  useChanges(notOver, reload);
  const sales = useMemo(() => {
    const live = (data ?? []).filter((sale) => sale.get("product"));
    return { live, of: (id: string | undefined) => live.find((sale) => sale.get("product").id === id) };
  }, [data]);
  return <Context value={sales}>{children}</Context>;
}

/** Seconds until a moment, counted down. */
export function useSecondsTo(moment: Date): number {
  const left = useCallback(() => Math.max(0, Math.ceil((moment.getTime() - Date.now()) / 1000)), [moment]);
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(left()), 1000);
    return () => clearInterval(timer);
  }, [left]);
  return seconds;
}
