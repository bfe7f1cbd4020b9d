// Which cell is active and which range is chosen. The active cell has the focus; the range may reach further.

export class Selection {
  constructor(sheet) {
    this.sheet = sheet;
    this.active = null;
    this.head = null; // the corner of the range opposite to the active cell
    this.painted = [];
  }

  // The focus came to a cell by whatever way.
  arrive(cell) {
    this.active = cell;
    this.head = cell;
    this.paint();
  }

  leave() {
    this.active = null;
    this.head = null;
    this.paint();
  }

  extendTo(cell) {
    if (!cell || !this.active || cell.table !== this.active.table) return;
    this.head = cell;
    this.paint();
    cell.place.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  get box() {
    if (!this.active) return null;
    const { active, head } = this;
    return {
      top: Math.min(active.r, head.r),
      bottom: Math.max(active.r, head.r),
      left: Math.min(active.c, head.c),
      right: Math.max(active.c, head.c),
    };
  }

  get isRange() {
    return this.active !== null && this.active !== this.head;
  }

  // The chosen cells as rows.
  get rows() {
    const box = this.box;
    if (!box) return [];
    return this.active.table.grid.slice(box.top, box.bottom + 1).map((row) => row.slice(box.left, box.right + 1));
  }

  paint() {
    for (const place of this.painted) place.classList.remove("is-chosen", "is-active");
    this.painted = [];
    if (!this.active) return;
    if (this.isRange) this.painted = this.rows.flat().map((cell) => cell.place);
    for (const place of this.painted) place.classList.add("is-chosen");
    this.active.place.classList.add("is-active");
    this.painted.push(this.active.place);
  }

  // The next cell in a direction that can be stood on; from: where to begin.
  step(from, down, right) {
    let { r, c } = from;
    for (;;) {
      r += down;
      c += right;
      const cell = from.table.at(r, c);
      if (!cell) return undefined;
      if (cell.focusable) return cell;
    }
  }

  // To the edge of what is filled, as Ctrl + arrow in a spreadsheet.
  edge(from, down, right) {
    let cell = this.step(from, down, right);
    if (!cell) return from;
    const isFull = (one) => Boolean(one?.text);
    const runs = isFull(from) && isFull(cell);
    for (;;) {
      const next = this.step(cell, down, right);
      if (!next || (runs ? !isFull(next) : isFull(cell))) return cell;
      cell = next;
    }
  }

  // The first (1) or last (−1) cell of a row.
  endOfRow(from, direction) {
    const row = from.table.grid[from.r].filter((cell) => cell.focusable && cell.kind !== "name");
    return direction > 0 ? row[0] : row.at(-1);
  }

  corner(from, direction) {
    const rows = from.table.grid;
    return this.endOfRow({ table: from.table, r: direction > 0 ? 0 : rows.length - 1 }, direction);
  }
}
