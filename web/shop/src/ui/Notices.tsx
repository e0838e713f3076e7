// Short news that come and go at the foot of the page, read out by screen readers.
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";

const SHOWN_FOR = 5000;
const Context = createContext<(text: string) => void>(() => undefined);

export const useNotify = () => useContext(Context);

export function NoticesProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<{ id: number; text: string }[]>([]);
  const notify = useCallback((text: string) => {
    const notice = { id: Math.random(), text };
    setNotices((shown) => [...shown.slice(-2), notice]);
    setTimeout(() => setNotices((shown) => shown.filter((other) => other !== notice)), SHOWN_FOR);
  }, []);
  return (
    <Context value={notify}>
      {children}
      <div className="notices" role="status" aria-live="polite">
        {notices.map((notice) => (
          <p key={notice.id} className="notice">
            {notice.text}
          </p>
        ))}
      </div>
    </Context>
  );
}
