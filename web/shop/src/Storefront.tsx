// What this shop offers (either template may be missing), and what the visitor may do.
import Parse from "parse";
import { createContext, useCallback, useContext, type ReactNode } from "react";
import { useLoad } from "./parse/useLoad";
import type { Status } from "./parse/model";
import { useSession } from "./session/SessionContext";
import { Failure } from "./ui/States";

export interface Storefront {
  has: Record<"skus" | "orders" | "codes" | "sales" | "pictures" | "addresses" | "payments", boolean>;
  roles: string[];
  currency: string;
  /** Status → those that may follow it. */
  steps: Partial<Record<Status, Status[]>>;
}

const Context = createContext<Storefront | null>(null);

export function useStorefront(): Storefront {
  const storefront = useContext(Context);
  if (!storefront) throw new Error("StorefrontProvider is missing");
  return storefront;
}

export const useIsStaff = (): boolean => useStorefront().roles.length > 0;

export function StorefrontProvider({ children }: { children: ReactNode }) {
  const { token } = useSession();
  const load = useCallback(async () => {
    const asked = await Parse.Cloud.run("storefront");
    return { ...asked, for: token } as Storefront & { for?: string };
  }, [token]);
  const { data, error, reload } = useLoad(load);
  if (error && !data) return <Failure error={error} onRetry={reload} />;
  if (!data) return null;
  // What the visitor before was allowed is not what this one is.
  const shown = data.for === token ? data : { ...data, roles: [] };
  return <Context value={shown}>{children}</Context>;
}
