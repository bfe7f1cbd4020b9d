// Moving and typing. A cell that is only stood on has its whole text selected, so that the first key, also the first of a
// composed Vietnamese letter, replaces it inside the browser itself: no key is caught and put in by a script.
//   standing → typing: a key was typed; arrows leave the cell.
//   standing → inside: F2, a double click; arrows move the caret.

import { estimateIn, partner } from "./marks.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PAGE = 10;
const FINGER = matchMedia("(pointer: coarse)");

export class Editing {
  constructor(grid) {
    this.grid = grid;
    this.mode = "standing";
    this.before = "";
    const root = grid.root;
    root.addEventListener("focusin", (event) => this.#onFocus(event));
    root.addEventListener("focusout", (event) => this.#onLeave(event));
    root.addEventListener("mousedown", (event) => this.#onPress(event));
    root.addEventListener("mouseover", (event) => this.#onDrag(event));
    document.addEventListener("mouseup", () => (this.isDragging = false));
    root.addEventListener("input", (event) => this.#onInput(event));
    root.addEventListener("keydown", (event) => this.#onKey(event));
  }

  get selection() {
    return this.grid.selection;
  }

  go(cell) {
    if (!cell?.focusable) return;
    if (cell === this.selection.active) {
      this.commit();
      this.selection.arrive(cell);
      this.#stand(cell);
      this.grid.arrived(cell);
    } else cell.focusable.focus();
  }

  #stand(cell) {
    this.mode = "standing";
    cell.place.classList.remove("is-editing");
    this.before = cell.text;
    cell.input?.select();
  }

  #enter(cell, mode) {
    this.mode = mode;
    if (mode !== "standing") cell.place.classList.add("is-editing");
    if (this.selection.isRange) this.selection.arrive(cell);
  }

  #onFocus({ target }) {
    const cell = this.grid.sheet.of(target);
    if (!cell || target !== cell.focusable) return;
    this.selection.arrive(cell);
    this.#stand(cell);
    this.grid.arrived(cell);
  }

  #onLeave({ target, relatedTarget }) {
    const cell = this.grid.sheet.of(target);
    if (!cell || cell !== this.selection.active || target !== cell.focusable) return;
    this.commit();
    if (!this.grid.menu.element.contains(relatedTarget)) this.selection.leave();
  }

  // Take what was typed into the active cell as one step. A number with "u" goes to the estimate of its line.
  commit() {
    const cell = this.selection.active;
    if (!cell?.isTyped || this.mode === "standing") return;
    this.mode = "standing";
    cell.place.classList.remove("is-editing");
    const estimate = estimateIn(cell, cell.text);
    const from = this.before;
    let step;
    if (estimate === null) step = [{ cell, from, to: cell.tidy(cell.text) }];
    else {
      const other = partner(cell);
      step = [
        { cell: other, from: other.text, to: other.tidy(estimate || from) },
        { cell, from, to: "" },
      ];
    }
    this.before = step.at(-1).to;
    this.grid.apply(step);
  }

  #cancel(cell) {
    cell.text = this.before;
    this.grid.typed(cell);
    this.#stand(cell);
  }

  #onPress(event) {
    const cell = this.grid.sheet.of(event.target);
    if (!cell?.focusable || event.button !== 0 || event.target.closest("button, a")) return;
    if (cell === this.selection.active && !event.shiftKey) {
      if (!cell.isTyped || this.mode === "inside") return;
      if (event.detail > 1 || FINGER.matches) this.#enter(cell, "inside"); // and the browser sets the caret
      else event.preventDefault();
      return;
    }
    event.preventDefault();
    if (event.shiftKey && this.selection.active?.table === cell.table) {
      this.commit();
      this.selection.extendTo(cell);
    } else {
      cell.focusable.focus();
      this.isDragging = true;
    }
    this.grid.chose();
  }

