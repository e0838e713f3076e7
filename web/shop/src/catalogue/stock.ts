import type { SKU } from "../parse/types";
import type { Key } from "../i18n/en";

const FEW = 5;

/** What to say of a stock; a product without SKUs has no limit. */
export function stockText(skus: SKU[]): { key: Key; n: number; kind: "in" | "few" | "out" } | null {
  if (skus.length === 0) return null;
  const n = skus.reduce((sum, sku) => sum + sku.get("stock"), 0);
  if (n === 0) return { key: "stock.out", n, kind: "out" };
  return n <= FEW ? { key: "stock.left", n, kind: "few" } : { key: "stock.in", n, kind: "in" };
}
