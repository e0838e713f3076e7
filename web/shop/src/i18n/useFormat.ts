import { useMemo } from "react";
import { useStorefront } from "../Storefront";
import { useSpeech } from "./LanguageContext";

/** Money in the shop's currency, dates and numbers, as the visitor writes them. */
export function useFormat() {
  const { locale } = useSpeech();
  const { currency } = useStorefront();
  return useMemo(() => {
    const money = new Intl.NumberFormat(locale, { style: "currency", currency });
    const short = new Intl.NumberFormat(locale, { style: "currency", currency, notation: "compact", maximumFractionDigits: 1 });
    const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
    const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
    const day = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" });
    const dayHere = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
    const number = new Intl.NumberFormat(locale);
    return {
      money: (amount: number) => money.format(amount),
      /** Where there is little room: "$1.2K". */
      shortMoney: (amount: number) => short.format(amount),
      date: (value: Date | undefined) => (value ? date.format(value) : "–"),
      moment: (value: Date | undefined) => (value ? moment.format(value) : "–"),
      /** The day of a moment, in short; nothing for none. */
      dayOf: (value: Date | undefined) => (value ? dayHere.format(value) : ""),
      /** A day of a report ("2026-11-30"), in short. */
      day: (text: string) => (text ? day.format(new Date(text)) : ""),
      number: (value: number) => number.format(value),
    };
  }, [locale, currency]);
}
