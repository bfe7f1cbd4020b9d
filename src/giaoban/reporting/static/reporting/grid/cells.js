// The table as the server made it, seen as lines and cells. Nothing here draws; every other file asks here.

import { NIL, NOT_APPLICABLE, parse, tidy } from "./numbers.js";

const TYPED = "input.gb-cell";

// kind: "number" and "text" are typed in, "name" names a new line, "calc" is the machine's, "none" is nothing.
class Cell {
  constructor(table, line, place, r, c) {
    this.table = table;
    this.line = line;
    this.place = place;
    this.r = r;
    this.c = c;
    this.column = c > 0 ? table.columns[c - 1] : null;
    this.input = place.querySelector(TYPED);
    this.output = this.input ? null : place.querySelector("output");
    if (this.input) this.kind = c === 0 ? "name" : this.column.number ? "number" : "text";
    else this.kind = this.output ? "calc" : "none";
    this.name = this.input ? this.input.name : place.dataset.cell ?? "";
  }

  get isTyped() {
    return this.input !== null;
  }

  get text() {
    return this.input ? this.input.value : this.output?.textContent ?? "";
  }

  set text(text) {
    if (this.input) this.input.value = text;
    else if (this.output && this.output.textContent !== text) this.output.textContent = text;
  }

  get scale() {
    return this.column?.scale ?? 0;
  }

  get path() {
    return (this.input ?? this.output)?.getAttribute("aria-label") ?? "";
  }

  get focusable() {
    return this.input ?? (this.output ? this.place : null);
  }

  // How a text is written when it is left.
  tidy(text) {
    return this.kind === "number" ? tidy(text, this.scale) : text.trim();
  }

  get number() {
    if (this.text !== this.readText) [this.readText, this.readNumber] = [this.text, parse(this.text)];
    return this.readNumber;
  }

  get mark() {
    const text = this.text.trim();
    return text === NIL || text === "-" ? "nil" : text === NOT_APPLICABLE || text.toLowerCase() === "x" ? "na" : "";
  }

  // Why a typed text cannot be a figure of this column; "" when it can. The server has the last word.
  get fault() {
    if (this.kind !== "number" || this.mark) return "";
    const number = this.number;
    if (number === undefined) return "Không phải là số: viết như 1.204 hoặc 85,91.";
    if (number && number.scale > this.scale && number.value % 10n ** BigInt(number.scale - this.scale)) {
      return this.scale ? `Nhiều hơn ${this.scale} chữ số thập phân.` : "Cột này không có số thập phân.";
    }
    return number && number.value < 0n && !this.column.signed ? "Số âm không dùng ở cột này." : "";
  }
}

class Table {
  constructor(element, data) {
    this.element = element;
    this.id = element.dataset.table;
    this.columns = data.columns;
    this.sums = data.sums;
    this.lines = new Map(); // "row/subunit" → {actual, estimate, sum, change, …}: part → its cells
    this.byRow = new Map(); // row → the entries of lines above
    this.grid = []; // the rows that are moved through, each with as many cells as the table has columns
    for (const row of element.tBodies[0].rows) if (row.dataset.part) this.add(row);
  }

  add(row) {
    const { row: id, subunit, part } = row.dataset;
    const key = part === "new" ? `${id}/+${row.sectionRowIndex}` : `${id}/${subunit}`;
    let line = this.lines.get(key);
    if (!line) {
      line = { row: id, subunit, isNew: part === "new", parts: {} };
      this.lines.set(key, line);
      this.byRow.set(id, [...(this.byRow.get(id) ?? []), line]);
    }
    const isWalked = !["before", "past", "change"].includes(part);
    const cells = [...row.cells].map((place, c) => new Cell(this, line, place, isWalked ? this.grid.length : -1, c));
    line.parts[part === "new" ? "actual" : part] = cells;
    if (isWalked) this.grid.push(cells);
  }

  at(r, c) {
    return this.grid[r]?.[c];
  }

  get last() {
    return { r: this.grid.length - 1, c: this.columns.length };
  }
}

export class Sheet {
  constructor(root, data) {
    this.tables = [...root.querySelectorAll("table[data-table]")].map((one) => new Table(one, data[one.dataset.table]));
    this.byPlace = new Map();
    this.byName = new Map();
    for (const table of this.tables) {
      for (const cell of table.grid.flat()) {
        this.byPlace.set(cell.place, cell);
        if (cell.name && cell.kind !== "name") this.byName.set(cell.name, cell);
      }
    }
  }

  of(element) {
    return this.byPlace.get(element?.closest?.("td, th"));
  }

  rename(cell, name) {
    this.byName.delete(cell.name);
    cell.name = name;
    cell.input.name = name;
    this.byName.set(name, cell);
  }
}
