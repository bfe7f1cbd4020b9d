// What can be said of a cell besides a number: nil, not applicable, blank, estimate. Each has a key, a button and a line
// in the menu of the cell.

import { NIL, NOT_APPLICABLE, parse } from "./numbers.js";

export const MARKS = [
  { id: "nil", key: "-", sign: NIL, words: "Không phát sinh", text: NIL },
  { id: "na", key: "x", sign: NOT_APPLICABLE, words: "Không áp dụng", text: NOT_APPLICABLE },
  { id: "blank", key: "Delete", shortKey: "Del", sign: "trống", words: "Để trống", text: "" },
  { id: "estimate", key: "u", sign: "ước", words: "Số ước", text: null },
].map((mark) => ({ shortKey: mark.key, ...mark }));

// The cell beside in the estimated part of the same line and column, or the actual one of an estimate.
export function partner(cell) {
  const { actual, estimate } = cell.line.parts;
  const other = actual?.[cell.c] === cell ? estimate?.[cell.c] : actual?.[cell.c];
  return other?.isTyped && other.kind === "number" ? other : undefined;
}

export function isEstimate(cell) {
  return cell.line.parts.estimate?.[cell.c] === cell;
}

// "240u" or "u" typed into a cell: the number as an estimate. null when it says nothing of the kind.
export function estimateIn(cell, text) {
  const match = /^(.*?)\s*u$/i.exec(text.trim());
  if (cell.kind !== "number" || isEstimate(cell) || !partner(cell) || !match) return null;
  return match[1] === "" || parse(match[1]) ? match[1] : null;
}

// The changes that put a mark on cells; an estimate moves the number to the other part of its line.
export function marked(cells, mark) {
  const typed = cells.filter((cell) => cell.kind === "number" || (cell.kind === "text" && mark.id === "blank"));
  if (mark.id !== "estimate") return typed.map((cell) => ({ cell, from: cell.text, to: mark.text }));
  return typed.flatMap((cell) => {
    const other = partner(cell);
    if (!other || !cell.number) return [];
    return [
      { cell: other, from: other.text, to: cell.text },
      { cell, from: cell.text, to: "" },
    ];
  });
}

// The menu at a cell, by right click, the menu key or Shift + F10; arrows, Enter and Escape work.
export class MarkMenu {
  constructor(choose) {
    this.choose = choose;
    this.element = document.createElement("div");
    this.element.className = "gb-markmenu";
    this.element.setAttribute("role", "menu");
    this.element.setAttribute("aria-label", "Đánh dấu ô");
    this.element.hidden = true;
    for (const mark of MARKS) {
      const item = document.createElement("button");
      item.type = "button";
      item.setAttribute("role", "menuitem");
      item.tabIndex = -1;
      const sign = Object.assign(document.createElement("span"), { className: "sign", textContent: mark.sign });
      sign.setAttribute("aria-hidden", "true");
      const key = Object.assign(document.createElement("kbd"), { textContent: mark.shortKey });
      item.append(sign, mark.words, key);
      item.addEventListener("click", () => this.close(mark));
      this.element.append(item);
    }
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.element.contains(relatedTarget)) this.element.hidden = true;
    });
  }

  open(cell) {
    this.cell = cell;
    const items = [...this.element.children];
    items.at(-1).hidden = !partner(cell);
    this.element.hidden = false;
    const box = cell.place.getBoundingClientRect();
    const own = this.element.getBoundingClientRect();
    const top = box.bottom + own.height > innerHeight ? box.top - own.height : box.bottom;
    this.element.style.top = `${Math.max(4, top)}px`;
    this.element.style.left = `${Math.max(4, Math.min(box.left, innerWidth - own.width - 4))}px`;
    items[0].focus();
  }

  close(mark) {
    if (mark) this.choose(mark); // while the range is still chosen
    this.element.hidden = true;
    this.cell.focusable?.focus();
  }

  #onKey(event) {
    const items = [...this.element.children].filter((item) => !item.hidden);
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
