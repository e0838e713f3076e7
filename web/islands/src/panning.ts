// A picture that is larger than its place: dragged, zoomed, moved by keys.

const [LEAST, MOST] = [0.1, 6];
/** Pixels below which a press is a click and no drag. */
const STILL = 4;
const STEP = 48;
const TALLEST = 640;
const EDGE = 8;

export interface Panned {
  /** Show another picture, as large as its place allows. */
  show(picture: SVGElement): void;
  fit(): void;
  zoom(factor: number): void;
}

/**
 * Make a place whose picture can be moved. A wheel scrolls the page, and zooms with Ctrl; one finger
 * scrolls it too, and moves the picture sideways; two fingers move and zoom.
 */
export function panned(view: HTMLElement): Panned {
  let picture: SVGElement | null = null;
  let [width, height] = [1, 1];
  let [x, y, scale] = [0, 0, 1];
  const pressed = new Map<number, { x: number; y: number }>();
  let moved = 0;

  const place = () => {
    if (picture) picture.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    view.dataset.scale = scale.toFixed(2);
  };
  /** Zoom so that what lies at a point of the view stays there. */
  const zoomAt = (factor: number, px: number, py: number) => {
    const next = Math.min(MOST, Math.max(LEAST, scale * factor));
    x = px - ((px - x) * next) / scale;
    y = py - ((py - y) * next) / scale;
    scale = next;
    place();
  };
  const zoom = (factor: number) => zoomAt(factor, view.clientWidth / 2, view.clientHeight / 2);
  const move = (dx: number, dy: number) => {
    x += dx;
    y += dy;
    place();
  };
  const fit = () => {
    const room = view.clientWidth - 2 * EDGE;
    const byWidth = Math.min(1, room / width);
    // a long picture begins at its top, others are seen whole
    const isLong = height > width && height * byWidth > TALLEST * 1.5;
    scale = Math.max(LEAST, isLong ? byWidth : Math.min(byWidth, TALLEST / height));
    view.style.height = `${Math.min(TALLEST, height * scale) + 2 * EDGE}px`;
    x = EDGE + Math.max(0, (room - width * scale) / 2);
    y = EDGE;
    place();
  };
  const show = (next: SVGElement) => {
    picture = next;
    [, , width, height] = next.getAttribute("viewBox")?.split(" ").map(Number) ?? [0, 0, 1, 1];
    next.style.maxWidth = "none";
    next.style.width = `${width}px`;
    next.style.height = `${height}px`;
    view.replaceChildren(next);
    fit();
  };

  const at = (event: PointerEvent | WheelEvent) => {
    const box = view.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...pressed.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, far: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
  };
  view.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pressed.set(event.pointerId, at(event));
    moved = 0;
  });
  view.addEventListener("pointermove", (event) => {
    const last = pressed.get(event.pointerId);
    if (!last) return;
    const now = at(event);
    const before = pressed.size === 2 ? spread() : null;
    pressed.set(event.pointerId, now);
    moved += Math.hypot(now.x - last.x, now.y - last.y);
    if (moved < STILL) return;
    // captured only now: a click would else be one on the view
    if (!view.hasPointerCapture(event.pointerId)) view.setPointerCapture(event.pointerId);
    view.classList.add("dragged");
    if (!before) return move(now.x - last.x, now.y - last.y);
    const after = spread();
    move(after.x - before.x, after.y - before.y);
    zoomAt(after.far / before.far, after.x, after.y);
  });
  const release = (event: PointerEvent) => {
    pressed.delete(event.pointerId);
    if (pressed.size === 0) view.classList.remove("dragged");
  };
  view.addEventListener("pointerup", release);
  view.addEventListener("pointercancel", release);
  view.addEventListener("click", (event) => moved >= STILL && event.stopPropagation(), true);
  view.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      const point = at(event);
      zoomAt(Math.exp(-event.deltaY / 300), point.x, point.y);
    },
    { passive: false },
  );
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(STEP, 0),
    ArrowRight: () => move(-STEP, 0),
    ArrowUp: () => move(0, STEP),
    ArrowDown: () => move(0, -STEP),
    "+": () => zoom(1.25),
    "-": () => zoom(0.8),
    "0": fit,
  };
  view.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  // what is reached by Tab is brought into view by moving the picture, not by scrolling
  view.addEventListener("scroll", () => {
    move(-view.scrollLeft, -view.scrollTop);
    view.scrollTo(0, 0);
  });
  return { show, fit, zoom };
}
