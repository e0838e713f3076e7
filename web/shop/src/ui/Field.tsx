import { useId, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from "react";

interface Common {
  label: string;
  hint?: string;
  /** The server's words about what was sent. */
  error?: string;
}

function Frame({ id, label, hint, error, children }: Common & { id: string; children: ReactNode }) {
  return (
    <div className={error ? "field field-wrong" : "field"}>
      <label htmlFor={id}>{label}</label>
      {children}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
      {error && (
        <small id={`${id}-error`} className="field-error" role="alert">
          {error}
        </small>
      )}
    </div>
  );
}

const described = (id: string, hint?: string, error?: string) => ({
  id,
  "aria-describedby": [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined,
  "aria-invalid": error ? true : undefined,
});

export function Field({ label, hint, error, ...input }: Common & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Frame id={id} {...{ label, hint, error }}>
      <input {...described(id, hint, error)} {...input} />
    </Frame>
  );
}

export function TextField({ label, hint, error, ...input }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Frame id={id} {...{ label, hint, error }}>
      <textarea rows={3} {...described(id, hint, error)} {...input} />
    </Frame>
  );
}

interface Choice<V extends string> {
  label: string;
  value: V;
  options: { value: V; label: string }[];
  onChoose: (value: V) => void;
}

export function Choice<V extends string>({ label, value, options, onChoose }: Choice<V>) {
  const id = useId();
  return (
    <div className="field field-inline">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.target.value as V)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
