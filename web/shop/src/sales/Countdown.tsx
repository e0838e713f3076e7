import { useText } from "../i18n/LanguageContext";
import { useSecondsTo } from "./SalesContext";

const DAY = 86_400;

/** 93784 → "1d 02:03:04". */
function clock(seconds: number): string {
  const days = Math.floor(seconds / DAY);
  const rest = [(seconds % DAY) / 3600, (seconds % 3600) / 60, seconds % 60];
  const time = rest.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  return days > 0 ? `${days}d ${time}` : time;
}

export function Countdown({ to }: { to: Date }) {
  const t = useText();
  return (
    <span className="countdown" role="timer">
      {t("sale.ends", { time: clock(useSecondsTo(to)) })}
    </span>
  );
}