  #onDrag(event) {
    if (!this.isDragging || event.buttons !== 1) return;
    const cell = this.grid.sheet.of(event.target);
    if (!cell || cell.r < 0) return;
    this.selection.extendTo(cell);
    this.grid.chose();
  }

  #onInput({ target }) {
    const cell = this.grid.sheet.of(target);
    if (!cell?.isTyped) return;
    if (this.mode === "standing") this.#enter(cell, "typing");
    this.grid.typed(cell);
  }

  #onKey(event) {
    const cell = this.selection.active;
    if (!cell || event.isComposing || event.keyCode === 229 || event.target !== cell.focusable) return;
    const isControl = event.ctrlKey || event.metaKey;
    if (this.mode !== "standing" && event.key === "Escape") this.#cancel(cell);
    else if (this.mode === "inside" && (event.key in ARROWS ? ARROWS[event.key][1] : ["Home", "End"].includes(event.key))) return;
    else if (isControl && !event.altKey) {
      if (!this.#onControl(event, cell)) return;
    } else if (event.altKey || !this.#onPlain(event, cell)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // True when the key was used.
  #onPlain(event, cell) {
    const { selection, grid } = this;
    const { key, shiftKey } = event;
    if (key !== "Tab" && key !== "Enter" && key.length > 1) this.tabbedFrom = undefined;
    if (key in ARROWS) return this.#move(selection.step(shiftKey ? selection.head : cell, ...ARROWS[key]), shiftKey, cell);
    if (key === "Enter") {
      const begin = this.tabbedFrom !== undefined && !shiftKey ? cell.table.at(cell.r, this.tabbedFrom) ?? cell : cell;
      this.tabbedFrom = undefined;
      return this.#move(selection.step(begin, shiftKey ? -1 : 1, 0), false, cell);
    }
    if (key === "Tab") {
      this.tabbedFrom ??= cell.c;
      return false; // the browser goes to the next input, and out of the table at its end
    }
    if (key === "Home") return this.#move(selection.endOfRow(cell, 1), shiftKey, cell);
    if (key === "End") return this.#move(selection.endOfRow(cell, -1), shiftKey, cell);
    if (key === "PageDown" || key === "PageUp") {
      const down = key === "PageDown" ? 1 : -1;
      const r = Math.min(cell.table.last.r, Math.max(0, cell.r + down * PAGE));
      const to = selection.step({ table: cell.table, r: r + down, c: cell.c }, -down, 0);
      return this.#move(to, shiftKey, cell);
    }
    if (key === "F2" && shiftKey) return grid.explain(cell);
    if (key === "F2" && cell.isTyped) {
      if (this.mode === "standing") cell.input.setSelectionRange(cell.text.length, cell.text.length);
      this.#enter(cell, this.mode === "inside" ? "typing" : "inside");
      return true;
    }
    if (key === "F8") return grid.nextIssue(shiftKey ? -1 : 1);
    if (key === "Delete" && this.mode === "standing") return grid.blocks.clear();
    if (key === "Escape" && selection.isRange) return this.#move(cell, false, cell);
    if (key === "ContextMenu" || (key === "F10" && shiftKey)) return grid.openMenu(cell);
    // "-" and "x" over a whole range; over one cell they are typed like anything else.
    if (selection.isRange && (key === "-" || key === "x")) return grid.blocks.markByKey(key);
    return false;
  }

  #onControl(event, cell) {
    const { selection, grid } = this;
    const { key, shiftKey } = event;
    if (key in ARROWS) return this.#move(selection.edge(shiftKey ? selection.head : cell, ...ARROWS[key]), shiftKey, cell);
    if (key === "Home" || key === "End") return this.#move(selection.corner(cell, key === "Home" ? 1 : -1), shiftKey, cell);
    const letter = key.toLowerCase();
    if (this.mode !== "standing") return letter === "d" || letter === "r"; // inside a cell the browser's own undo and copy
    if (letter === "z") return shiftKey ? grid.again() : grid.back();
    if (letter === "y") return grid.again();
    if (letter === "d" || letter === "r") return grid.blocks.fill(letter === "d");
    return letter === "a" && this.#chooseAll(cell);
  }

  #chooseAll(cell) {
    const first = this.selection.corner(cell, 1);
    first.focusable.focus();
    this.selection.extendTo(cell.table.at(cell.table.last.r, cell.table.last.c));
    this.grid.chose();
    return true;
  }

  #move(to, extends_, from) {
    if (extends_) {
      if (this.mode !== "standing") return false;
      this.selection.extendTo(to);
      this.grid.chose();
    } else this.go(to ?? from);
    return true;
  }
}
