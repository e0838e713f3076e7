import { useEffect, useId, useRef, type ReactNode, type SyntheticEvent } from "react";
import { useText } from "../i18n/LanguageContext";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** At the side, as the cart, or in the middle. */
  kind?: "side" | "middle";
  children: ReactNode;
}

/**
 * The browser's own dialog: it keeps the focus, closes with Escape, and gives the focus back.
 *
 * Whoever shows it says whether it is open. The browser tells of a closed dialog a frame later only:
 * who opens it again within that frame would see it closed by the news.
 */
export function Dialog({ title, isOpen, onClose, kind = "middle", children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const t = useText();
  useEffect(() => {
    if (isOpen && !dialog.current?.open) {
      dialog.current?.showModal();
      dialog.current?.querySelector("h2")?.focus(); // its name is read out; closing it is not the first thing to do
    }
    if (!isOpen && dialog.current?.open) dialog.current.close();
  }, [isOpen]);
  const onCancel = (event: SyntheticEvent) => {
    if (event.target !== event.currentTarget) return; // a file that one did not choose after all
    event.preventDefault();
    onClose();
  };
  const onClosed = () => {
    if (isOpen && !dialog.current?.open) onClose();
  };
  return (
    <dialog ref={dialog} className={`dialog dialog-${kind}`} aria-labelledby={id} onCancel={onCancel} onClose={onClosed}>
      <header className="dialog-head">
        <h2 id={id} tabIndex={-1}>{title}</h2>
        <button type="button" className="button-quiet" onClick={onClose} aria-label={t("state.close")}>
          ✕
        </button>
      </header>
      {isOpen && children}
    </dialog>
  );
}
