// What the catalogue shows, as it stands in the address: `?q=mug&price=15-50&sort=cheap&page=2`.
import Parse from "parse";
import { useSearchParams } from "wouter";
import { Product } from "../parse/types";

export const PAGE_SIZE = 12;
export const PRICES = ["all", "0-15", "15-50", "50-"] as const;
export const SORTS = ["name", "newest", "cheap", "dear"] as const;
export type PriceBand = (typeof PRICES)[number];
export type Sort = (typeof SORTS)[number];

export interface Filters {
  q: string;
  price: PriceBand;
  sort: Sort;
  page: number;
}

const among = <T extends string>(options: readonly T[], text: string | null, usual: T): T =>
  options.find((option) => option === text) ?? usual;

export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [search, setSearch] = useSearchParams();
  const filters: Filters = {
    q: search.get("q") ?? "",
    price: among(PRICES, search.get("price"), "all"),
    sort: among(SORTS, search.get("sort"), "name"),
    page: Math.max(1, Number(search.get("page")) || 1),
  };
  const change = (wanted: Partial<Filters>) => {
    const next = { ...filters, page: 1, ...wanted }; // another question begins at its first page
    const shown = Object.entries({ ...next, page: String(next.page) }).filter(
      ([name, value]) => value !== { q: "", price: "all", sort: "name", page: "1" }[name],
    );
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

export function catalogueQuery({ q, price, sort, page }: Filters): Parse.Query<Product> {
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
  if (sort === "newest") query.descending("createdAt");
  if (sort === "name") query.ascending("name");
  if (sort === "cheap") query.ascending("price", "name" as never);
  if (sort === "dear") query.descending("price");
  return query.skip((page - 1) * PAGE_SIZE).limit(PAGE_SIZE).withCount();
}
