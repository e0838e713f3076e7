// What the catalogue shows, as it stands in the address: `?q=mug&price=15-50&sort=cheap`.
import Parse from "parse";
import { useSearchParams } from "wouter";
import { Product, SKU } from "../parse/types";

export const PAGE_SIZE = 12;
export const PRICES = ["all", "0-15", "15-50", "50-"] as const;
export const SORTS = ["name", "newest", "cheap", "dear"] as const;
export type PriceBand = (typeof PRICES)[number];
export type Sort = (typeof SORTS)[number];

export interface Filters {
  q: string;
  price: PriceBand;
  sort: Sort;
  /** Which page (`usePages`); the first: "". */
  at: string;
}

/** How the server sorts for it. */
export const FIELDS: Record<Sort, string> = { name: "name", newest: "-createdAt", cheap: "price", dear: "-price" };

export const USUAL: Filters = { q: "", price: "all", sort: "name", at: "" };

const among = <T extends string>(options: readonly T[], text: string | null, usual: T): T =>
  options.find((option) => option === text) ?? usual;

export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [search, setSearch] = useSearchParams();
  const filters: Filters = {
    q: search.get("q") ?? "",
    price: among(PRICES, search.get("price"), "all"),
    sort: among(SORTS, search.get("sort"), "name"),
    at: search.get("at") ?? "",
  };
  const change = (wanted: Partial<Filters>) => {
    const next = { ...filters, at: "", ...wanted }; // another question begins at its first page
    const shown = Object.entries(next).filter(([name, value]) => value !== USUAL[name as keyof Filters]);
    setSearch(new URLSearchParams(shown), { replace: wanted.q !== undefined });
  };
  return [filters, change];
}

/** The bounds of a band of prices: above the first, up to the second. */
export function boundsOf(band: PriceBand): { over?: number; upto?: number } {
  if (band === "all") return {};
  const [over, upto] = band.split("-").map(Number);
  return { over: over || undefined, upto: upto || undefined };
}

const pattern = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");

/** The SKUs of these products: one question for all of them. */
export const skusQuery = (products: Product[]): Parse.Query<SKU> => new Parse.Query(SKU).containedIn("product", products).limit(1000);

/** Which products; `FIELDS` says in which order. */
export function catalogueQuery({ q, price }: Pick<Filters, "q" | "price">): Parse.Query<Product> {
  const words = q.trim().slice(0, 60);
  const query = words
    ? Parse.Query.or(
        new Parse.Query(Product).matches("name", pattern(words)),
        new Parse.Query(Product).matches("description", pattern(words)),
      )
    : new Parse.Query(Product);
  const { over, upto } = boundsOf(price);
  if (over !== undefined) query.greaterThan("price", over);
  if (upto !== undefined) query.lessThanOrEqualTo("price", upto);
  return query;
}
